// SPDX-License-Identifier: GPL-2.0-or-later
#include <bzlib.h>
#include <errno.h>

#include "builder/image/decode/decode.h"

#define OUT_SIZE (256 * KIB)

static int decode_bzip2_run(bz_stream *stream, char *out, const uint8_t *end,
			    const struct decode_output *output, struct error **err)
{
	for (;;) {
		const uint8_t *next = (const uint8_t *)stream->next_in;
		int state, r;

		stream->avail_in = (unsigned)MIN((size_t)(end - next), GIB);
		stream->next_out = out;
		stream->avail_out = OUT_SIZE;
		state = BZ2_bzDecompress(stream);
		r = output->write(output->context, (uint8_t *)out, OUT_SIZE - stream->avail_out,
				  err);
		if (r)
			return r;
		if (state == BZ_STREAM_END)
			return 0;
		if (state == BZ_MEM_ERROR)
			return error_make(err, ENOMEM, "bzip2: out of memory");
		if (state != BZ_OK)
			return error_make(err, EBADMSG, "bzip2 data is damaged");
		if ((const uint8_t *)stream->next_in == end && stream->avail_out == OUT_SIZE)
			return error_make(err, ENODATA, "bzip2 data ends early");
	}
}

static int decode_bzip2_stream(const uint8_t *in, size_t len, const struct decode_output *output,
			       size_t *ret_used, struct error **err)
{
	char *out = malloc(OUT_SIZE);
	bz_stream stream = { .next_in = (char *)(uintptr_t)in };
	int r;

	*ret_used = 0;
	if (!out || BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
		free(out);
		return error_make(err, ENOMEM, "bzip2: out of memory");
	}
	r = decode_bzip2_run(&stream, out, in + len, output, err);
	*ret_used = (size_t)((const uint8_t *)stream.next_in - in);
	BZ2_bzDecompressEnd(&stream);
	free(out);
	return r;
}

const struct decoder decoder_bzip2 = {
	.name = "bzip2",
	.config = "RD_BZIP2",
	.magic = { 0x42, 0x5a },
	.decode = decode_bzip2_stream,
};
