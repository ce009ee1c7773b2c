// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/file-room.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/msg.h"

#define FAT_LIMIT (4095 * MIB)

static void fill_room(const struct statfs *fs, struct room *ret)
{
	ret->fat = fs->f_type == MSDOS_SUPER_MAGIC;
	ret->limit = ret->fat ? FAT_LIMIT : INT64_MAX;
	ret->room = (uint64_t)fs->f_bavail * (uint64_t)fs->f_bsize;
}

int room_of(int fd, struct room *ret)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	fill_room(&fs, ret);
	return 0;
}

int room_look(const char *path, struct room *ret, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	struct statfs fs;

	if (!copy)
		return error_sys(err, ENOMEM, "'%s'", path);
	if (statfs(dirname(copy), &fs) < 0)
		return error_sys(err, errno, "'%s'", path);
	fill_room(&fs, ret);
	return 0;
}

/* Zeros from offset to size, with progress: on a slow USB drive it takes minutes. */
static int file_room_write_zeros(int fd, uint64_t offset, uint64_t size)
{
	const size_t chunk = MIB;
	_cleanup_free_ void *zeros = calloc(1, chunk);
	uint64_t start = offset, told = 0;
	ssize_t n;

	if (!zeros)
		return -ENOMEM;
	while (offset < size) {
		n = pwrite(fd, zeros, (size_t)MIN(chunk, size - offset), (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		offset += (uint64_t)n;
		if ((offset - start) * 4 / (size - start) > told && size - start >= 256 * MIB) {
			told = (offset - start) * 4 / (size - start);
			msg(MSG_INFO, "store: %llu %%", (unsigned long long)told * 25);
		}
	}
	return 0;
}

int file_extend(int fd, uint64_t offset, uint64_t size, bool fat)
{
	struct stat st;

	if (!fat && fallocate(fd, 0, (off_t)offset, (off_t)(size - offset)) == 0)
		return 0;
	if (!fat && errno == ENOSPC)
		return -ENOSPC;
	if (!fat && ftruncate(fd, (off_t)size) == 0 && fstat(fd, &st) == 0 &&
	    (uint64_t)st.st_blocks * 512 >= size)
		return 0;
	return file_room_write_zeros(fd, offset, size);
}

int sync_parent(const char *path, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd =
		copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	/* some file systems cannot sync a directory: then syncfs is all there is */
	if (fd < 0 || (fsync(fd) < 0 && syncfs(fd) < 0))
		return error_sys(err, errno, "cannot write the directory of '%s'", path);
	return 0;
}
