/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes and POSIX ACLs of archive members, set by our own hand:
 * libarchive needs libacl for the latter, and reports one failure for all.
 */
#ifndef APPLETS_UNPACKROOT_ATTRS_H
#define APPLETS_UNPACKROOT_ATTRS_H

#include <archive_entry.h>

#include "common/error.h"

struct attrs_late; /* an ACL that has to wait for attrs_finish */

struct attrs {
	struct attrs_late *late, **tail; /* oldest first */
	uint64_t unsupported; /* attributes that the file system cannot store */
	char first[256];      /* "<name> on <path>" of the first of those */
	uint64_t unknown;     /* ACL entries of users and groups that do not exist */
};

void attrs_init(struct attrs *attrs);


/*
 * Sets the attributes of entry on its path. ACLs of directories wait (their modes are set at the very
 * end and would change the mask), and so do ACLs with names but no numbers, whose passwd may still come.
 * What the file system does not support is counted. 0 or -errno with *err set.
 */
int attrs_apply(struct attrs *attrs, struct archive_entry *entry, struct error **err);

/* Sets what waited; names are looked up in /etc/passwd and /etc/group (of the new root, after chroot). */
int attrs_finish(struct attrs *attrs, struct error **err);

/* Releases what still waits. */
void attrs_release(struct attrs *attrs);

#endif
