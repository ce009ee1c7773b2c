/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of one virtual disk in memory: image, parents, extents. Records
 * what is done to them, and can refuse a write as a full disk does.
 */
#ifndef TESTS_UNIT_VDATTACH_FAKE_WORLD_H
#define TESTS_UNIT_VDATTACH_FAKE_WORLD_H

#include <errno.h>
#include <stdio.h>

#include "applets/vdattach/image/image.h"
#include "tests/unit/vdattach/fake/paged.h"

#define WORLD_FILES 72u

/* xorshift64*: the same numbers from the same seed everywhere. */
uint64_t rng_next(uint64_t *rng);

/* 0 .. n-1 */
uint64_t rng_below(uint64_t *rng, uint64_t n);

enum world_op_kind {
	OP_WRITE,
	OP_ZERO, /* of a range: discarded, or zeroed without writing */
	OP_RESIZE,
	OP_FLUSH,
	OP_GUEST_WRITE,
	OP_GUEST_ZERO,
	OP_GUEST_DISCARD,
	OP_GUEST_FLUSH,
};

struct world_op {
	enum world_op_kind kind;
	unsigned int file;
	uint64_t offset; /* OP_RESIZE: the new size; OP_GUEST_*: of the disk, in sectors */
	size_t n;	 /* bytes; OP_GUEST_*: sectors */
	uint32_t serial; /* OP_GUEST_*: what was written */
	uint8_t *data;	 /* OP_WRITE: owned */
};

struct world_file {
	char name[64];
	struct paged now;
	struct paged start; /* when recording began */
};

struct world {
	struct world_file files[WORLD_FILES];
	unsigned int n;
	bool recording;
	struct world_op *ops;
	size_t n_ops;
	/* after so many more writes or resizes one fails with ENOSPC; 0 = none will */
	unsigned int fail_in;
	unsigned int fail_read_in, fail_flush_in; /* the same for these, with EIO */
	bool failed;				  /* it happened */
	bool holes; /* the files can have them: ranges are zeroed without writing zeros */
	uint64_t flushes;
};

struct world_source {
	struct source source;
	struct world *world;
	unsigned int file;
};

struct world_op *world_log(struct world *world, enum world_op_kind kind);

/* The file as a source, to be closed by the caller. */
struct source *world_source(struct world *world, unsigned int file, bool read_only);

/* Adds a file of zeros. The first one added is the image that is attached. Returns its index. */
unsigned int world_add(struct world *world, const char *name, uint64_t size);

/* Puts bytes into a file without recording it. The file grows as needed. */
void world_put(struct world *world, unsigned int file, uint64_t offset, const void *bytes,
	       size_t n);

struct vd_resolver world_resolver(struct world *world);

/* Opens file 0 by its content, with its other files. resolver: from world_resolver, outlives the
 * image.
 */
int world_open(struct world *world, const struct vd_resolver *resolver, bool read_only,
	       struct vd_image **ret, struct error **err);

void world_record(struct world *world);

void world_release(struct world *world);

#endif
