// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/swapfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/findimg/filesystem/pathfind.h"
#include "applets/lib/fsprobe.h"
#include "common/macro.h"

/* Where programs that make swap files put them; @ and the like are subvolumes of btrfs. */
static const char *const directories[] = {
	"/",	   "/swap",	 "/var", "/var/swap", "/@swap",
	"/@/swap", "/swapfiles", "/@",	 "/@rootfs",  "/swapvol"
};
static const char *const fstabs[] = { "/etc/fstab", "/@/etc/fstab", "/@rootfs/etc/fstab" };

/* No memory fits into less. */
#define SMALLEST (1024 * 1024)
/* A directory that has more entries is not one for swap files. */
#define MOST_ENTRIES 512

/* fd: from open(2) with O_PATH */
static bool is_hibernated(int fd)
{
	struct fs_info info;
	struct stat st;
	char path[32];

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < SMALLEST)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fs_probe(path, 0, &info, NULL) == 0 && strcmp(info.type, "swsuspend") == 0;
}

static char *hibernated_of_directory(const char *root, const char *directory)
{
	_cleanup_close_ int place = path_open_below(root, directory);
	int fd = place < 0 ? -1 : openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char *found = NULL;

	for (int i = 0; dir && !found && i < MOST_ENTRIES && (entry = readdir(dir)); i++) {
		_cleanup_close_ int file = -1;

		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			file = openat(place, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (file >= 0 && is_hibernated(file) &&
		    asprintf(&found, "%s%s%s", directory, directory[1] ? "/" : "", entry->d_name) <
			    0)
			found = NULL;
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return found;
}

static FILE *open_below(const char *root, const char *path)
{
	_cleanup_close_ int place = path_open_below(root, path);
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	return place < 0 ? NULL : fopen(name, "re");
}

static char *hibernated_of_fstab(const char *root, const char *path)
{
	FILE *file = open_below(root, path);
	struct mntent entry;
	char text[4096], *found = NULL;

	while (file && !found && getmntent_r(file, &entry, text, sizeof(text))) {
		_cleanup_close_ int fd = -1;

		if (strcmp(entry.mnt_type, "swap") == 0 && *entry.mnt_fsname == '/' &&
		    strncmp(entry.mnt_fsname, "/dev/", 5) != 0)
			fd = path_open_below(root, entry.mnt_fsname);
		if (fd >= 0 && is_hibernated(fd))
			found = strdup(entry.mnt_fsname);
	}
	if (file)
		fclose(file);
	return found;
}

char *swapfile_hibernated(const char *root)
{
	char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(fstabs) && !found; i++)
		found = hibernated_of_fstab(root, fstabs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(directories) && !found; i++)
		found = hibernated_of_directory(root, directories[i]);
	return found;
}
