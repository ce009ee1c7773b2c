/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of mkvinitrd. Each prints its own errors once and returns the exit status. */
#ifndef BUILDER_CMD_COMMAND_H
#define BUILDER_CMD_COMMAND_H

#include <stdbool.h>

#include "builder/plan/plan.h"
#include "builder/profile/profile.h"

/* Exit status; 0 also for "no difference" of diff. */
enum exit_status { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_PROFILE = 3 };

struct options {
	const char *profile;	 /* -p: name or path; default "overlay" */
	const char *kver;	 /* -k, or NULL */
	const char *sysroot;	 /* -r, or NULL */
	const char *output;	 /* -o, or NULL for the default name */
	struct vec directives;	 /* -s: const char *, in order; not owned */
	unsigned jobs;		 /* -j: threads for compressors, 0 = all CPUs */
	enum plan_format format; /* --format */
	bool quiet, verbose;
	bool long_format;      /* -l: of ls */
	const char *directory; /* -C: of unpack; NULL = "." */
	const char *like;      /* --like of profile new; NULL = "overlay" */
	const char *mode;      /* --mode of identify, or NULL */
	bool shell, json;      /* of identify; json of size too */
	bool svg;	       /* of size */
	int argc;	       /* what follows the options */
	char **argv;
};

int cmd_build(const struct options *options);	 /* cmd/build.c */
int cmd_plan(const struct options *options);	 /* cmd/plan.c */
int cmd_why(const struct options *options);	 /* cmd/why.c */
int cmd_ls(const struct options *options);	 /* cmd/ls.c */
int cmd_cat(const struct options *options);	 /* cmd/cat.c */
int cmd_unpack(const struct options *options);	 /* cmd/unpack.c */
int cmd_diff(const struct options *options);	 /* cmd/diff.c */
int cmd_check(const struct options *options);	 /* cmd/check.c */
int cmd_efi(const struct options *options);	 /* cmd/efi.c */
int cmd_identify(const struct options *options); /* cmd/identify.c */
int cmd_size(const struct options *options);	 /* cmd/size.c */
int cmd_explain(const struct options *options);	 /* cmd/explain.c */
int cmd_chart(const struct options *options);	 /* cmd/chart.c */
int cmd_hardware(const struct options *options); /* cmd/hardware.c */
int cmd_profile(const struct options *options);	 /* cmd/profile/profile.c */

/*
 * Finds profile `name_or_path` (a path when it holds a '/' or ends in .profile and exists, else a
 * name in the profile directories), parses it with the -s directives, checks it, prints all
 * diagnostics. Returns STATUS_OK or the exit status to end with.
 */
int load_profile(const struct options *options, const struct host *host, struct profile *ret);

/*
 * The rules of `mkvinitrd check` on an image in memory; kernel facts from host (may be NULL: rules
 * that need none). Used by cmd_check and, before the commit, by cmd_build. -EINVAL: a rule is
 * broken, all of them in *err or printed.
 */
int check_image(const uint8_t *image, size_t len, const char *name, const struct host *host,
		struct error **err) _must_check_;

#endif
