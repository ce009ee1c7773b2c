// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <zlib.h>

#include "builder/image/decode/decode.h"

#define OUT_SIZE (256 * KIB)
/* RFC 1952 flags for fields that the kernel's gunzip does not skip. */
#define FLAG_HCRC    0x02
#define FLAG_EXTRA   0x04
#define FLAG_COMMENT 0x10

static void decode_gzip_inspect(const uint8_t *in, size_t len, struct decode_facts *facts)
{
	if (len < 10 || !(in[3] & (FLAG_HCRC | FLAG_EXTRA | FLAG_COMMENT)))
		return;
	facts->rule = "gzip-header";
	snprintf(
		facts->text, sizeof(facts->text),
		"gzip header with an extra field, comment or header check (flags 0x%02x), which the"
		" kernel cannot skip; compress again with 'gzip -n'",
		in[3]);
}

static int decode_gzip_run(z_stream *stream, uint8_t *out, const uint8_t *end,
			   const struct decode_output *output, struct error **err)
{
	for (;;) {
		int state, r;

		stream->avail_in = (uInt)MIN((size_t)(end - stream->next_in), GIB);
		stream->next_out = out;
		stream->avail_out = OUT_SIZE;
		state = inflate(stream, Z_NO_FLUSH);
		r = output->write(output->context, out, OUT_SIZE - stream->avail_out, err);
		if (r)
			return r;
		if (state == Z_STREAM_END)
			return 0;
		if (state == Z_MEM_ERROR)
			return error_make(err, ENOMEM, "gzip: out of memory");
		if (state == Z_BUF_ERROR && stream->next_in == end)
			return error_make(err, ENODATA, "gzip data ends early");
		if (state != Z_OK && state != Z_BUF_ERROR)
			return error_make(err, EBADMSG, "gzip data is damaged (%s)",
					  stream->msg ? stream->msg : "needs a dictionary");
	}
}

static int decode_gzip_stream(const uint8_t *in, size_t len, const struct decode_output *output,
			      size_t *ret_used, struct error **err)
{
	uint8_t *out = malloc(OUT_SIZE);
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)in };
	int r;

	*ret_used = 0;
	if (!out || inflateInit2(&stream, 15 + 16) != Z_OK) {
		free(out);
		return error_make(err, ENOMEM, "gzip: out of memory");
	}
	r = decode_gzip_run(&stream, out, in + len, output, err);
	*ret_used = (size_t)(stream.next_in - in);
	inflateEnd(&stream);
	free(out);
	return r;
}

const struct decoder decoder_gzip = {
	.name = "gzip",
	.config = "RD_GZIP",
	.magic = { 0x1f, 0x8b },
	.inspect = decode_gzip_inspect,
	.decode = decode_gzip_stream,
};
