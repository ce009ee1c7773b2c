/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tar (pax) stream in one zstd frame with a checksum, written to a file descriptor. */
#ifndef APPLETS_PACKROOT_TARFILE_H
#define APPLETS_PACKROOT_TARFILE_H

#include <stdbool.h>

#include "common/error.h"

struct tarfile;

/* fd stays the caller's. *ret is released with tarfile_free. 0 or -errno. */
int tarfile_new(int fd, struct tarfile **ret, struct error **err) _must_check_;

/*
 * Appends the file at path, relative to the current directory, as member path: owner, mode, times,
 * hard links, holes, ACLs and extended attributes; of a directory only itself. 1 when it was taken;
 * 0 when it cannot be in an archive (a socket) or vanished; -errno when the archive cannot be
 * continued. What of a file cannot be read is said in a message, and counted.
 */
int tarfile_add(struct tarfile *tar, const char *path, struct error **err) _must_check_;

/* Appends an empty file of mode 0. 0 or -errno. */
int tarfile_add_marker(struct tarfile *tar, const char *path, struct error **err) _must_check_;

/* Writes the end. 0 or -errno. */
int tarfile_finish(struct tarfile *tar, struct error **err) _must_check_;

struct tar_counts {
	uint64_t members, bytes, written, unreadable;
};
struct tar_counts tarfile_counts(const struct tarfile *tar);

void tarfile_free(struct tarfile **tar);

#endif
