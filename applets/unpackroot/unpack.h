/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from an archive to a root: reader, decoder and writer side by side. */
#ifndef APPLETS_UNPACKROOT_UNPACK_H
#define APPLETS_UNPACKROOT_UNPACK_H

#include "applets/unpackroot/stream/reader.h"
#include "applets/unpackroot/tree/container.h"

struct unpack_options {
	const char *archive; /* path, or "-" */
	const char *newroot; /* an empty directory, or with over any */
	const char *removed; /* with over: a file to which the removed names are appended */
	bool over;	     /* newroot has files already: those of the archive are put over them */
	bool layer;	     /* with over: as the layers of container images are */
	unsigned int threads;
	bool many_threads; /* asked for: take memory for them */
	bool verify;	   /* sha256 holds what the archive must hash to */
	uint8_t sha256[SHA256_SIZE];
	bool consume; /* free the archive's pages while they are read, and unlink it at the end */
	bool quiet;
};

struct unpack_result {
	uint64_t members, written;
	uint64_t archive_bytes;
	uint64_t attrs_unsupported;
	char first_unsupported[256];
	uint64_t acl_unknown;
	struct container container;
};

/*
 * Unpacks, inside a chroot that it leaves again; the current directory is / afterwards. On failure
 * newroot is empty again, unless the message says otherwise; a refusal before the start leaves
 * everything as it was. With over the archive, a regular file, is read through and checked before
 * anything is written; a later failure (no space) leaves what was written so far.
 */
int unpack(const struct unpack_options *options, struct unpack_result *ret,
	   struct error **err) _must_check_;

#endif
