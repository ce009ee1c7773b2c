/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of `mkvinitrd profile` that have files of their own. */
#ifndef BUILDER_CMD_PROFILE_PROFILE_H
#define BUILDER_CMD_PROFILE_PROFILE_H

#include "builder/cmd/command.h"
#include "builder/cmd/profile/directories.h"

/* Prints in which members and defaults the images of two profiles differ. Returns the exit status:
 * 0 no difference, 1 a difference, 2 or 3 trouble. */
int profile_diff(const struct options *options);

/*
 * `new NAME`, in new.c: writes the profile --like (overlay) as NAME, with a comment for each
 * directive that it does not use. `edit NAME`: runs the script profile-edit on it. A shipped
 * profile is left as it is; what is edited is a copy in /etc. STATUS_OK or -errno.
 */
int profile_new(const struct options *options, struct profile_directories *directories,
		struct error **err) _must_check_;
int profile_edit(const struct options *options, struct profile_directories *directories,
		 struct error **err) _must_check_;

#endif
