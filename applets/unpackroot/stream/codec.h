/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompressors behind one face. A compressed file is a row of frames (xz
 * streams, zstd frames, gzip members, bzip2 streams); a codec decodes one frame
 * at a time and decode.c walks the row.
 */
#ifndef APPLETS_UNPACKROOT_STREAM_CODEC_H
#define APPLETS_UNPACKROOT_STREAM_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct codec_limits {
	unsigned int threads; /* at most */
	uint64_t soft;	      /* bytes of memory: fewer threads rather than more than this */
	uint64_t hard;	      /* bytes of memory: an error rather than more than this */
};

struct codec_io {
	const uint8_t *in; /* advanced by decode() */
	size_t in_len;
	uint8_t *out; /* advanced by decode() */
	size_t out_len;
	bool last; /* no input follows in */
};

struct codec {
	const char *name;
	/* Whether head begins a frame of this kind. */
	bool (*match)(const uint8_t *head, size_t len);
	/* The least memory in bytes that decoding needs, judged from the first bytes; 0 unknown.
	 * May be NULL. */
	uint64_t (*memory)(const uint8_t *head, size_t len);
	int (*open)(const struct codec_limits *limits, void **ret_state, struct error **err);
	/* Prepares for the next frame; called before each, the first included. */
	int (*begin)(void *state, struct error **err);
	/* Continues. Returns 0 (wants more input or output room), 1 (the frame is complete, all of
	 * it is out), -errno. */
	int (*decode)(void *state, struct codec_io *io, struct error **err);
	void (*close)(void *state); /* NULL-safe */
};

extern const struct codec codec_xz, codec_zstd, codec_gzip, codec_bzip2, codec_none;

/* The codec for data that begins with head. Never NULL: codec_none when nothing matches. */
const struct codec *codec_find(const uint8_t *head, size_t len);

/* The name of what head begins with and no codec here knows (lz4, lzip, zip..); NULL: none of them.
 */
const char *codec_unsupported(const uint8_t *head, size_t len);

#endif
