// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/source/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "common/file.h"

#define SYS_BLOCK "/sys/class/block"

int sysfs_read(const char *name, const char *attribute, char *ret, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), SYS_BLOCK "/%s/%s", name, attribute);
	n = read_start(AT_FDCWD, path, ret, size);
	if (n < 0)
		return (int)n;
	while (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

int sysfs_read_u64(const char *name, const char *attribute, uint64_t *ret)
{
	char text[32], *end;
	int r = sysfs_read(name, attribute, text, sizeof(text));

	if (r < 0)
		return r;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno || end == text || *end ? -EINVAL : 0;
}

int parse_devnum(const char *text, dev_t *ret)
{
	unsigned long major_number, minor_number;
	char *colon, *end;

	major_number = strtoul(text, &colon, 10);
	if (colon == text || *colon != ':')
		return -EINVAL;
	minor_number = strtoul(colon + 1, &end, 10);
	if (end == colon + 1)
		return -EINVAL;
	*ret = makedev((unsigned int)major_number, (unsigned int)minor_number);
	return 0;
}

int sysfs_whole_disk(const char *name, char **ret)
{
	_cleanup_free_ char *real = NULL;
	char path[PATH_MAX], *slash;

	snprintf(path, sizeof(path), SYS_BLOCK "/%s", name);
	real = realpath(path, NULL);
	if (!real)
		return errno == ENOENT ? -ENODEV : -errno;
	snprintf(path, sizeof(path), "%s/partition", real);
	slash = strrchr(real, '/');
	if (access(path, F_OK) == 0) {
		*slash = '\0';
		slash = strrchr(real, '/');
	}
	*ret = strdup(slash + 1);
	return *ret ? 0 : -ENOMEM;
}

static int is_loop(const struct dirent *entry)
{
	const char *digits = entry->d_name + 4;

	return strncmp(entry->d_name, "loop", 4) == 0 && *digits &&
	       digits[strspn(digits, "0123456789")] == '\0';
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

/* False when nothing is attached to the device (any more). */
static bool read_loop(const char *name, struct loop_info *ret)
{
	uint64_t sectors = 0, ro = 0;
	char file[PATH_MAX];

	memset(ret, 0, sizeof(*ret));
	if (sysfs_read(name, "loop/backing_file", file, sizeof(file)) < 0 ||
	    sysfs_read_u64(name, "loop/offset", &ret->offset) < 0 ||
	    sysfs_read_u64(name, "loop/sizelimit", &ret->size_limit) < 0 ||
	    sysfs_read_u64(name, "size", &sectors) < 0 || sysfs_read_u64(name, "ro", &ro) < 0)
		return false;
	ret->backing_file = strdup(file);
	ret->size = sectors * 512;
	ret->read_only = ro != 0;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return ret->backing_file != NULL;
}

static void free_entries(struct dirent **entries, int n)
{
	while (n-- > 0)
		free(entries[n]);
	free(entries);
}

int sysfs_loops(struct loop_info **ret, size_t *ret_n, struct error **err)
{
	struct dirent **entries = NULL;
	struct loop_info *infos;
	size_t used = 0;
	int n;

	n = scandir(SYS_BLOCK, &entries, is_loop, by_number);
	if (n < 0)
		return error_sys(err, errno, "cannot read '%s'", SYS_BLOCK);
	infos = calloc((size_t)n + 1, sizeof(*infos));
	if (!infos) {
		free_entries(entries, n);
		return error_sys(err, ENOMEM, "cannot read '%s'", SYS_BLOCK);
	}
	for (int i = 0; i < n; i++)
		used += read_loop(entries[i]->d_name, infos + used);
	free_entries(entries, n);
	*ret = infos;
	*ret_n = used;
	return 0;
}

void loop_infos_free(struct loop_info *infos, size_t n)
{
	for (size_t i = 0; infos && i < n; i++)
		free(infos[i].backing_file);
	free(infos);
}
