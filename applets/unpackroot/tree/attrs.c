// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "applets/unpackroot/tree/acl.h"

#define ACL_ACCESS  "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

struct attrs_late {
	struct attrs_late *next;
	struct archive_entry *entry; /* attributes of path, or NULL */
	bool has_times;
	struct timespec times[2]; /* as utimensat takes them */
	char path[];
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
		return error_sys(err, errno, "cannot set attribute %s of '%s'", name, path);
	/* bsdtar stores each attribute twice, one behind the other */
	if (strcmp(attrs->last, name) == 0 && strcmp(attrs->last_path, path) == 0)
		return 0;
	snprintf(attrs->last, sizeof(attrs->last), "%s", name);
	snprintf(attrs->last_path, sizeof(attrs->last_path), "%s", path);
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

/* GNU tar can store an ACL a second time, as the attribute itself: its numbers are the better ones.
 */
static bool has_xattr(struct archive_entry *entry, const char *wanted)
{
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == 0)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

static int set_acl(struct attrs *attrs, struct archive_entry *entry, int type, const char *name,
		   struct error **err)
{
	_cleanup_free_ void *value = NULL;
	size_t size;

	if (has_xattr(entry, name))
		return 0;
	if (acl_encode(entry, type, &value, &size, &attrs->unknown) < 0)
		return error_sys(err, ENOMEM, "ACL of '%s'", archive_entry_pathname(entry));
	if (!value)
		return 0;
	return set_attr(attrs, archive_entry_pathname(entry), name, value, size, err);
}

static int set_all(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	int r = set_xattrs(attrs, entry, err);

	if (r == 0)
		r = set_acl(attrs, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ACL_ACCESS, err);
	if (r == 0)
		r = set_acl(attrs, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, ACL_DEFAULT, err);
	return r;
}

static bool has_attributes(struct archive_entry *entry)
{
	return archive_entry_xattr_count(entry) > 0 ||
	       archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_POSIX1E) > 0;
}

static void take_times(struct attrs_late *late, struct archive_entry *entry)
{
	bool has_atime = archive_entry_atime_is_set(entry);

	late->has_times =
		archive_entry_filetype(entry) == AE_IFDIR && archive_entry_mtime_is_set(entry);
	late->times[0].tv_sec = (time_t)archive_entry_atime(entry);
	late->times[0].tv_nsec = has_atime ? archive_entry_atime_nsec(entry) : UTIME_NOW;
	late->times[1].tv_sec = (time_t)archive_entry_mtime(entry);
	late->times[1].tv_nsec = archive_entry_mtime_nsec(entry);
}

static int postpone(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	const char *path = archive_entry_pathname(entry);
	size_t len = strlen(path) + 1;
	struct attrs_late *late = calloc(1, sizeof(*late) + len);

	if (!late)
		return error_sys(err, ENOMEM, "cannot keep the attributes of '%s'", path);
	memcpy(late->path, path, len);
	take_times(late, entry);
	*attrs->tail = late;
	attrs->tail = &late->next;
	if (!has_attributes(entry))
		return 0;
	late->entry = archive_entry_clone(entry);
	return late->entry ? 0 : error_sys(err, ENOMEM, "cannot keep the attributes of '%s'", path);
}

int attrs_apply(struct attrs *attrs, struct archive_entry *entry, struct error **err)
{
	if (archive_entry_hardlink(entry) && archive_entry_size(entry) == 0)
		return 0;
	if (archive_entry_filetype(entry) == AE_IFDIR ||
	    acl_has_names(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS))
		return postpone(attrs, entry, err);
	return set_all(attrs, entry, err);
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

static int finish_one(struct attrs *attrs, struct attrs_late *late, struct error **err)
{
	struct stat st;
	int r = late->entry ? set_all(attrs, late->entry, err) : 0;

	if (r < 0 || !late->has_times)
		return r;
	/* a later member of the same name may have replaced it */
	if (lstat(late->path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	if (utimensat(AT_FDCWD, late->path, late->times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "cannot set the times of '%s'", late->path);
	return 0;
}

int attrs_finish(struct attrs *attrs, struct error **err)
{
	int r;

	while (attrs->late) {
		r = finish_one(attrs, attrs->late, err);
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
