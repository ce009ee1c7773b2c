/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's initramfs decompressors (lib/decompress.c), in user space. One file each. */
#ifndef BUILDER_IMAGE_DECODE_DECODE_H
#define BUILDER_IMAGE_DECODE_DECODE_H

#include <stdint.h>

#include "common/error.h"

/* What the header of a stream tells. */
struct decode_facts {
	const char *rule;	   /* broken rule of the kernel, or NULL */
	char text[160];		   /* of rule: what, what to do */
	const char *filter_config; /* kernel option needed besides the decoder's, or NULL */
};

struct decode_output {
	/* Takes the next bytes of the stream. Non-zero stops decoding and is returned. */
	int (*write)(void *context, const uint8_t *data, size_t len, struct error **err);
	void *context;
	uint64_t memory; /* largest window or dictionary to allocate */
};

struct decoder {
	const char *name;
	const char *config; /* kernel option: "RD_GZIP" */
	uint8_t magic[2];
	/* Fills facts from the header; may be NULL. len may be short. */
	void (*inspect)(const uint8_t *in, size_t len, struct decode_facts *facts);
	/*
	 * Decodes one stream that starts at in, as one call of the kernel's decompressor does.
	 * *ret_used is set always: the bytes consumed, up to the place of the error. -EBADMSG
	 * corrupt, -ENODATA ends too early, -EFBIG over output->memory, -ENOMEM, -EOPNOTSUPP, or
	 * what output->write returned.
	 */
	int (*decode)(const uint8_t *in, size_t len, const struct decode_output *output,
		      size_t *ret_used, struct error **err);
};

/* The decoder for what starts at in, or NULL. */
const struct decoder *decoder_detect(const uint8_t *in, size_t len);

extern const struct decoder decoder_gzip, decoder_bzip2, decoder_lzma, decoder_xz, decoder_lzo,
	decoder_lz4, decoder_lz4_frame, decoder_zstd;

#endif
