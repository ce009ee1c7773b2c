/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internals of profile_check: one function per directive, then what directives mean together. */
#ifndef BUILDER_PROFILE_CHECK_H
#define BUILDER_PROFILE_CHECK_H

#include "builder/profile.h"

/* Argument counts are right when a check runs. */
typedef void stmt_check(const struct stmt *stmt, struct diag *diag);

/* Where the root comes from: profile-check-root.c. */
stmt_check check_root, check_image, check_host, check_partition, check_persist, check_size, check_verify;

/* What goes into the image: profile-check-files.c. */
stmt_check check_module, check_firmware, check_blacklist, check_binary, check_file, check_dir, check_link,
	check_node, check_busybox, check_compress, check_param, check_hook, check_microcode, check_applet;

/* Settings that contradict each other or have no use: profile-check-together.c. */
void check_together(const struct profile *profile, struct diag *diag);

#endif
