// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
/* for ZSTD_getFrameHeader: the same since 1.4, but not declared stable */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "builder/image/decode/decode.h"

/*
 * lib/decompress_unzstd.c wants windows of 128 MiB at most. Since 5.16 its comparison lets bigger
 * ones through, and then the allocation fails ("Out of memory while allocating ZSTD_DStream").
 */
#define WINDOW_MAX (128 * MIB)

static void decode_zstd_inspect(const uint8_t *in, size_t len, struct decode_facts *facts)
{
	ZSTD_frameHeader header;

	if (ZSTD_getFrameHeader(&header, in, len) != 0 || header.windowSize <= WINDOW_MAX)
		return;
	facts->rule = "zstd-window";
	snprintf(facts->text, sizeof(facts->text),
		 "zstd window of %llu MiB, the kernel allows 128 MiB; compress again without"
		 " '--long' and '--ultra'",
		 header.windowSize / MIB);
}

static int window_log(uint64_t memory)
{
	int log = 10;

	while (log < 31 && (2ULL << log) <= memory)
		log++;
	return log;
}

static int failure(size_t code, struct error **err)
{
	switch ((int)ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		return error_make(err, ENOMEM, "zstd: out of memory");
	case ZSTD_error_frameParameter_windowTooLarge:
		return error_make(err, EFBIG, "zstd: the window is too large");
	default:
		return error_make(err, EBADMSG, "zstd data is damaged (%s)",
				  ZSTD_getErrorName(code));
	}
}

static int decode_zstd_run(ZSTD_DCtx *context, ZSTD_inBuffer *in, uint8_t *out, size_t out_size,
			   const struct decode_output *output, struct error **err)
{
	for (;;) {
		ZSTD_outBuffer buffer = { out, out_size, 0 };
		size_t left = ZSTD_decompressStream(context, &buffer, in);
		int r;

		if (ZSTD_isError(left))
			return failure(left, err);
		r = output->write(output->context, out, buffer.pos, err);
		if (r)
			return r;
		if (left == 0)
			return 0;
		if (in->pos == in->size && buffer.pos < buffer.size)
			return error_make(err, ENODATA, "zstd data ends early");
	}
}

static int decode_zstd_stream(const uint8_t *in, size_t len, const struct decode_output *output,
			      size_t *ret_used, struct error **err)
{
	size_t out_size = ZSTD_DStreamOutSize();
	uint8_t *out = malloc(out_size);
	ZSTD_DCtx *context = ZSTD_createDCtx();
	ZSTD_inBuffer buffer = { in, len, 0 };
	int r;

	if (out && context &&
	    !ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
						 window_log(output->memory))))
		r = decode_zstd_run(context, &buffer, out, out_size, output, err);
	else
		r = error_make(err, ENOMEM, "zstd: out of memory");
	*ret_used = buffer.pos;
	ZSTD_freeDCtx(context);
	free(out);
	return r;
}

const struct decoder decoder_zstd = {
	.name = "zstd",
	.config = "RD_ZSTD",
	.magic = { 0x28, 0xb5 },
	.inspect = decode_zstd_inspect,
	.decode = decode_zstd_stream,
};
