/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lowers and an upper become a root. */
#ifndef APPLETS_OVERLAYROOT_OVERLAY_H
#define APPLETS_OVERLAYROOT_OVERLAY_H

#include "applets/overlayroot/lower/generation.h"
#include "applets/overlayroot/source.h"
#include "applets/overlayroot/spec.h"

struct overlay_options {
	char *lowers[MAX_LOWERS]; /* the topmost first */
	int lower_count;
	struct upper_spec upper;
	const char *newroot;
	const char *run;   /* directory for the mounts below the overlay */
	const char *state; /* record of what was stacked, or NULL */
	bool format;
	uint64_t file_limit; /* bytes in one store file at most; 0: what the file system says */
	struct generation_request generations;
};

struct overlay_result {
	char *upper; /* as in struct upper */
	char type[32];
	unsigned int generation; /* the newest below the upper; 0: none */
	struct mount_source
		source; /* of the directory that holds upper/; device is "" when unknown */
};

/* Builds it all, or leaves nothing behind. ret->upper is the caller's to free. 0 or -errno. */
int overlay_build(const struct overlay_options *options, struct overlay_result *ret,
		  struct error **err) _must_check_;

/* Prints what overlay_build would mount, as mount(8) commands. Mounts and writes nothing. 0 or
 * -errno. */
int overlay_print(const struct overlay_options *options, struct error **err) _must_check_;

#endif
