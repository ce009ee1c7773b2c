/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the bytes go, in order, and what is remembered of them: their hash and the last of them. */
#ifndef APPLETS_NETFETCH_SINK_H
#define APPLETS_NETFETCH_SINK_H

#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* So much before the end is asked for again and compared, when a download is continued. */
#define SINK_TAIL (64U * 1024)

struct sink {
	int fd;
	const char *path; /* NULL: standard output, which cannot be written again */
	char *part;	  /* the file until it is complete */
	char *note;	  /* beside it, of kept.h; NULL: what is not complete is removed */
	bool kept;	  /* that is written: what is not complete stays */
	uint64_t offset;  /* bytes written */
	SHA2_CTX sha;
	uint8_t tail[SINK_TAIL]; /* byte p of the last is at p % SINK_TAIL */
};

/* path: NULL for standard output. The file is path with ".part" until sink_finish(); resume: with
 * what is there. */
int sink_open(struct sink *sink, const char *path, bool resume, struct error **err) _must_check_;

/* What the file has counts as written. 0 or -errno. */
int sink_recall(struct sink *sink);

/* Appends. 0 or -errno, -EPIPE when the reader has gone. */
int sink_write(struct sink *sink, const uint8_t *data, size_t len);

/* True if data is what was written at pos, which is at most SINK_TAIL before the end. */
bool sink_matches(const struct sink *sink, uint64_t pos, const uint8_t *data, size_t len);

/* The hash of all so far, in lower case. */
void sink_digest(const struct sink *sink, char hex[SHA256_DIGEST_STRING_LENGTH]);

/* Forgets everything; only for files. */
int sink_restart(struct sink *sink, struct error **err) _must_check_;

/* Syncs and renames the file; for standard output nothing is left to do. */
int sink_finish(struct sink *sink, struct error **err) _must_check_;

/* Closes; a file that was not finished is removed unless it is kept. */
void sink_close(struct sink *sink);

#endif
