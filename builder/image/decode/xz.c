// SPDX-License-Identifier: GPL-2.0-or-later
/* xz and its predecessor lzma ("LZMA_alone"), which the kernel has separate decompressors for. */
#include <errno.h>
#include <lzma.h>
#include <stdio.h>

#include "builder/image/decode/decode.h"

#define OUT_SIZE	   (256 * KIB)
#define STREAM_HEADER_SIZE 12
#define FLAGS_CHECK	   7 /* offset of the check type in the stream header */

static void inspect_check(uint8_t check, struct decode_facts *facts)
{
	const char *name = check == LZMA_CHECK_CRC64	? "CRC64"
			   : check == LZMA_CHECK_SHA256 ? "SHA-256"
							: "unknown";

	/* lib/xz/xz_dec_stream.c knows no check and CRC32 */
	if (check == LZMA_CHECK_NONE || check == LZMA_CHECK_CRC32)
		return;
	facts->rule = "xz-check";
	snprintf(facts->text, sizeof(facts->text),
		 "xz with integrity check %s, the kernel knows CRC32 only; compress again with"
		 " 'xz --check=crc32'",
		 name);
}

static void inspect_filter(lzma_vli id, struct decode_facts *facts)
{
	static const struct {
		lzma_vli id;
		const char *config;
	} known[] = {
		{ LZMA_FILTER_X86, "XZ_DEC_X86" },
		{ LZMA_FILTER_POWERPC, "XZ_DEC_POWERPC" },
		{ LZMA_FILTER_IA64, "XZ_DEC_IA64" },
		{ LZMA_FILTER_ARM, "XZ_DEC_ARM" },
		{ LZMA_FILTER_SPARC, "XZ_DEC_SPARC" },
		{ LZMA_FILTER_ARMTHUMB, "XZ_DEC_ARMTHUMB" },
		{ 0x0a, "XZ_DEC_ARM64" },
		{ 0x0b, "XZ_DEC_RISCV" },
	};

	if (id == LZMA_FILTER_LZMA2)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].id == id)
			facts->filter_config = known[i].config;
	if (facts->filter_config || facts->rule)
		return;
	facts->rule = "xz-filter";
	snprintf(facts->text, sizeof(facts->text),
		 "xz filter 0x%llx, which the kernel does not have; compress again without it",
		 (unsigned long long)id);
}

/* Source: the .xz file format 1.0.4, sections 2.1.1 (stream header) and 3.1 (block header). */
static void inspect_xz(const uint8_t *in, size_t len, struct decode_facts *facts)
{
	const uint8_t *block = in + STREAM_HEADER_SIZE;
	size_t block_len = len > STREAM_HEADER_SIZE ? len - STREAM_HEADER_SIZE : 0;
	size_t size = block_len ? (block[0] + 1U) * 4 : 0, pos = 2;

	if (block_len)
		inspect_check(in[FLAGS_CHECK] & 0xf, facts);
	/* optional compressed and uncompressed sizes, then the filters */
	if (size < 8 || size > block_len)
		return;
	for (unsigned sizes = block[1] >> 6; sizes; sizes &= sizes - 1) {
		lzma_vli ignored;

		if (lzma_vli_decode(&ignored, NULL, block, &pos, size) != LZMA_OK)
			return;
	}
	for (unsigned n = (block[1] & 3U) + 1; n; n--) {
		lzma_vli id, length;

		if (lzma_vli_decode(&id, NULL, block, &pos, size) != LZMA_OK ||
		    lzma_vli_decode(&length, NULL, block, &pos, size) != LZMA_OK)
			return;
		inspect_filter(id, facts);
		pos += MIN(length, size);
	}
}

static int failure(lzma_ret state, const char *name, struct error **err)
{
	switch ((int)state) {
	case LZMA_MEM_ERROR:
		return error_make(err, ENOMEM, "%s: out of memory", name);
	case LZMA_MEMLIMIT_ERROR:
		return error_make(err, EFBIG, "%s: the dictionary is too large", name);
	case LZMA_BUF_ERROR:
		return error_make(err, ENODATA, "%s data ends early", name);
	default:
		return error_make(err, EBADMSG, "%s data is damaged", name);
	}
}

static int decode_xz_run(lzma_stream *stream, uint8_t *out, const char *name,
			 const struct decode_output *output, struct error **err)
{
	for (;;) {
		lzma_ret state;
		int r;

		stream->next_out = out;
		stream->avail_out = OUT_SIZE;
		state = lzma_code(stream, LZMA_RUN);
		r = output->write(output->context, out, OUT_SIZE - stream->avail_out, err);
		if (r)
			return r;
		if (state == LZMA_STREAM_END)
			return 0;
		if (state != LZMA_OK)
			return failure(state, name, err);
	}
}

static int decode_xz_stream(lzma_stream *stream, lzma_ret started, const char *name,
			    const uint8_t *in, size_t len, const struct decode_output *output,
			    size_t *ret_used, struct error **err)
{
	uint8_t *out = malloc(OUT_SIZE);
	int r;

	*ret_used = 0;
	if (!out || started != LZMA_OK) {
		free(out);
		lzma_end(stream);
		return error_make(err, ENOMEM, "%s: out of memory", name);
	}
	stream->next_in = in;
	stream->avail_in = len;
	r = decode_xz_run(stream, out, name, output, err);
	*ret_used = len - stream->avail_in;
	lzma_end(stream);
	free(out);
	return r;
}

static int decode_xz(const uint8_t *in, size_t len, const struct decode_output *output,
		     size_t *ret_used, struct error **err)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret started = lzma_stream_decoder(&stream, output->memory, 0);

	return decode_xz_stream(&stream, started, "xz", in, len, output, ret_used, err);
}

static int decode_lzma(const uint8_t *in, size_t len, const struct decode_output *output,
		       size_t *ret_used, struct error **err)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret started = lzma_alone_decoder(&stream, output->memory);

	return decode_xz_stream(&stream, started, "lzma", in, len, output, ret_used, err);
}

const struct decoder decoder_xz = {
	.name = "xz",
	.config = "RD_XZ",
	.magic = { 0xfd, 0x37 },
	.inspect = inspect_xz,
	.decode = decode_xz,
};

const struct decoder decoder_lzma = {
	.name = "lzma",
	.config = "RD_LZMA",
	.magic = { 0x5d, 0x00 },
	.decode = decode_lzma,
};
