/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes and POSIX ACLs of archive members, set by our own hand:
 * libarchive needs libacl for the latter, and reports one failure for all. And the times of
 * directories, which libarchive sets too early on those that exist already.
 */
#ifndef APPLETS_UNPACKROOT_TREE_ATTRS_H
#define APPLETS_UNPACKROOT_TREE_ATTRS_H

#include <archive_entry.h>

#include "common/error.h"

struct attrs_late; /* what has to wait for attrs_finish */

struct attrs {
	struct attrs_late *late, **tail; /* oldest first */
	uint64_t unsupported;		 /* attributes that the file system cannot store */
	char first[256];		 /* "<name> on <path>" of the first of those */
	char last[256], last_path[256];	 /* of the last of those */
	uint64_t unknown;		 /* ACL entries of users and groups that do not exist */
};

void attrs_init(struct attrs *attrs);

/*
 * Sets the attributes of entry on its path. What belongs to directories waits: their modes, which
 * are set at the very end, would change an ACL's mask, a default ACL would be inherited by what
 * comes next, and times would not last. ACLs with names but no numbers wait for a passwd to look
 * them up. What the file system does not support is counted. 0 or -errno with *err set.
 */
int attrs_apply(struct attrs *attrs, struct archive_entry *entry, struct error **err) _must_check_;

/* Sets what waited; names are looked up in /etc/passwd and /etc/group (of the new root, after
 * chroot). */
int attrs_finish(struct attrs *attrs, struct error **err) _must_check_;

/* Releases what still waits. */
void attrs_release(struct attrs *attrs);

#endif
