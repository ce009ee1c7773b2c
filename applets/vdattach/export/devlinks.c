// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/export/devlinks.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/vdattach/source/sysfs.h"

/* Only these names are ever removed: dir may be any directory. */
static bool is_ours(const char *name)
{
	const char *digits = name + 9;

	if (strcmp(name, "EntireDisk") == 0)
		return true;
	return strncmp(name, "Partition", 9) == 0 && *digits &&
	       digits[strspn(digits, "0123456789")] == '\0';
}

/* Calls remove_if(target) for each of our links; removes those where it says so. Returns kept ones.
 */
static unsigned int sweep(const char *dir, bool (*remove_if)(const char *, const char *),
			  const char *disk)
{
	DIR *d = opendir(dir);
	unsigned int kept = 0;
	struct dirent *entry;

	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		char target[PATH_MAX];
		ssize_t n;

		if (!is_ours(entry->d_name))
			continue;
		n = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (!remove_if(target, disk) || unlinkat(dirfd(d), entry->d_name, 0) < 0)
			kept++;
	}
	closedir(d);
	return kept;
}

static bool is_stale(const char *target, const char *unused)
{
	const char *slash = strrchr(target, '/');
	_cleanup_free_ char *disk = NULL;
	uint64_t sectors = 0;
	char file[PATH_MAX];

	if (!slash || sysfs_whole_disk(slash + 1, &disk) < 0)
		return true;
	/* others have no size when nothing is attached, or are not there at all */
	if (strncmp(disk, "loop", 4) != 0)
		return sysfs_read_u64(disk, "size", &sectors) < 0 || sectors == 0;
	return sysfs_read(disk, "loop/backing_file", file, sizeof(file)) < 0;
}

static bool belongs_to(const char *target, const char *disk)
{
	size_t n = strlen(disk);

	return strncmp(target, disk, n) == 0 && (target[n] == '\0' || target[n] == 'p');
}

static bool never(const char *target, const char *unused)
{
	return false;
}

bool devlinks_in_use(const char *dir)
{
	devlinks_remove_stale(dir);
	return sweep(dir, never, NULL) > 0;
}

void devlinks_remove_stale(const char *dir)
{
	if (sweep(dir, is_stale, NULL) == 0)
		rmdir(dir);
}

void devlinks_remove(const char *dir, const char *disk)
{
	if (sweep(dir, belongs_to, disk) == 0)
		rmdir(dir);
}

int devlinks_set(const char *dir, unsigned int number, const char *device, struct error **err)
{
	char path[PATH_MAX], fresh[PATH_MAX];

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make '%s'", dir);
	if (number == 0)
		snprintf(path, sizeof(path), "%s/EntireDisk", dir);
	else
		snprintf(path, sizeof(path), "%s/Partition%u", dir, number);
	snprintf(fresh, sizeof(fresh), "%s/.new", dir);
	unlink(fresh);
	if (symlink(device, fresh) < 0 || rename(fresh, path) < 0)
		return error_sys(err, errno, "cannot link '%s' to '%s'", path, device);
	return 0;
}
