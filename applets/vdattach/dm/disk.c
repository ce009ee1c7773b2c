// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "applets/vdattach/source/sysfs.h"

enum { NAMES_MAX = 4096, UUID_SIZE = 129, TRIES = 100, PAUSE_NS = 50 * 1000 * 1000 };

int dm_disk_create(int control, char *name, dev_t *ret_device, struct error **err)
{
	char uuid[DM_NAME_SIZE + sizeof(DM_UUID_PREFIX)];
	int r = -EBUSY;

	for (unsigned int i = 0; i < NAMES_MAX && r == -EBUSY; i++) {
		snprintf(name, DM_NAME_SIZE, "vdattach%u", i);
		snprintf(uuid, sizeof(uuid), DM_UUID_PREFIX "%s", name);
		r = dm_create(control, name, uuid, ret_device, err);
	}
	return r;
}

static bool read_uuid(const char *device, char *ret)
{
	return strncmp(device, "dm-", 3) == 0 && sysfs_read(device, "dm/uuid", ret, UUID_SIZE) == 0;
}

/* The number of a partition of ours, 0 for everything else. */
static unsigned int dm_disk_partition(const char *device)
{
	char uuid[UUID_SIZE];
	unsigned int number;
	int n = 0;

	if (!read_uuid(device, uuid))
		return 0;
	return sscanf(uuid, "part%u-" DM_UUID_PREFIX "%n", &number, &n) == 1 && n ? number : 0;
}

bool dm_disk_is_ours(const char *device)
{
	char uuid[UUID_SIZE];

	return dm_disk_partition(device) ||
	       (read_uuid(device, uuid) &&
		strncmp(uuid, DM_UUID_PREFIX, strlen(DM_UUID_PREFIX)) == 0);
}

static int visit_directory(const char *path, int (*visit)(const char *, void *), void *arg)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	int r = d || errno == ENOENT ? 0 : -errno;

	while (d && r == 0 && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			r = visit(entry->d_name, arg);
	}
	if (d)
		closedir(d);
	return r;
}

int dm_disk_each(const char *device, const char *directory, int (*visit)(const char *, void *),
		 void *arg)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/block/%s/%s", device, directory);
	return visit_directory(path, visit, arg);
}

int dm_disk_all(int (*visit)(const char *, void *), void *arg)
{
	return visit_directory("/sys/class/block", visit, arg);
}

static int take_name(const char *name, void *arg)
{
	char **ret = arg;

	*ret = strdup(name);
	return *ret ? 1 : -ENOMEM;
}

int dm_disk_whole(const char *device, char **ret)
{
	int r;

	if (!dm_disk_partition(device))
		return sysfs_whole_disk(device, ret);
	r = dm_disk_each(device, "slaves", take_name, ret);
	return r == 0 ? -ENODEV : MIN(r, 0);
}

static int take_server(const char *name, void *arg)
{
	return strncmp(name, "loop", 4) == 0 ? 0 : take_name(name, arg);
}

bool dm_disk_below(const char *disk, char **ret)
{
	return dm_disk_each(disk, "slaves", take_server, ret) > 0;
}

static int take_ours(const char *name, void *arg)
{
	return dm_disk_is_ours(name) ? take_name(name, arg) : 0;
}

bool dm_disk_above(const char *device, char **ret)
{
	return dm_disk_each(device, "holders", take_ours, ret) > 0;
}

bool dm_disk_exists(const char *disk)
{
	char uuid[UUID_SIZE];

	return read_uuid(disk, uuid);
}

int dm_disk_server(const char *disk, char *name, char **ret_server, struct error **err)
{
	int r = sysfs_read(disk, "dm/name", name, DM_NAME_SIZE);

	if (r == 0)
		r = dm_disk_each(disk, "slaves", take_server, ret_server);
	return r > 0 ? 0 : error_sys(err, r < 0 ? r : ENODEV, "what '/dev/%s' is made of", disk);
}

struct wanted {
	unsigned int number;
	char **ret;
};

static int match_number(const char *name, void *arg)
{
	struct wanted *wanted = arg;

	return dm_disk_partition(name) == wanted->number ? take_name(name, wanted->ret) : 0;
}

static int node_path(const char *name, char **ret, struct error **err)
{
	if (asprintf(ret, "/dev/%s", name) >= 0)
		return 0;
	*ret = NULL;
	return error_sys(err, ENOMEM, "/dev/%s", name);
}

static int read_device(const char *name, dev_t *ret, struct error **err)
{
	unsigned int major_number = 0, minor_number = 0;
	char text[32];
	int r = sysfs_read(name, "dev", text, sizeof(text));

	if (r == 0 && sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
		r = -EINVAL;
	if (r < 0)
		return error_sys(err, r, "/dev/%s: device number in sysfs", name);
	*ret = makedev(major_number, minor_number);
	return 0;
}

static bool is_read_only(const char *disk)
{
	uint64_t ro = 0;

	return sysfs_read_u64(disk, "ro", &ro) == 0 && ro;
}

static int load_partition(int control, const char *name, const struct partition *p, dev_t on,
			  bool read_only, struct error **err)
{
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	int r = dm_table_new(1, &table);

	if (r < 0 || !dm_table_linear(&table, 0, p->length / DM_SECTOR, on, p->start / DM_SECTOR))
		return error_sys(err, ENOMEM, "table of '%s'", name);
	return dm_swap(control, name, &table, read_only, err);
}

static int make_partition(int control, const char *disk, const struct partition *p, char **ret,
			  struct error **err)
{
	char parent[DM_NAME_SIZE], name[DM_NAME_SIZE + 8], uuid[96];
	dev_t on, device;
	int r;

	r = read_device(disk, &on, err);
	if (r < 0)
		return r;
	if (sysfs_read(disk, "dm/name", parent, sizeof(parent)) < 0)
		return error_make(err, ENODEV, "/dev/%s: not a mapped device", disk);
	snprintf(name, sizeof(name), "%sp%u", parent, p->number);
	snprintf(uuid, sizeof(uuid), "part%u-" DM_UUID_PREFIX "%s", p->number, parent);
	r = dm_create(control, name, uuid, &device, err);
	if (r < 0)
		return r;
	r = load_partition(control, name, p, on, is_read_only(disk), err);
	if (r == 0)
		r = dm_make_nodes(name, device, err);
	if (r < 0) {
		(void)!dm_remove(control, name, NULL);
		return r;
	}
	snprintf(name, sizeof(name), "dm-%u", minor(device));
	return node_path(name, ret, err);
}

int dm_disk_add_partition(const char *disk, const struct partition *p, char **ret_node,
			  struct error **err)
{
	_cleanup_close_ int control = -1;
	_cleanup_free_ char *name = NULL;
	struct wanted wanted = { p->number, &name };

	/* the logical ones in it have names of their own */
	if (p->extended)
		return error_make(err, EOPNOTSUPP, "/dev/%s: partition %u is an extended one", disk,
				  p->number);
	if (dm_disk_each(disk, "holders", match_number, &wanted) > 0)
		return node_path(name, ret_node, err);
	control = dm_open(err);
	return control < 0 ? control : make_partition(control, disk, p, ret_node, err);
}

/* Nobody else may hold what we are about to take away. */
static int is_unclaimed(const char *name, struct error **err)
{
	_cleanup_close_ int fd = -1;
	char node[PATH_MAX];

	snprintf(node, sizeof(node), "/dev/%s", name);
	fd = open(node, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return error_make(
			err, EBUSY,
			"cannot detach '%s': it is in use (a file system mounted from it?)", node);
	return fd < 0 ? error_sys(err, errno, "cannot open '%s'", node) : 0;
}

/* udev may have it open for a moment after each change. */
static int remove_one(int control, const char *device, struct error **err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	char name[DM_NAME_SIZE + 8];
	dev_t number;
	int r;

	r = read_device(device, &number, err);
	if (r < 0)
		return r;
	r = sysfs_read(device, "dm/name", name, sizeof(name));
	if (r < 0)
		return error_sys(err, r, "/dev/%s: not a mapped device", device);
	r = dm_remove(control, name, err);
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		nanosleep(&pause, NULL);
		r = dm_remove(control, name, err);
	}
	if (r == 0)
		dm_remove_nodes(name, number);
	return r;
}

struct holders {
	char names[PARTITIONS_MAX][16];
	unsigned int n;
	bool foreign;
};

static int add_holder(const char *name, void *arg)
{
	struct holders *holders = arg;

	if (!dm_disk_partition(name) || holders->n == PARTITIONS_MAX)
		holders->foreign = true;
	else
		snprintf(holders->names[holders->n++], sizeof(holders->names[0]), "%.15s", name);
	return 0;
}

int dm_disk_remove(const char *disk, struct error **err)
{
	_cleanup_close_ int control = -1;
	struct holders holders = { .n = 0 };
	int r = dm_disk_each(disk, "holders", add_holder, &holders);

	if (r < 0)
		return error_sys(err, r, "cannot list what is made of '/dev/%s'", disk);
	/* partitions are claims on the disk: without any it must have no other */
	if (holders.foreign)
		return error_make(err, EBUSY,
				  "cannot detach '/dev/%s': another device is made of it", disk);
	if (holders.n == 0)
		r = is_unclaimed(disk, err);
	for (unsigned int i = 0; i < holders.n && r == 0; i++)
		r = is_unclaimed(holders.names[i], err);
	if (r < 0)
		return r;
	control = dm_open(err);
	if (control < 0)
		return control;
	for (unsigned int i = 0; i < holders.n && r == 0; i++)
		r = remove_one(control, holders.names[i], err);
	return r == 0 ? remove_one(control, disk, err) : r;
}
