// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/attrs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "applets/unpackroot/acl.h"

struct attrs_late {
	struct attrs_late *next;
	struct archive_entry *entry; /* path and ACL alone */
};

void attrs_init(struct attrs *attrs)
{
	*attrs = (struct attrs){ 0 };
	attrs->tail = &attrs->late;
}

static int set_attr(struct attrs *attrs, const char *path, const char *name, const void *value,
		    size_t size, struct error **err)
{
	if (lsetxattr(path, name, value, size, 0) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return error_sys(err, errno, "set attribute %s of '%s'", name, path);
	if (attrs->unsupported++ == 0)
		snprintf(attrs->first, sizeof(attrs->first), "%s on '%s'", name, path);
	return 0;
}

static int set_xattrs(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	const char *name, *path = archive_entry_pathname(entry);
	const void *value;
	size_t size;
	int r;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == 0) {
		r = set_attr(attrs, path, name, value, size, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_acl(struct attrs *attrs, struct archive_entry *entry, int type, const char *name,
		   struct error **err)
{
	_cleanup_free_ void *value = NULL;
	size_t size;

	if (acl_encode(entry, type, &value, &size, &attrs->unknown) < 0)
		return error_sys(err, ENOMEM, "ACL of '%s'", archive_entry_pathname(entry));
	if (!value)
		return 0;
	return set_attr(attrs, archive_entry_pathname(entry), name, value, size, err);
}

static int set_acls(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	int r = set_acl(attrs, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access", err);

	if (r < 0)
		return r;
	return set_acl(attrs, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default", err);
}

static bool must_wait(struct archive_entry *entry)
{
	return archive_entry_filetype(entry) == AE_IFDIR ||
	       acl_has_names(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
}

static int postpone(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	struct attrs_late *late = calloc(1, sizeof(*late));

	if (!late)
		return error_sys(err, ENOMEM, "keep an ACL");
	late->entry = archive_entry_clone(entry);
	if (!late->entry) {
		free(late);
		return error_sys(err, ENOMEM, "keep an ACL");
	}
	archive_entry_xattr_clear(late->entry);
	archive_entry_sparse_clear(late->entry);
	*attrs->tail = late;
	attrs->tail = &late->next;
	return 0;
}

int attrs_apply(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	int r;

	if (archive_entry_hardlink(entry) && archive_entry_size(entry) == 0)
		return 0;
	r = set_xattrs(attrs, entry, err);
	if (r < 0 || archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_POSIX1E) == 0)
		return r;
	return must_wait(entry) ? postpone(attrs, entry, err) : set_acls(attrs, entry, err);
}

static void drop_first(struct attrs *attrs)
{
	struct attrs_late *late = attrs->late;

	attrs->late = late->next;
	if (!attrs->late)
		attrs->tail = &attrs->late;
	archive_entry_free(late->entry);
	free(late);
}

int attrs_finish(struct attrs *attrs, struct error **err)
{
	int r;

	while (attrs->late) {
		r = set_acls(attrs, attrs->late->entry, err);
		if (r < 0)
			return r;
		drop_first(attrs);
	}
	return 0;
}

void attrs_release(struct attrs *attrs)
{
	while (attrs->late)
		drop_first(attrs);
}
