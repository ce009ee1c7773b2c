/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that appears whole or not at all. */
#ifndef BUILDER_WRITE_OUTPUT_H
#define BUILDER_WRITE_OUTPUT_H

#include <stdbool.h>

#include "builder/write/sink.h"

struct output;

/*
 * Makes a temporary file in the directory of path, or of what path points to when it is a symlink.
 * A device, a pipe or "-" (standard output) cannot be replaced: then the file is kept unnamed in
 * TMPDIR (/var/tmp) and copied at the commit. -EISDIR, -EACCES, -ENOSPC, ...
 */
int output_open(const char *path, struct output **ret, struct error **err) _must_check_;

/* -ENOSPC, naming the MiB needed and there, when `bytes` more will not fit. A file system that
 * cannot tell is trusted. */
int output_expect(const struct output *out, uint64_t bytes, struct error **err) _must_check_;

/* Nobody but the owner is to read it, whatever the file that is replaced permits. */
void output_keep_secret(struct output *out);

/* The sink to write through; counts bytes. Owned by the output. */
struct sink *output_sink(struct output *out);
uint64_t output_offset(const struct output *out);
/* An fd to read back what was written (for `check` before the commit), owned by the output. -errno.
 */
int output_fd(struct output *out, struct error **err) _must_check_;
/* Path of the temporary file, for messages and checks; of an unnamed one below /proc/self/fd. */
const char *output_temp_path(const struct output *out);

/*
 * fsync, rename onto path, fsync of the directory. After success the old file is gone; before, it
 * is untouched. A file that is replaced hands on its permissions; a new one gets 0644 less the
 * umask.
 */
int output_commit(struct output *out, struct error **err) _must_check_;

/* Releases; without a successful commit the temporary file is removed. NULL-safe. */
void output_close(struct output *out);

/* For a signal handler: removes the temporary file of the one open output. False: an output is in
 * its place already. Async-signal-safe. */
bool output_abandon(void);

#endif
