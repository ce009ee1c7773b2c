// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/decode/decode.h"

#include <string.h>

static const struct decoder *const decoders[] = {
	&decoder_gzip, &decoder_bzip2, &decoder_lzma, &decoder_xz,
	&decoder_lzo,  &decoder_lz4,   &decoder_zstd, &decoder_lz4_frame,
};

/* The kernel looks at two bytes as well. */
const struct decoder *decoder_detect(const uint8_t *in, size_t len)
{
	for (size_t i = 0; len >= 2 && i < ARRAY_SIZE(decoders); i++)
		if (memcmp(in, decoders[i]->magic, 2) == 0)
			return decoders[i];
	return NULL;
}
