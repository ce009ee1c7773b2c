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
