// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/tarfile.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/packroot/acl.h"
#include "applets/packroot/zstream.h"
#include "common/msg.h"

#define BUFFER (128 * KIB)

struct tarfile {
	struct archive *disk, *tar;
	struct archive_entry_linkresolver *links;
	struct zstream *out;
	int code; /* of the first write to out that failed */
	char *buffer;
	struct tar_counts counts;
};

/* libarchive 3.6 frees its buffer only where all was written: it is not told of a failure. */
static la_ssize_t write_out(struct archive *a, void *data, const void *bytes, size_t size)
{
	struct tarfile *t = data;

	if (t->code == 0)
		t->code = zstream_write(t->out, bytes, size);
	return (la_ssize_t)size;
}

static int tar_failed(struct tarfile *t, const char *what, struct error **err)
{
	const char *text = archive_error_string(t->tar);

	if (t->code < 0)
		return error_sys(err, t->code, "cannot write the archive");
	return error_make(err, EIO, "'%s': %s", what, text ? text : "not written");
}

static int open_tar(struct tarfile *t)
{
	t->tar = archive_write_new();
	if (!t->tar || archive_write_set_format_pax(t->tar) != ARCHIVE_OK)
		return -ENOMEM;
	archive_write_set_bytes_per_block(t->tar, BUFFER);
	archive_write_set_bytes_in_last_block(t->tar, 1);
	return archive_write_open2(t->tar, t, NULL, write_out, NULL, NULL) == ARCHIVE_OK ? 0
											 : -ENOMEM;
}

int tarfile_new(int fd, struct tarfile **ret, struct error **err)
{
	struct tarfile *t = calloc(1, sizeof(*t));

	if (!t)
		return error_sys(err, ENOMEM, "archive");
	t->disk = archive_read_disk_new();
	t->links = archive_entry_linkresolver_new();
	t->out = zstream_new(fd);
	t->buffer = malloc(BUFFER);
	if (!t->disk || !t->links || !t->out || !t->buffer || open_tar(t) < 0) {
		tarfile_free(&t);
		return error_sys(err, ENOMEM, "archive");
	}
	archive_read_disk_set_symlink_physical(t->disk);
	/* ACLs are read by acl.c: libarchive would want libacl */
	archive_read_disk_set_behavior(t->disk,
				       ARCHIVE_READDISK_NO_FFLAGS | ARCHIVE_READDISK_NO_ACL);
	archive_entry_linkresolver_set_strategy(t->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	*ret = t;
	return 0;
}

static void unreadable(struct tarfile *t, const char *path, int code)
{
	msg(MSG_WARNING, "'%s' is saved incompletely: %s", path, strerror(code));
	t->counts.unreadable++;
}

/* The member has the size that was announced, come what may: libarchive fills up with zeros. */
static int copy_content(struct tarfile *t, int fd, const char *path, uint64_t size,
			struct error **err)
{
	while (size > 0) {
		ssize_t n = read(fd, t->buffer, (size_t)MIN(size, BUFFER));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			unreadable(t, path, errno);
		if (n <= 0)
			return 0;
		if (archive_write_data(t->tar, t->buffer, (size_t)n) < 0 || t->code < 0)
			return tar_failed(t, path, err);
		size -= (uint64_t)n;
		t->counts.bytes += (uint64_t)n;
	}
	return 0;
}

static int tarfile_write_entry(struct tarfile *t, struct archive_entry *entry, int fd,
			       const char *path, struct error **err)
{
	uint64_t size = archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : 0;
	int r = archive_write_header(t->tar, entry);

	if (r < ARCHIVE_WARN || t->code < 0)
		return tar_failed(t, path, err);
	r = 0;
	if (fd >= 0 && size > 0)
		r = copy_content(t, fd, path, size, err);
	if (r == 0 && (archive_write_finish_entry(t->tar) < ARCHIVE_WARN || t->code < 0))
		r = tar_failed(t, path, err);
	if (r == 0)
		t->counts.members++;
	return r;
}

/* Attributes that cannot be read are left out with a message; a link to what is in already has no
 * size. */
static int tarfile_add_entry(struct tarfile *t, struct archive_entry **entry, int fd,
			     const char *path, const struct stat *st, struct error **err)
{
	struct archive_entry *later = NULL;
	int r;

	archive_entry_set_pathname(*entry, path);
	archive_entry_copy_sourcepath(*entry, path);
	if (archive_read_disk_entry_from_file(t->disk, *entry, fd, st) < ARCHIVE_WARN) {
		unreadable(t, path, archive_errno(t->disk));
		return 0;
	}
	r = acl_read(*entry, fd, path, (uint8_t *)t->buffer, BUFFER);
	if (r < 0)
		unreadable(t, path, -r);
	archive_entry_linkify(t->links, entry, &later);
	archive_entry_free(later);
	return *entry ? tarfile_write_entry(t, *entry, fd, path, err) : 0;
}

int tarfile_add(struct tarfile *t, const char *path, struct error **err)
{
	_cleanup_close_ int fd = -1;
	struct archive_entry *entry;
	struct stat st;
	int r;

	if (lstat(path, &st) < 0 || S_ISSOCK(st.st_mode))
		return 0;
	if (S_ISREG(st.st_mode)) {
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return 0;
		if (fd < 0) {
			unreadable(t, path, errno);
			return 0;
		}
	}
	entry = archive_entry_new();
	if (!entry)
		return error_sys(err, ENOMEM, "'%s'", path);
	r = tarfile_add_entry(t, &entry, fd, path, &st, err);
	archive_entry_free(entry);
	return r < 0 ? r : 1;
}

int tarfile_add_marker(struct tarfile *t, const char *path, struct error **err)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	if (!entry)
		return error_sys(err, ENOMEM, "'%s'", path);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 0);
	r = tarfile_write_entry(t, entry, -1, path, err);
	archive_entry_free(entry);
	return r;
}

int tarfile_finish(struct tarfile *t, struct error **err)
{
	int r;

	if (archive_write_close(t->tar) < ARCHIVE_WARN || t->code < 0)
		return tar_failed(t, "end", err);
	r = zstream_end(t->out);
	return r < 0 ? error_sys(err, r, "cannot write the archive") : 0;
}

struct tar_counts tarfile_counts(const struct tarfile *t)
{
	struct tar_counts counts = t->counts;

	counts.written = zstream_written(t->out);
	return counts;
}

void tarfile_free(struct tarfile **tar)
{
	struct tarfile *t = *tar;

	if (!t)
		return;
	/* closing it writes the end of an archive that was not finished: nowhere */
	t->code = -ECANCELED;
	archive_write_free(t->tar);
	archive_read_free(t->disk);
	archive_entry_linkresolver_free(t->links);
	zstream_free(t->out);
	free(t->buffer);
	free(t);
	*tar = NULL;
}
