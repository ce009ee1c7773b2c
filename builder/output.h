/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that appears whole or not at all. */
#ifndef BUILDER_OUTPUT_H
#define BUILDER_OUTPUT_H

#include "builder/sink.h"

struct output;

/* Makes a temporary file in the folder of path ("-" = standard output). -EACCES, -ENOSPC, ... */
int output_open(const char *path, struct output **ret, struct error **err);

/* The sink to write through; counts bytes. Owned by the output. */
struct sink *output_sink(struct output *out);
uint64_t output_offset(const struct output *out);
/* An fd open for reading what was written so far (for `check` before the commit), owned by the output. */
int output_fd(const struct output *out);
/* Path of the temporary file, for messages and checks. */
const char *output_temp_path(const struct output *out);

/* fsync, rename onto path, fsync of the folder. After success the old file is gone; before, it is untouched. */
int output_commit(struct output *out, struct error **err);

/* Releases; without a successful commit the temporary file is removed. NULL-safe. */
void output_close(struct output *out);

/* For a signal handler: removes the temporary file of the one open output (async-signal-safe). */
void output_abandon(void);

#endif
