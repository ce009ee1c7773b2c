// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/acl.h"

#include <archive.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/types.h>
#include <sys/xattr.h>

#include "common/bytes.h"

static int archive_tag(unsigned int tag)
{
	switch (tag) {
	case ACL_USER_OBJ:
		return ARCHIVE_ENTRY_ACL_USER_OBJ;
	case ACL_USER:
		return ARCHIVE_ENTRY_ACL_USER;
	case ACL_GROUP_OBJ:
		return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
	case ACL_GROUP:
		return ARCHIVE_ENTRY_ACL_GROUP;
	case ACL_MASK:
		return ARCHIVE_ENTRY_ACL_MASK;
	case ACL_OTHER:
		return ARCHIVE_ENTRY_ACL_OTHER;
	default:
		return -1;
	}
}

int acl_decode(struct archive_entry *entry, int type, const uint8_t *value, size_t size)
{
	const size_t head = sizeof(struct posix_acl_xattr_header);
	const size_t item = sizeof(struct posix_acl_xattr_entry);

	if (size < head || (size - head) % item != 0 || get_le32(value) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	for (const uint8_t *p = value + head; p < value + size; p += item) {
		int tag = archive_tag(get_le16(p));
		unsigned int perm = get_le16(p + 2);
		int bits = (perm & ACL_READ ? ARCHIVE_ENTRY_ACL_READ : 0) |
			   (perm & ACL_WRITE ? ARCHIVE_ENTRY_ACL_WRITE : 0) |
			   (perm & ACL_EXECUTE ? ARCHIVE_ENTRY_ACL_EXECUTE : 0);
		int id = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP
				 ? (int)get_le32(p + 4)
				 : -1;

		if (tag < 0)
			return -EINVAL;
		if (archive_entry_acl_add_entry(entry, type, bits, tag, id, NULL) != ARCHIVE_OK)
			return -ENOMEM;
	}
	return 0;
}

static int acl_read_one(struct archive_entry *entry, int type, int fd, const char *path,
			uint8_t *buffer, size_t size)
{
	const char *name = type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS ? "system.posix_acl_access"
								 : "system.posix_acl_default";
	ssize_t n =
		fd >= 0 ? fgetxattr(fd, name, buffer, size) : lgetxattr(path, name, buffer, size);

	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	return acl_decode(entry, type, buffer, (size_t)n);
}

int acl_read(struct archive_entry *entry, int fd, const char *path, uint8_t *buffer, size_t size)
{
	int r = acl_read_one(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, fd, path, buffer, size);

	if (r < 0)
		return r;
	return acl_read_one(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, fd, path, buffer, size);
}
