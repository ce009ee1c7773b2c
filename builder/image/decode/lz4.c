// SPDX-License-Identifier: GPL-2.0-or-later
/* The legacy frame that the kernel reads (lib/decompress_unlz4.c), and the modern one, which it
 * does not. */
#include <errno.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdio.h>

#include "builder/image/decode/decode.h"
#include "common/bytes.h"

#define LEGACY_MAGIC 0x184C2102
#define BLOCK_SIZE   (8 * MIB)
#define OUT_SIZE     (256 * KIB)

/* Decodes the blocks; *pos is always the start of the block being looked at. */
static int run_legacy(const uint8_t *in, size_t len, char *out, const struct decode_output *output,
		      size_t *pos, struct error **err)
{
	/* each turn consumes at least 4 bytes. Zeros, or less than a size, end the stream as they
	 * do in the kernel */
	while (len - *pos >= 4) {
		uint32_t size = get_le32(in + *pos);
		int n, r;

		if (size == 0)
			return 0;
		if (size == LEGACY_MAGIC) {
			*pos += 4;
			continue;
		}
		if (size > LZ4_COMPRESSBOUND(BLOCK_SIZE))
			return error_make(err, EBADMSG, "lz4 data is damaged (block of %u bytes)",
					  size);
		if (size > len - *pos - 4)
			return error_make(err, ENODATA, "lz4 data ends early");
		n = LZ4_decompress_safe((const char *)in + *pos + 4, out, (int)size,
					(int)BLOCK_SIZE);
		if (n < 0)
			return error_make(err, EBADMSG, "lz4 data is damaged");
		r = output->write(output->context, (const uint8_t *)out, (size_t)n, err);
		if (r)
			return r;
		*pos += 4 + size;
	}
	return 0;
}

static int decode_legacy(const uint8_t *in, size_t len, const struct decode_output *output,
			 size_t *ret_used, struct error **err)
{
	char *out;
	int r;

	*ret_used = 0;
	if (len < 4 || get_le32(in) != LEGACY_MAGIC)
		return error_make(err, EBADMSG, "lz4 data is damaged (magic)");
	out = malloc(BLOCK_SIZE);
	if (!out)
		return error_make(err, ENOMEM, "lz4: out of memory");
	*ret_used = 4;
	r = run_legacy(in, len, out, output, ret_used, err);
	free(out);
	return r;
}

static void inspect_frame(const uint8_t *in, size_t len, struct decode_facts *facts)
{
	facts->rule = "lz4-frame-magic";
	snprintf(facts->text, sizeof(facts->text),
		 "lz4 frame format, the kernel reads the legacy format only; compress again with"
		 " 'lz4 -l'");
}

static int run_frame(LZ4F_dctx *context, const uint8_t *in, size_t len, uint8_t *out,
		     const struct decode_output *output, size_t *pos, struct error **err)
{
	for (;;) {
		size_t produced = OUT_SIZE, consumed = len - *pos;
		size_t left = LZ4F_decompress(context, out, &produced, in + *pos, &consumed, NULL);
		int r;

		if (LZ4F_isError(left))
			return error_make(err, EBADMSG, "lz4 data is damaged (%s)",
					  LZ4F_getErrorName(left));
		*pos += consumed;
		r = output->write(output->context, out, produced, err);
		if (r || left == 0)
			return r;
		if (*pos == len && produced < OUT_SIZE)
			return error_make(err, ENODATA, "lz4 data ends early");
	}
}

static int decode_frame(const uint8_t *in, size_t len, const struct decode_output *output,
			size_t *ret_used, struct error **err)
{
	uint8_t *out = malloc(OUT_SIZE);
	LZ4F_dctx *context = NULL;
	int r;

	*ret_used = 0;
	if (out && !LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		r = run_frame(context, in, len, out, output, ret_used, err);
	else
		r = error_make(err, ENOMEM, "lz4: out of memory");
	LZ4F_freeDecompressionContext(context);
	free(out);
	return r;
}

const struct decoder decoder_lz4 = {
	.name = "lz4",
	.config = "RD_LZ4",
	.magic = { 0x02, 0x21 },
	.decode = decode_legacy,
};

const struct decoder decoder_lz4_frame = {
	.name = "lz4",
	.config = "RD_LZ4",
	.magic = { 0x04, 0x22 },
	.inspect = inspect_frame,
	.decode = decode_frame,
};
