// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/extract.h"

#include <archive.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/unpackroot/stream/stream-in.h"
#include "applets/unpackroot/tree/remove.h"
#include "common/text.h"

/* No ACLs and xattrs: attrs.c does them. No file flags: they could make the tree unremovable. */
#define DISK_FLAGS                                                             \
	(ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | \
	 ARCHIVE_EXTRACT_SPARSE | ARCHIVE_EXTRACT_SECURE_NODOTDOT)

struct job {
	struct extract *x;
	struct stream_in in;
	struct archive *reader, *disk;
	struct archive_entry *entry;
	uint64_t member_end; /* in bytes of the plain archive */
};

static void job_close(struct job *job)
{
	archive_entry_free(job->entry);
	archive_read_free(job->reader);
	archive_write_free(job->disk);
}

static int job_open(struct job *job, struct error **err)
{
	job->reader = archive_read_new();
	job->disk = archive_write_disk_new();
	job->entry = archive_entry_new();
	if (!job->reader || !job->disk || !job->entry)
		return error_sys(err, ENOMEM, "archive reader");
	archive_read_support_format_tar(job->reader);
	archive_read_support_format_cpio(job->reader);
	archive_write_disk_set_options(job->disk, DISK_FLAGS);
	archive_read_set_read_callback(job->reader, stream_in_read);
	archive_read_set_callback_data(job->reader, &job->in);
	return 0;
}

/* Input failed: either the pipeline before us, which knows why, or the archive's own structure. */
static int input_failed(struct job *job, struct error **err)
{
	const char *text = archive_error_string(job->reader);

	if (job->in.code < 0)
		return error_make(err, job->in.code, "the archive cannot be read");
	if (job->x->members == 0 && job->in.nonzero_end == 0)
		return error_make(err, ENODATA, "the archive is empty");
	if (job->x->members == 0)
		return error_make(err, EBADMSG,
				  "not a tar or cpio archive, or damaged at the start (%s)",
				  text ? text : "?");
	return error_make(err, EBADMSG,
			  "the archive is damaged or ends early after %llu members: %s",
			  (unsigned long long)job->x->members, text ? text : "?");
}

static int disk_failed(struct job *job, struct error **err)
{
	const char *path = archive_entry_pathname(job->entry);
	const char *text = archive_error_string(job->disk);
	int r = archive_errno(job->disk);

	return error_make(err, r > 0 ? r : EIO, "cannot unpack '%s': %s", path ? path : "?",
			  text ? text : "?");
}

static bool has_dotdot(const char *path)
{
	const char *p;

	for (p = strstr(path, ".."); p; p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/') && (p[2] == '\0' || p[2] == '/'))
			return true;
	return false;
}

static int check_names(struct archive_entry *entry, struct error **err)
{
	const char *path = archive_entry_pathname(entry), *link = archive_entry_hardlink(entry);

	if (!path || !*path)
		return error_make(err, EBADMSG, "a member of the archive has no name");
	if (has_dotdot(path) || (link && has_dotdot(link)))
		return error_make(err, EPERM, "member '%s'%s%s has '..' in its path: refused", path,
				  link ? ", a hard link to " : "", link ? link : "");
	return 0;
}

static void extract_report(struct extract *x)
{
	if (x->progress)
		x->progress(x->progress_data, x->written);
}

static int copy_data(struct job *job, struct error **err)
{
	const void *buf;
	la_int64_t offset;
	size_t size;
	int r;

	/* directories of GNU tar's incremental archives list their names */
	if (archive_entry_filetype(job->entry) == AE_IFDIR)
		return 0;
	for (;;) {
		r = archive_read_data_block(job->reader, &buf, &size, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r < ARCHIVE_OK)
			return input_failed(job, err);
		if (archive_write_data_block(job->disk, buf, size, offset) < ARCHIVE_OK)
			return disk_failed(job, err);
		job->x->written += size;
		extract_report(job->x);
	}
}

static const char *without_root(const char *path)
{
	while (*path == '/' || has_prefix(path, "./"))
		path += *path == '/' ? 1 : 2;
	return path;
}

/* GNU tar writes a file with several names that it was given twice as a link to itself. */
static bool is_link_to_itself(struct archive_entry *entry)
{
	const char *link = archive_entry_hardlink(entry);

	return link && strcmp(without_root(link), without_root(archive_entry_pathname(entry))) == 0;
}

/* As tar does: of one archive the directory replaces the symlink before it, and so it is with the
 * layers of a container image. libarchive would keep the symlink, which is right for what is put
 * over a root. */
static int replace_symlink(struct archive_entry *entry, struct error **err)
{
	_cleanup_free_ char *path = strdup(archive_entry_pathname(entry));
	struct stat st;
	size_t n;

	if (!path)
		return error_no_memory(err);
	for (n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode) || unlink(path) == 0)
		return 0;
	return error_sys(err, errno, "cannot replace the symlink '%s' by a directory", path);
}

/* Returns 1 when the member is there already. */
static int prepare_place(struct job *job, struct error **err)
{
	if (is_link_to_itself(job->entry))
		return 1;
	if (job->x->over && remove_by_marker(archive_entry_pathname(job->entry), job->x->removed))
		return 1;
	if (job->x->over && archive_entry_filetype(job->entry) != AE_IFDIR)
		return remove_directory(archive_entry_pathname(job->entry), err);
	if (job->x->over && !job->x->opaque->layer)
		return 0;
	return archive_entry_filetype(job->entry) == AE_IFDIR ? replace_symlink(job->entry, err)
							      : 0;
}

static int write_member(struct job *job, struct error **err)
{
	struct extract *x = job->x;
	int r = check_names(job->entry, err);

	if (r == 0 && !x->over)
		r = container_look(&x->container, archive_entry_pathname(job->entry), err);
	if (r < 0)
		return r;
	if (x->check) {
		x->members++;
		return x->over ? opaque_note(x->opaque, archive_entry_pathname(job->entry), err)
			       : 0;
	}
	r = prepare_place(job, err);
	if (r != 0) {
		x->members += r > 0;
		return MIN(r, 0);
	}
	archive_entry_unset_birthtime(job->entry);
	if (archive_write_header(job->disk, job->entry) < ARCHIVE_OK)
		return disk_failed(job, err);
	r = copy_data(job, err);
	if (r < 0)
		return r;
	/* a tree with wrong owners or modes is not what was packed: a warning is a failure here */
	if (archive_write_finish_entry(job->disk) < ARCHIVE_OK)
		return disk_failed(job, err);
	x->members++;
	return attrs_apply(&x->attrs, job->entry, err);
}

/* Warnings of the reader are about names outside the locale's character set, which are taken as
 * bytes. */
static int next_member(struct job *job, struct error **err)
{
	int r;

	/* padding included, so that the position tells whether an end mark was read after it */
	if (job->x->members > 0 && archive_read_data_skip(job->reader) < ARCHIVE_WARN)
		return input_failed(job, err);
	job->member_end = (uint64_t)archive_filter_bytes(job->reader, 0);
	do
		r = archive_read_next_header2(job->reader, job->entry);
	while (r == ARCHIVE_RETRY);
	if (r < ARCHIVE_WARN)
		return input_failed(job, err);
	return r == ARCHIVE_EOF ? 0 : 1;
}

/* libarchive takes the plain end of the bytes for an end as well: tell a cut archive from a whole
 * one. */
static int check_end(struct job *job, struct error **err)
{
	uint64_t end = (uint64_t)archive_filter_bytes(job->reader, 0);
	int r = stream_in_drain(&job->in);

	if (r < 0)
		return error_make(err, r, "the archive cannot be read");
	if (job->x->members == 0)
		return error_make(err, ENODATA, "the archive is empty");
	if (end <= job->member_end)
		return error_make(err, ENODATA,
				  "the archive is truncated: no end mark after %llu members",
				  (unsigned long long)job->x->members);
	if (job->in.nonzero_end > end)
		return error_make(
			err, EBADMSG,
			"garbage follows the end of the archive at byte %llu of its plain data",
			(unsigned long long)end);
	return 0;
}

static int unpack_all(struct job *job, struct error **err)
{
	int r;

	if (archive_read_open1(job->reader) < ARCHIVE_WARN)
		return input_failed(job, err);
	r = job->x->over && !job->x->check ? opaque_apply(job->x->opaque, err) : 0;
	if (r < 0)
		return r;
	while ((r = next_member(job, err)) > 0) {
		r = write_member(job, err);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = check_end(job, err);
	if (r < 0)
		return r;
	/* modes and times of directories */
	if (archive_write_close(job->disk) < ARCHIVE_OK)
		return disk_failed(job, err);
	return attrs_finish(&job->x->attrs, err);
}

int extract_run(struct extract *x, struct error **err)
{
	struct job job = { .x = x, .in = { .queue = x->in } };
	int r;

	attrs_init(&x->attrs);
	r = job_open(&job, err);
	if (r == 0)
		r = unpack_all(&job, err);
	job_close(&job);
	attrs_release(&x->attrs);
	blockq_abandon(x->in);
	x->in_code = job.in.code;
	return r;
}
