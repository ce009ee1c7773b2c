/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internals of profile_check: one function per directive, then what directives mean together. */
#ifndef BUILDER_PROFILE_CHECK_H
#define BUILDER_PROFILE_CHECK_H

#include "builder/profile/profile.h"

/* Argument counts are right when a check runs. */
typedef void stmt_check(const struct stmt *stmt, struct diag *diag);

/* Where the root comes from: profile/check-root.c. */
stmt_check stmt_check_root, stmt_check_image, stmt_check_host, stmt_check_partition,
	stmt_check_persist, stmt_check_size, stmt_check_verify;

/* What goes into the image: profile/check-files.c. */
stmt_check stmt_check_module, stmt_check_firmware, stmt_check_blacklist, stmt_check_binary,
	stmt_check_file, stmt_check_dir, stmt_check_link, stmt_check_node, stmt_check_busybox,
	stmt_check_compress, stmt_check_param, stmt_check_hook, stmt_check_microcode,
	stmt_check_applet, stmt_check_modprobe, stmt_check_keymap, stmt_check_splash;

/* Settings that contradict each other or have no use: profile/check-together.c. */
void check_together(const struct profile *profile, struct diag *diag);

#endif
