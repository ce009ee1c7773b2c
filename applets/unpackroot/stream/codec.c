// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/stream/codec.h"

#include <string.h>

static bool none_match(const uint8_t *head, size_t len)
{
	return true;
}

static int none_open(const struct codec_limits *limits, void **ret_state, struct error **err)
{
	*ret_state = NULL;
	return 0;
}

static int none_begin(void *state, struct error **err)
{
	return 0;
}

static int none_decode(void *state, struct codec_io *io, struct error **err)
{
	size_t n = MIN(io->in_len, io->out_len);

	if (n > 0)
		memcpy(io->out, io->in, n);
	io->in += n;
	io->in_len -= n;
	io->out += n;
	io->out_len -= n;
	return io->last && io->in_len == 0;
}

static void none_close(void *state)
{
}

const struct codec codec_none = { "none",     none_match,  NULL,      none_open,
				  none_begin, none_decode, none_close };

const struct codec *codec_find(const uint8_t *head, size_t len)
{
	static const struct codec *const codecs[] = { &codec_xz, &codec_zstd, &codec_gzip,
						      &codec_bzip2 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i]->match(head, len))
			return codecs[i];
	return &codec_none;
}

/* Magic numbers: those of file(1), whose rules are the formats' own documents'. */
const char *codec_unsupported(const uint8_t *head, size_t len)
{
	static const struct {
		const char *name, *magic;
		size_t length;
	} known[] = {
		{ "lz4", "\x04\x22\x4d\x18", 4 },
		{ "lz4 (legacy)", "\x02\x21\x4c\x18", 4 },
		{ "lzip", "LZIP", 4 },
		{ "lzop", "\x89LZO\0\r\n\x1a\n", 9 },
		{ "lzma", "\x5d\0\0", 3 },
		{ "compress", "\x1f\x9d", 2 },
		{ "lrzip", "LRZI", 4 },
		{ "zip", "PK\3\4", 4 },
		{ "7-Zip", "7z\xbc\xaf\x27\x1c", 6 },
		{ "RAR", "Rar!\x1a\7", 6 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (len >= known[i].length && memcmp(head, known[i].magic, known[i].length) == 0)
			return known[i].name;
	return NULL;
}
