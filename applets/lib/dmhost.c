// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/dmhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "applets/lib/dm.h"

enum { WRAPPERS_MAX = 64 };

bool dm_host_knows(const char *type)
{
	static const char *const types[] = {
		"ext2", "ext3", "ext4", "xfs", "vfat", "exfat", "ntfs"
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i], type) == 0)
			return true;
	}
	return false;
}

static int dmhost_measure(const char *device, dev_t *ret_number, uint64_t *ret_sectors,
			  bool *ret_read_only, struct error **err)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	int read_only = 0;
	uint64_t size;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || ioctl(fd, BLKGETSIZE64, &size) < 0 ||
	    ioctl(fd, BLKROGET, &read_only) < 0)
		return error_sys(err, errno, "cannot use '%s'", device);
	*ret_number = st.st_rdev;
	*ret_sectors = size / DM_SECTOR;
	*ret_read_only = read_only;
	return 0;
}

static int dmhost_create(int control, char *name, dev_t *ret, struct error **err)
{
	char uuid[DM_NAME_SIZE + sizeof(DM_HOST_PREFIX)];
	int r = -EBUSY;

	for (unsigned int i = 0; i < WRAPPERS_MAX && r == -EBUSY; i++) {
		error_release(err);
		snprintf(name, DM_NAME_SIZE, "vdhost%u", i);
		snprintf(uuid, sizeof(uuid), DM_HOST_PREFIX "%s", name);
		r = dm_create(control, name, uuid, ret, err);
	}
	return r;
}

static int dmhost_load(int control, const char *name, const char *device, struct error **err)
{
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	bool read_only = false;
	uint64_t sectors = 0;
	dev_t number = 0;
	int r = dmhost_measure(device, &number, &sectors, &read_only, err);

	if (r < 0)
		return r;
	r = dm_table_new(1, &table);
	if (r < 0 || !dm_table_linear(&table, 0, sectors, number, 0))
		return error_sys(err, ENOMEM, "table of '%s'", name);
	return dm_swap(control, name, &table, read_only, err);
}

int dm_host_wrap(const char *device, char **ret_node, struct error **err)
{
	_cleanup_close_ int control = dm_open(err);
	char name[DM_NAME_SIZE], node[32];
	dev_t number;
	int r;

	if (control < 0)
		return control;
	r = dmhost_create(control, name, &number, err);
	if (r < 0)
		return r;
	r = dmhost_load(control, name, device, err);
	if (r == 0)
		r = dm_make_nodes(name, number, err);
	dm_node(number, node, sizeof(node));
	*ret_node = r == 0 ? strdup(node) : NULL;
	if (*ret_node)
		return 0;
	(void)!dm_remove(control, name, NULL);
	return r < 0 ? r : error_sys(err, ENOMEM, "%s", node);
}

int dm_host_unwrap(const char *node, struct error **err)
{
	_cleanup_close_ int control = dm_open(err);
	char name[DM_NAME_SIZE], uuid[DM_NAME_SIZE + sizeof(DM_HOST_PREFIX)] = "";
	struct stat st;
	int r;

	if (control < 0)
		return control;
	if (stat(node, &st) < 0)
		return error_sys(err, errno, "cannot unmap '%s'", node);
	r = dm_identify(control, st.st_rdev, name, NULL, sizeof(name));
	if (r == 0)
		r = dm_identify(control, st.st_rdev, NULL, uuid, sizeof(uuid));
	if (r < 0 || strncmp(uuid, DM_HOST_PREFIX, strlen(DM_HOST_PREFIX)) != 0)
		return error_make(err, ENODEV, "cannot unmap '%s': not a wrapper of a host", node);
	r = dm_remove(control, name, err);
	if (r == 0)
		dm_remove_nodes(name, st.st_rdev);
	return r;
}
