// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/directory-id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/fsprobe.h"
#include "common/hash.h"

struct place {
	char root[1024], mountpoint[1024]; /* of the mount: within its file system, and here */
	char type[32], source[256];
};

/* "36 35 98:0 /root /mnt options optional... - type source superoptions" */
static bool parse_mount(const char *line, int id, struct place *ret)
{
	const char *rest = strstr(line, " - ");
	int found;

	return rest &&
	       sscanf(line, "%d %*d %*s %1023s %1023s", &found, ret->root, ret->mountpoint) == 3 &&
	       found == id && sscanf(rest, " - %31s %255s", ret->type, ret->source) == 2;
}

static int find_mount(int id, struct place *ret)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int r = -ENOENT;

	if (!file)
		return -errno;
	while (r < 0 && getline(&line, &room, file) > 0)
		if (parse_mount(line, id, ret))
			r = 0;
	fclose(file);
	return r;
}

/* Which mount an open file is on. */
static int mount_of(int fd, struct place *ret)
{
	char path[64], line[128];
	FILE *file;
	int id = -1;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (id < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "mnt_id: %d", &id) != 1)
			id = -1;
	fclose(file);
	return id < 0 ? -ENOENT : find_mount(id, ret);
}

static bool keeps_inodes(const char *type)
{
	static const char *const table[] = { "ext2",	"ext3",	 "ext4", "xfs",	     "btrfs",
					     "f2fs",	"ntfs3", "ntfs", "squashfs", "erofs",
					     "iso9660", "nfs",	 "nfs4" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(type, table[i]) == 0)
			return true;
	return false;
}

/* The handle of the open directory, hashed: its form is the file system's own. */
static bool hash_handle(int fd, uint64_t *ret)
{
	union {
		struct file_handle handle;
		uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	if (name_to_handle_at(fd, "", &u.handle, &mount_id, AT_EMPTY_PATH) < 0)
		return false;
	*ret = hash_bytes(u.handle.f_handle, u.handle.handle_bytes);
	return true;
}

static int hash_path(const char *path, const struct place *place, uint64_t *ret)
{
	_cleanup_free_ char *real = realpath(path, NULL), *inside = NULL;
	size_t skip = strlen(place->mountpoint);

	if (!real)
		return -errno;
	/* a mountpoint with blanks is escaped, and then not found in front: all of it, then */
	if (strncmp(real, place->mountpoint, skip) != 0)
		skip = 0;
	if (asprintf(&inside, "%s/%s", place->root, real + skip) < 0) {
		inside = NULL;
		return -ENOMEM;
	}
	*ret = hash_bytes(inside, strlen(inside));
	return 0;
}

/* UUID, or a hash of the superblock where there is none (squashfs), or what is no device's name. */
static void volume_of(const struct place *place, char *ret, size_t size)
{
	_cleanup_close_ int fd = open(place->source, O_RDONLY | O_CLOEXEC);
	struct fs_info fs = { 0 };
	uint8_t head[4096];
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);

	if (fs_probe(place->source, 0, &fs, NULL) == 0 && *fs.uuid)
		snprintf(ret, size, "%s", fs.uuid);
	else if (n > 0)
		snprintf(ret, size, "%016llx", (unsigned long long)hash_bytes(head, (size_t)n));
	else
		snprintf(ret, size, "%s", place->source);
}

int directory_id(const char *path, char *ret, size_t size, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *which = "inode";
	struct place place;
	char volume[256];
	uint64_t hash = 0;
	int r = fd < 0 ? -errno : mount_of(fd, &place);

	if (r == 0 && !(keeps_inodes(place.type) && hash_handle(fd, &hash))) {
		which = "path";
		r = hash_path(path, &place, &hash);
	}
	if (r < 0)
		return error_sys(err, r, "id of the directory '%s'", path);
	volume_of(&place, volume, sizeof(volume));
	snprintf(ret, size, "%s %s %s %016llx", place.type, volume, which,
		 (unsigned long long)hash);
	return 0;
}
