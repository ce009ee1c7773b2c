/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Will it fit? Asked before anything is unpacked. */
#ifndef APPLETS_UNPACKROOT_MEMPLAN_H
#define APPLETS_UNPACKROOT_MEMPLAN_H

#include "applets/unpackroot/stream/codec.h"

struct memplan_input {
	int fd;		     /* the archive; its offset stays as it is */
	uint64_t file_size;  /* bytes; 0 when fd cannot be seeked */
	const uint8_t *head; /* the first bytes */
	size_t head_len;
	const struct codec *codec;
	int newroot;  /* directory */
	bool consume; /* the archive's own memory comes back while it is unpacked */
	unsigned int threads;
	bool many_threads; /* they may take more than 20 MiB together */
};

struct memplan {
	uint64_t unpacked; /* bytes of the plain archive, or a lower bound; 0 unknown */
	uint64_t decoder;  /* bytes that decoding needs at least */
	uint64_t room;	   /* bytes free in the file system of newroot */
	uint64_t memory;   /* bytes that the system can give away; UINT64_MAX when newroot is not in
			      RAM */
	bool in_ram;	   /* newroot is a tmpfs or ramfs */
	struct codec_limits limits;
};

/* Fills *ret. -ENOSPC with the message "need .., have .." when it cannot fit, -EBADMSG when the
 * archive is cut off. */
int memplan_make(const struct memplan_input *input, struct memplan *ret,
		 struct error **err) _must_check_;

/*
 * Size of the plain data of a seekable file: 0 and *ret (0 = cannot be known from the headers; may
 * be a lower bound for gzip and zstd), or -EBADMSG when the file is cut off or damaged at its end.
 */
int unpacked_size(const struct memplan_input *input, uint64_t *ret,
		  struct error **err) _must_check_;

#endif
