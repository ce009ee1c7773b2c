/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a profile's path to checked statements: what load_profile and the commands of `profile`
 * share. */
#ifndef BUILDER_CMD_PROFILE_LOAD_H
#define BUILDER_CMD_PROFILE_LOAD_H

#include "builder/cmd/profile/directories.h"

/*
 * Reads the profile at path (NULL: none) and then the directives (-s: const char *), and checks all
 * of it. Problems in the text go to diag (return 0); -errno is for a first file that cannot be
 * read.
 */
int load_profile_file(struct profile_directories *directories, const char *path,
		      const struct vec *directives, struct profile *ret, struct diag *diag,
		      struct error **err) _must_check_;

#endif
