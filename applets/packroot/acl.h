/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POSIX ACLs of files, from the kernel's system.posix_acl_* attributes. */
#ifndef APPLETS_PACKROOT_ACL_H
#define APPLETS_PACKROOT_ACL_H

#include <archive_entry.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Adds the entries of an attribute's value (linux/posix_acl_xattr.h: version 2, little endian) to
 * entry; type is ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT. 0, -EINVAL where the value is not an
 * ACL (with what was before that added), or -ENOMEM.
 */
int acl_decode(struct archive_entry *entry, int type, const uint8_t *value, size_t size);

/*
 * Adds both ACLs of a file to entry: of fd, or where that is negative, of path, which is not
 * followed. buffer is for the values. 0, also where there are none, or -errno.
 */
int acl_read(struct archive_entry *entry, int fd, const char *path, uint8_t *buffer, size_t size);

#endif
