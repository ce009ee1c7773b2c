/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: everything that will be in the image, and why. A value; nothing is written before it is
 * complete. */
#ifndef BUILDER_PLAN_PLAN_H
#define BUILDER_PLAN_PLAN_H

#include "builder/host/host.h"
#include "builder/profile/profile.h"
#include "builder/resolve/fileset.h"

/* Files that the builder writes itself. */
#define PLAN_DEFAULTS_PATH "etc/mkvinitrd/defaults"
#define PLAN_IMAGE_PATH	   "etc/mkvinitrd/image"
#define PLAN_WHY_PATH	   "etc/mkvinitrd/why"

/* Of two items with one path, the higher rank stays; two of the same rank that differ are an error.
 */
enum plan_rank { PLAN_BUILTIN, PLAN_PROFILE };

struct plan_item {
	struct fs_entry entry; /* owned strings */
	struct srcloc why;     /* the profile line in the end responsible; file NULL = built in */
	char *reason; /* "needed by virtio_blk", "profile 'module virtio_blk'", "skeleton" */
	enum plan_rank rank;
	size_t order; /* in which it was added */
};

struct plan {
	/*
	 * Of struct plan_item, owned, sorted by path, parents included. The sentinel is among them
	 * with its final size but without its hash: assemble writes it as the last member.
	 */
	struct vec items;
	char *compressor; /* name */
	int level;	  /* -1: the compressor's default */
	char *profile;	  /* name, for etc/mkvinitrd/image */
	char *kver;
	bool secret;	    /* has a private key: the image is for root alone */
	uint64_t members;   /* without the sentinel */
	uint64_t bytes;	    /* sum of the sizes of the members */
	struct vec notes;   /* warnings for the user: char *, owned */
	struct vec details; /* what only -v shows: char *, owned */
};

/*
 * profile must have passed profile_check. Problems that belong to a line go to diag (return 0),
 * others to err. The plan points into profile (struct srcloc), which must live as long.
 */
int plan_make(struct plan *plan, const struct profile *profile, const struct host *host,
	      struct diag *diag, struct error **err) _must_check_;

enum plan_format { PLAN_TEXT, PLAN_JSON, PLAN_LIST };

/*
 * PLAN_LIST: the file format of the kernel's usr/gen_init_cpio.c, with the names of files on the
 * host. Content that the builder makes itself is written into the directory `spill` first, as files
 * named by a number; without one (NULL) such lines name "spill/N". -EINVAL: a path has a blank or a
 * quote, which that format cannot express.
 */
int plan_print(const struct plan *plan, enum plan_format format, const char *spill, FILE *to,
	       struct error **err) _must_check_;

/* "overlay.profile:7", or "" for what is built in; owned by the caller, NULL without memory. */
char *plan_location(const struct plan_item *item);

void plan_release(struct plan *plan);

#endif
