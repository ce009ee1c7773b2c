// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/dm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dm-ioctl.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "applets/lib/modreq.h"
#include "common/msg.h"

#define MAPPER_DIR	     "/dev/mapper"
#define MAPPER_CONTROL	     MAPPER_DIR "/" DM_CONTROL_NODE
#define MAPPER_CONTROL_MINOR 236 /* MAPPER_CTRL_MINOR of linux/miscdevice.h */

static int dm_open_control(void)
{
	int fd = open(MAPPER_CONTROL, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dm_open(struct error **err)
{
	int fd = dm_open_control();

	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO) {
		module_request("dm_mod");
		fd = dm_open_control();
	}
	if (fd == -ENOENT) {
		mkdir(MAPPER_DIR, 0755);
		mknod(MAPPER_CONTROL, S_IFCHR | 0600, makedev(MISC_MAJOR, MAPPER_CONTROL_MINOR));
		fd = dm_open_control();
	}
	if (fd >= 0 || fd == -EACCES || fd == -EPERM)
		return fd < 0 ? error_sys(err, fd, "cannot open '%s'", MAPPER_CONTROL) : fd;
	return error_make(
		err, EOPNOTSUPP,
		"no device-mapper: cannot open '%s': %s: is the kernel module 'dm_mod' there?",
		MAPPER_CONTROL, strerror(-fd));
}

/* What each ioctl begins with. */
static void dm_start(struct dm_ioctl *io, const char *name, size_t size)
{
	memset(io, 0, sizeof(*io));
	/* what is used here is older than any 4.x.y since Linux 2.6 */
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = (uint32_t)size;
	io->data_start = sizeof(*io);
	if (name)
		snprintf(io->name, sizeof(io->name), "%s", name);
}

static int simple(int control, unsigned long request, const char *name, struct dm_ioctl *io,
		  uint32_t flags)
{
	dm_start(io, name, sizeof(*io));
	io->flags = flags;
	return ioctl(control, request, io) < 0 ? -errno : 0;
}

#define PARAMS_MAX 56u /* "4294967295:4294967295 18446744073709551615", and to a multiple of 8 */

int dm_table_new(size_t n, struct dm_table *ret)
{
	ret->size = sizeof(struct dm_ioctl) + n * (sizeof(struct dm_target_spec) + PARAMS_MAX);
	ret->buffer = malloc(ret->size);
	if (!ret->buffer)
		return -ENOMEM;
	/* touched once, so that it is there in a process that locks its memory later, too */
	memset(ret->buffer, 0, ret->size);
	dm_table_reset(ret);
	return 0;
}

void dm_table_release(struct dm_table *table)
{
	free(table->buffer);
	table->buffer = NULL;
}

void dm_table_reset(struct dm_table *table)
{
	table->used = sizeof(struct dm_ioctl);
	table->n = 0;
}

static bool add_target(struct dm_table *table, uint64_t first, uint64_t length, const char *type,
		       const char *params)
{
	size_t n = sizeof(struct dm_target_spec) + strlen(params) + 1;
	struct dm_target_spec spec = { .sector_start = first, .length = length };

	n = (n + 7) / 8 * 8;
	if (table->size - table->used < n)
		return false;
	spec.next = (uint32_t)n;
	memcpy(spec.target_type, type, strlen(type));
	memset(table->buffer + table->used, 0, n);
	memcpy(table->buffer + table->used, &spec, sizeof(spec));
	memcpy(table->buffer + table->used + sizeof(spec), params, strlen(params));
	table->used += n;
	table->n++;
	return true;
}

bool dm_table_linear(struct dm_table *table, uint64_t first, uint64_t length, dev_t device,
		     uint64_t offset)
{
	char params[PARAMS_MAX];

	snprintf(params, sizeof(params), "%u:%u %" PRIu64, major(device), minor(device), offset);
	return add_target(table, first, length, "linear", params);
}

bool dm_table_disk(struct dm_table *table, uint64_t first, uint64_t length, dev_t device,
		   uint64_t offset)
{
	uint64_t head = first == 0 ? MIN(length, 8ULL) : 0;
	char params[PARAMS_MAX];

	snprintf(params, sizeof(params), "1 %u %u:%u %" PRIu64, (unsigned int)head, major(device),
		 minor(device), offset);
	if (head && !add_target(table, 0, head, "striped", params))
		return false;
	return length == head ||
	       dm_table_linear(table, first + head, length - head, device, offset + head);
}

bool dm_table_zero(struct dm_table *table, uint64_t first, uint64_t length)
{
	return add_target(table, first, length, "zero", "");
}

bool dm_table_error(struct dm_table *table, uint64_t first, uint64_t length)
{
	return add_target(table, first, length, "error", "");
}

bool dm_table_verity(struct dm_table *table, const struct dm_verity *verity)
{
	char params[1024];
	int n = snprintf(params, sizeof(params),
			 "%" PRIu32 " %u:%u %u:%u %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64
			 " %s %s %s",
			 verity->hash_type, major(verity->data), minor(verity->data),
			 major(verity->hashes), minor(verity->hashes), verity->data_block_size,
			 verity->hash_block_size, verity->data_blocks, verity->hash_start,
			 verity->algorithm, verity->root, verity->salt);

	if (n < 0 || (size_t)n >= sizeof(params))
		return false;
	return add_target(table, 0, verity->data_blocks * (verity->data_block_size / DM_SECTOR),
			  "verity", params);
}

#define UDEV_DATA "/run/udev/data"

static void udev_path(dev_t device, char *ret, size_t size)
{
	snprintf(ret, size, UDEV_DATA "/b%u:%u", major(device), minor(device));
}

static void udev_mark(dev_t device)
{
	static const char text[] = "E:DM_UDEV_PRIMARY_SOURCE_FLAG=1\n";
	_cleanup_close_ int fd = -1;
	char path[64];

	/* in an initramfs udev is still to come, and takes over what it finds */
	if (access("/etc/initrd-release", F_OK) == 0) {
		mkdir("/run/udev", 0755);
		mkdir(UDEV_DATA, 0755);
	}
	udev_path(device, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		msg(MSG_DEBUG, "%s: %s", path, strerror(errno));
}

int dm_create(int control, const char *name, const char *uuid, dev_t *ret_device,
	      struct error **err)
{
	struct dm_ioctl io;

	dm_start(&io, name, sizeof(io));
	snprintf(io.uuid, sizeof(io.uuid), "%s", uuid);
	if (ioctl(control, DM_DEV_CREATE, &io) < 0)
		return error_sys(err, errno, "cannot make the mapped device '%s'", name);
	*ret_device = (dev_t)io.dev;
	/* before there is a table, and with it an event */
	udev_mark(*ret_device);
	return 0;
}

static int dm_load(int control, const char *name, struct dm_table *table, bool read_only)
{
	struct dm_ioctl io;

	dm_start(&io, name, table->used);
	io.target_count = table->n;
	io.flags = read_only ? DM_READONLY_FLAG : 0;
	memcpy(table->buffer, &io, sizeof(io));
	return ioctl(control, DM_TABLE_LOAD, table->buffer) < 0 ? -errno : 0;
}

int dm_swap(int control, const char *name, struct dm_table *table, bool read_only,
	    struct error **err)
{
	struct dm_ioctl io;
	int r = dm_load(control, name, table, read_only);

	if (r == 0)
		r = simple(control, DM_DEV_SUSPEND, name, &io, DM_SKIP_LOCKFS_FLAG);
	if (r == 0)
		return 0;
	/* some kernels keep what was loaded, some may stay suspended */
	simple(control, DM_TABLE_CLEAR, name, &io, 0);
	(void)!dm_resume(control, name, NULL);
	return error_sys(err, r, "cannot load %u segments into the mapped device '%s'", table->n,
			 name);
}

int dm_resume(int control, const char *name, struct error **err)
{
	struct dm_ioctl io;
	int r = simple(control, DM_DEV_STATUS, name, &io, 0);

	if (r == 0 && (io.flags & DM_SUSPEND_FLAG) && (io.flags & DM_ACTIVE_PRESENT_FLAG))
		r = simple(control, DM_DEV_SUSPEND, name, &io, DM_SKIP_LOCKFS_FLAG);
	return r < 0 ? error_sys(err, r, "cannot resume the mapped device '%s'", name) : 0;
}

int dm_remove(int control, const char *name, struct error **err)
{
	struct dm_ioctl io;
	int r = simple(control, DM_DEV_REMOVE, name, &io, 0);

	if (r == -EBUSY)
		return error_make(
			err, EBUSY,
			"cannot detach '%s': it is in use (a file system mounted from it?)", name);
	return r < 0 ? error_sys(err, r, "cannot remove the mapped device '%s'", name) : 0;
}

int dm_remove_later(int control, const char *name, struct error **err)
{
	struct dm_ioctl io;
	int r = simple(control, DM_DEV_REMOVE, name, &io, DM_DEFERRED_REMOVE);

	return r < 0 ? error_sys(err, r, "cannot remove the mapped device '%s'", name) : 0;
}

int dm_identify(int control, dev_t device, char *ret_name, char *ret_uuid, size_t size)
{
	struct dm_ioctl io;

	dm_start(&io, NULL, sizeof(io));
	io.dev = device;
	if (ioctl(control, DM_DEV_STATUS, &io) < 0)
		return -errno;
	if (ret_name)
		snprintf(ret_name, size, "%s", io.name);
	if (ret_uuid)
		snprintf(ret_uuid, size, "%s", io.uuid);
	return 0;
}

void dm_node(dev_t device, char *ret, size_t size)
{
	snprintf(ret, size, "/dev/dm-%u", minor(device));
}

static void mapper_path(const char *name, char *ret, size_t size)
{
	snprintf(ret, size, MAPPER_DIR "/%s", name);
}

int dm_make_nodes(const char *name, dev_t device, struct error **err)
{
	char node[32], path[64], target[40];

	dm_node(device, node, sizeof(node));
	if (access(node, F_OK) < 0 && mknod(node, S_IFBLK | 0600, device) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make '%s'", node);
	mapper_path(name, path, sizeof(path));
	snprintf(target, sizeof(target), "../%s", node + strlen("/dev/"));
	if (symlink(target, path) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot link '%s' to '%s'", path, target);
	return 0;
}

void dm_remove_nodes(const char *name, dev_t device)
{
	char node[32], path[64];

	mapper_path(name, path, sizeof(path));
	unlink(path);
	dm_node(device, node, sizeof(node));
	unlink(node);
	udev_path(device, path, sizeof(path));
	unlink(path);
}
