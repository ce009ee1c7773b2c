/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's own settings for drivers. Source: modprobe.d(5). */
#ifndef BUILDER_RESOLVE_MODULE_MODPROBE_H
#define BUILDER_RESOLVE_MODULE_MODPROBE_H

#include "builder/host/host.h"
#include "builder/util/vec.h"

enum modprobe_kind {
	MODPROBE_ALIAS,
	MODPROBE_BLACKLIST,
	MODPROBE_OPTIONS,
	MODPROBE_SOFTDEP,
	MODPROBE_INSTALL
};

struct modprobe_line {
	enum modprobe_kind kind;
	const char *name; /* of the module, or of the alias */
	const char *rest; /* what follows it, "" when nothing does */
	const char *file; /* in the target: "/etc/modprobe.d/kvm.conf" */
	unsigned number;
};

struct modprobe_config {
	struct vec lines; /* of struct modprobe_line, in the order in which modprobe reads them;
			     owned */
	struct vec texts; /* of char *: what they point into */
};

/*
 * Reads the *.conf of the target's modprobe.d directories by the order of their names; of files
 * with one name that of the earlier directory counts, and a link to /dev/null is an empty file.
 * `remove` and unknown lines are passed over. A file that cannot be read is a line for notes (char
 * *, owned).
 */
int modprobe_read(struct modprobe_config *config, const struct host *host, struct vec *notes,
		  struct error **err) _must_check_;

/* The soft dependencies as lines of modules.softdep, owned by the caller; NULL without memory. */
char *modprobe_softdeps(const struct modprobe_config *config);

/* Whether an `install` line does nothing but keep the module from being loaded ("/bin/false"). */
bool modprobe_forbids(const struct modprobe_line *line);

const char *modprobe_kind_name(enum modprobe_kind kind);

void modprobe_release(struct modprobe_config *config);

#endif
