// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <xxhash.h>

#define HEADER_SIZE 110
#define READ_SIZE   (256 * KIB)

struct writer {
	struct sink *sink;
	XXH3_state_t *hash;
	uint64_t offset; /* from the start of this archive */
	uint32_t mtime;
	uint8_t *buffer; /* READ_SIZE bytes */
};

static int cpio_put(struct writer *w, const void *data, size_t len, struct error **err)
{
	XXH3_128bits_update(w->hash, data, len);
	w->offset += len;
	return sink_write(w->sink, data, len, err);
}

/* Padding that belongs to the member (before its content) is hashed, the one behind it is not. */
static int pad(struct writer *w, bool hashed, struct error **err)
{
	static const char zeros[4];
	size_t len = -w->offset & 3;

	if (!len)
		return 0;
	if (hashed)
		return cpio_put(w, zeros, len, err);
	w->offset += len;
	return sink_write(w->sink, zeros, len, err);
}

static uint32_t full_mode(const struct fs_entry *entry)
{
	switch (entry->kind) {
	case ENTRY_FILE:
		return S_IFREG | (entry->mode & 07777);
	case ENTRY_DIR:
		return S_IFDIR | (entry->mode & 07777);
	case ENTRY_SYMLINK:
		return S_IFLNK | 0777;
	case ENTRY_NODE:
		return entry->mode & (S_IFMT | 07777);
	case ENTRY_PIPE:
		return S_IFIFO | (entry->mode & 07777);
	case ENTRY_SOCKET:
		return S_IFSOCK | (entry->mode & 07777);
	}
	return 0;
}

static uint64_t content_size(const struct fs_entry *entry)
{
	if (entry->kind == ENTRY_SYMLINK)
		return strlen(entry->target);
	return entry->kind == ENTRY_FILE ? entry->size : 0;
}

static int put_header(struct writer *w, const struct fs_entry *entry, struct error **err)
{
	size_t name_size = strlen(entry->path) + 1;
	dev_t rdev = entry->kind == ENTRY_NODE ? entry->rdev : 0;
	char header[HEADER_SIZE + 1];
	int r;

	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", entry->ino,
		 full_mode(entry), entry->uid, entry->gid, entry->nlink, w->mtime,
		 (uint32_t)content_size(entry), 0, 0, major(rdev), minor(rdev), (uint32_t)name_size,
		 0);
	r = cpio_put(w, header, HEADER_SIZE, err);
	if (r < 0)
		return r;
	r = cpio_put(w, entry->path, name_size, err);
	if (r < 0)
		return r;
	return pad(w, true, err);
}

static int changed(const struct fs_entry *entry, uint64_t now, struct error **err)
{
	return error_make(err, ESTALE,
			  "'%s' had %" PRIu64 " bytes when the image was planned and has %" PRIu64
			  " now: run again when nothing writes to it",
			  entry->source, entry->size, now);
}

static int copy_content(struct writer *w, const struct fs_entry *entry, int fd, struct error **err)
{
	uint64_t done = 0;

	for (;;) {
		/* one byte more than expected, so that a file that grew is seen */
		size_t want = (size_t)MIN(entry->size - done + 1, READ_SIZE);
		ssize_t got = read(fd, w->buffer, want);
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_sys(err, errno, "cannot read '%s'", entry->source);
		if (got == 0)
			return done == entry->size ? 0 : changed(entry, done, err);
		if ((uint64_t)got > entry->size - done)
			return changed(entry, done + (uint64_t)got, err);
		r = cpio_put(w, w->buffer, (size_t)got, err);
		if (r < 0)
			return r;
		done += (uint64_t)got;
	}
}

static int put_source(struct writer *w, const struct fs_entry *entry, struct error **err)
{
	_cleanup_close_ int fd = open(entry->source, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s' for member '%s'", entry->source,
				 entry->path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot examine '%s'", entry->source);
	if (!S_ISREG(st.st_mode))
		return error_make(err, EINVAL, "'%s' (for member '%s') is not a regular file",
				  entry->source, entry->path);
	if ((uint64_t)st.st_size != entry->size)
		return changed(entry, (uint64_t)st.st_size, err);
	return copy_content(w, entry, fd, err);
}

static int put_content(struct writer *w, const struct fs_entry *entry, struct error **err)
{
	if (entry->kind == ENTRY_SYMLINK)
		return cpio_put(w, entry->target, strlen(entry->target), err);
	if (entry->kind != ENTRY_FILE)
		return 0;
	if (entry->data)
		return cpio_put(w, entry->data, (size_t)entry->size, err);
	if (entry->source)
		return put_source(w, entry, err);
	return entry->size ? error_make(err, EINVAL, "member '%s' has no content", entry->path) : 0;
}

static int put_member(struct writer *w, const struct fs_entry *entry, struct cpio_stats *stats,
		      struct error **err)
{
	int r;

	if (content_size(entry) > UINT32_MAX)
		return error_make(err, EFBIG,
				  "'%s' has %" PRIu64
				  " bytes: a cpio archive holds files below 4 GiB only",
				  entry->path, content_size(entry));
	XXH3_128bits_reset(w->hash);
	r = put_header(w, entry, err);
	if (r < 0)
		return r;
	r = put_content(w, entry, err);
	if (r < 0)
		return r;
	if (stats)
		cpio_stats_add_hash(stats, XXH3_128bits_digest(w->hash),
				    entry->kind == ENTRY_FILE ? entry->size : 0);
	return pad(w, false, err);
}

static int put_segment(struct writer *w, const struct fileset *set, enum segment_kind segment,
		       int trailer, struct cpio_stats *stats, struct error **err)
{
	static char trailer_name[] = "TRAILER!!!";
	const struct fs_entry end = { .kind = ENTRY_NODE, .path = trailer_name, .nlink = 1 };
	const struct fs_entry *entry;
	int r;

	vec_foreach(i, entry, &set->entries) {
		if (entry->segment != segment)
			continue;
		r = put_member(w, entry, stats, err);
		if (r < 0)
			return r;
	}
	if (!trailer)
		return 0;
	w->mtime = 0;
	return put_header(w, &end, err);
}

int cpio_write(const struct fileset *set, enum segment_kind segment, uint32_t mtime, int trailer,
	       struct sink *sink, struct cpio_stats *stats, struct error **err)
{
	struct writer w = { .sink = sink, .mtime = mtime };
	int r;

	w.hash = XXH3_createState();
	w.buffer = malloc(READ_SIZE);
	if (w.hash && w.buffer)
		r = put_segment(&w, set, segment, trailer, stats, err);
	else
		r = error_no_memory(err);
	XXH3_freeState(w.hash);
	free(w.buffer);
	return r;
}
