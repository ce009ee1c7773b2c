// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/inflate.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "builder/util/readfile.h"

/* No module comes near; stops archives that expand without end. */
#define OUTPUT_LIMIT (256 * MIB)

struct growing {
	char *data;
	size_t len, cap;
};

/* Room for at least one more byte. */
static int inflate_grow(struct growing *out)
{
	size_t cap = out->cap ? out->cap * 2 : 256 * KIB;
	char *data;

	if (out->len < out->cap)
		return 0;
	if (cap > OUTPUT_LIMIT)
		return -EFBIG;
	data = realloc(out->data, cap);
	if (!data)
		return -ENOMEM;
	out->data = data;
	out->cap = cap;
	return 0;
}

static int inflate_xz(const char *in, size_t len, struct growing *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret state = lzma_stream_decoder(&stream, OUTPUT_LIMIT, LZMA_CONCATENATED);
	int r = state == LZMA_OK ? 0 : -ENOMEM;

	stream.next_in = (const uint8_t *)in;
	stream.avail_in = len;
	while (r == 0 && state == LZMA_OK) {
		r = inflate_grow(out);
		if (r < 0)
			break;
		stream.next_out = (uint8_t *)out->data + out->len;
		stream.avail_out = out->cap - out->len;
		state = lzma_code(&stream, LZMA_FINISH);
		out->len = out->cap - stream.avail_out;
	}
	lzma_end(&stream);
	if (r < 0)
		return r;
	return state == LZMA_STREAM_END ? 0 : -EBADMSG;
}

static int inflate_zst(const char *in, size_t len, struct growing *out)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	ZSTD_inBuffer input = { in, len, 0 };
	size_t left = 1;
	int r = context ? 0 : -ENOMEM;

	while (r == 0 && (input.pos < input.size || left)) {
		ZSTD_outBuffer output;
		size_t before = input.pos;

		r = inflate_grow(out);
		if (r < 0)
			break;
		output = (ZSTD_outBuffer){ out->data, out->cap, out->len };
		left = ZSTD_decompressStream(context, &output, &input);
		if (ZSTD_isError(left) || (input.pos == before && output.pos == out->len))
			r = -EBADMSG;
		out->len = output.pos;
	}
	ZSTD_freeDCtx(context);
	return r;
}

static int inflate_gz(const char *in, size_t len, struct growing *out)
{
	z_stream stream = { 0 };
	uint8_t *input = malloc(len);
	int state = Z_OK, r = 0;

	/* zlib's next_in is not const */
	if (!input || inflateInit2(&stream, 15 + 16) != Z_OK) {
		free(input);
		return -ENOMEM;
	}
	memcpy(input, in, len);
	stream.next_in = input;
	stream.avail_in = (uInt)len;
	while (r == 0 && state == Z_OK) {
		r = inflate_grow(out);
		if (r < 0)
			break;
		stream.next_out = (uint8_t *)out->data + out->len;
		stream.avail_out = (uInt)(out->cap - out->len);
		state = inflate(&stream, Z_NO_FLUSH);
		out->len = out->cap - stream.avail_out;
	}
	inflateEnd(&stream);
	free(input);
	if (r < 0)
		return r;
	return state == Z_STREAM_END ? 0 : -EBADMSG;
}

static const struct codec {
	const char *suffix;
	int (*inflate)(const char *in, size_t len, struct growing *out);
} codecs[] = { { "xz", inflate_xz }, { "zst", inflate_zst }, { "gz", inflate_gz } };

static const struct codec *find_codec(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(codecs); i++)
		if (strcmp(dot + 1, codecs[i].suffix) == 0)
			return &codecs[i];
	return NULL;
}

const char *inflate_codec(const char *path)
{
	const struct codec *codec = find_codec(path);

	return codec ? codec->suffix : NULL;
}

int inflate_file(const char *path, char **ret_data, size_t *ret_len, struct error **err)
{
	const struct codec *codec = find_codec(path);
	_cleanup_free_ char *in = NULL;
	struct growing out = { 0 };
	size_t len;
	int r = read_file(path, &in, &len, err);

	if (r < 0)
		return r;
	if (!codec) {
		*ret_data = steal_ptr(&in);
		*ret_len = len;
		return 0;
	}
	r = codec->inflate(in, len, &out);
	if (r < 0) {
		free(out.data);
		if (r == -EBADMSG)
			return error_make(err, r, "'%s' is damaged: it is not a whole .%s file",
					  path, codec->suffix);
		return error_sys(err, r, "cannot decompress '%s'", path);
	}
	*ret_data = out.data;
	*ret_len = out.len;
	return 0;
}
