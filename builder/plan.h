/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan: everything that will be in the image, and why. A value; nothing is written before it is complete. */
#ifndef BUILDER_PLAN_H
#define BUILDER_PLAN_H

#include "builder/fileset.h"
#include "builder/host.h"
#include "builder/profile.h"

struct plan_item {
	struct fs_entry entry; /* owned strings */
	struct srcloc why;     /* the profile line in the end responsible; file NULL = built in */
	char *reason;          /* "needed by virtio_blk", "profile 'module virtio_blk'", "skeleton" */
};

struct plan {
	struct vec items; /* of struct plan_item, owned, sorted by path */
	char *compressor; /* name */
	int level;
	char *profile;    /* name, for etc/mkvinitrd/image */
	struct vec notes; /* warnings for the user: char *, owned */
};

/* profile must have passed profile_check. Problems that belong to a line go to diag (return 0), others to err. */
int plan_make(struct plan *plan, const struct profile *profile, const struct host *host,
	      struct diag *diag, struct error **err);

enum plan_format { PLAN_TEXT, PLAN_JSON, PLAN_LIST };
/* PLAN_LIST: the file format of the kernel's usr/gen_init_cpio.c. Content kept in memory is written below `spill` first. */
int plan_print(const struct plan *plan, enum plan_format format, FILE *to, struct error **err);

void plan_release(struct plan *plan);

#endif
