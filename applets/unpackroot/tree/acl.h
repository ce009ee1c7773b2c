/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POSIX ACLs in the form of the kernel's system.posix_acl_* attributes. */
#ifndef APPLETS_UNPACKROOT_TREE_ACL_H
#define APPLETS_UNPACKROOT_TREE_ACL_H

#include <archive_entry.h>

#include <stddef.h>
#include <stdint.h>

/* Whether an entry of this type (ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT) has a name without a
 * number. */
int acl_has_names(struct archive_entry *entry, int type);

/*
 * The attribute's value (linux/posix_acl_xattr.h: version 2, little endian, sorted, with a mask
 * when one is required). *ret is the caller's to free; NULL when entry has no ACL of the type.
 * Names without numbers are looked up in /etc/passwd and /etc/group; the entries of unknown ones
 * are left out and counted in *unknown. 0 or -ENOMEM.
 */
int acl_encode(struct archive_entry *entry, int type, void **ret, size_t *ret_size,
	       uint64_t *unknown);

#endif
