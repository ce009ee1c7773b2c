/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the lists to the archive. */
#ifndef APPLETS_PACKROOT_PACK_H
#define APPLETS_PACKROOT_PACK_H

#include "applets/packroot/lists.h"
#include "applets/packroot/tarfile.h"

struct pack_options {
	const char *root;    /* directory */
	const char *archive; /* path */
	const char *base; /* file with the names that the root had before, each ended by a NUL; or
			     NULL */
	struct list files, exclude;
	unsigned int keep; /* generations before */
	bool damaged;	   /* what archive holds now is no generation to keep */
};

struct pack_result {
	struct tar_counts counts;
	uint64_t removed; /* names of base that are gone */
};

/*
 * Writes the archive, at first beside it, and makes it the newest generation. A name of base that
 * is there no more becomes a member DIR/.wh.NAME in front of the others. 0 or -errno: then the
 * archives are what they were, but for the oldest ones when there was no room. The current
 * directory is / afterwards.
 */
int pack(const struct pack_options *options, struct pack_result *ret,
	 struct error **err) _must_check_;

/* Prints the names that the lists mean now to stdout, each ended by a NUL. 0 or -errno. */
int pack_names(const struct pack_options *options, struct error **err) _must_check_;

#endif
