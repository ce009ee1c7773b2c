// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/dm.h"
#include "common/msg.h"

/* The caller frees it; NULL: no memory. */
static char *part_name(const struct store_parts *parts, unsigned int n)
{
	char *name;

	if (n == 0)
		return strdup(parts->first);
	return asprintf(&name, "%s.%u", parts->path, n) < 0 ? NULL : name;
}

int parts_look(const char *path, struct store_parts *ret, struct error **err)
{
	struct stat st;

	*ret = (struct store_parts){ .path = path, .first = path };
	for (; ret->count < MAX_PARTS; ret->count++) {
		_cleanup_free_ char *name = part_name(ret, ret->count);

		if (!name)
			return error_no_memory(err);
		if (stat(name, &st) < 0 && ret->count == 0)
			return error_sys(err, errno, "'%s'", path);
		if (stat(name, &st) < 0 || !S_ISREG(st.st_mode))
			break;
		ret->sizes[ret->count] = (uint64_t)st.st_size / DM_SECTOR * DM_SECTOR;
		ret->total += ret->sizes[ret->count];
	}
	return 0;
}

uint64_t parts_limit(uint64_t file_limit)
{
	uint64_t limit;
	int control;

	if (file_limit >= INT64_MAX / MAX_PARTS)
		return file_limit;
	control = dm_open(NULL);
	limit = control < 0 ? file_limit : file_limit * MAX_PARTS;
	closep(&control);
	return limit;
}

static int extend_one(struct store_parts *parts, unsigned int n, uint64_t size,
		      const struct room *room, struct error **err)
{
	const bool fresh = n >= parts->count;
	_cleanup_free_ char *name = part_name(parts, n);
	_cleanup_close_ int fd = -1;
	int r;

	if (!name)
		return error_no_memory(err);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0600);
	if (fd < 0)
		return error_sys(err, errno, "cannot make '%s'", name);
	r = file_extend(fd, parts->sizes[n], size, room->fat);
	if (r < 0 || fsync(fd) < 0)
		return error_sys(err, r < 0 ? r : errno, "cannot fill '%s'", name);
	parts->total += size - parts->sizes[n];
	parts->sizes[n] = size;
	parts->count = MAX(parts->count, n + 1);
	return 0;
}

int parts_extend(struct store_parts *parts, uint64_t want, const struct room *room,
		 struct error **err)
{
	unsigned int n = parts->count ? parts->count - 1 : 0;
	int r = 0;

	for (; r == 0 && parts->total < want && n < MAX_PARTS; n++) {
		uint64_t size = MIN(room->limit, parts->sizes[n] + (want - parts->total));

		if (size > parts->sizes[n])
			r = extend_one(parts, n, size, room, err);
	}
	return r;
}

static int add_part(struct dm_table *table, uint64_t start, uint64_t size, const char *device,
		    struct error **err)
{
	struct stat st;

	if (stat(device, &st) < 0)
		return error_sys(err, errno, "'%s'", device);
	if (!dm_table_linear(table, start / DM_SECTOR, size / DM_SECTOR, st.st_rdev, 0))
		return error_no_memory(err);
	return 0;
}

static int attach_parts(const struct store_parts *parts, struct stack *stack,
			struct dm_table *table, struct error **err)
{
	uint64_t start = 0;
	unsigned int i;
	int r = 0;

	for (i = 0; i < parts->count && r == 0; i++) {
		_cleanup_free_ char *name = part_name(parts, i), *device = NULL;
		struct loop_request req = { .path = name, .fd = -1, .direct_io = true };

		if (!name)
			return error_no_memory(err);
		r = stack_loop(stack, &req, &device, err);
		if (r == 0)
			r = add_part(table, start, parts->sizes[i], device, err);
		start += parts->sizes[i];
	}
	return r;
}

static int make_mapped(struct dm_table *table, char **ret_device, char *mapped, struct error **err)
{
	_cleanup_close_ int control = dm_open(err);
	char node[32];
	dev_t device;
	int r;

	if (control < 0)
		return control;
	snprintf(mapped, 32, "vi-store-%u", (unsigned int)getpid());
	r = dm_create(control, mapped, mapped, &device, err);
	if (r < 0)
		*mapped = '\0';
	if (r == 0)
		r = dm_swap(control, mapped, table, false, err);
	if (r < 0)
		return r;
	dm_node(device, node, sizeof(node));
	*ret_device = strdup(node);
	return *ret_device ? 0 : error_no_memory(err);
}

int parts_attach(const struct store_parts *parts, struct stack *stack, char **ret_device,
		 char *mapped, struct error **err)
{
	struct loop_request req = { .path = parts->first, .fd = -1, .direct_io = true };
	struct dm_table table;
	int r;

	*mapped = '\0';
	if (parts->count == 1)
		return stack_loop(stack, &req, ret_device, err);
	if (dm_table_new(parts->count, &table) < 0)
		return error_no_memory(err);
	r = attach_parts(parts, stack, &table, err);
	if (r == 0)
		r = make_mapped(&table, ret_device, mapped, err);
	dm_table_release(&table);
	if (r < 0)
		parts_release(mapped);
	return r;
}

void parts_release(const char *mapped)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_close_ int control = -1;

	if (!*mapped)
		return;
	control = dm_open(&err);
	if (control < 0 || dm_remove_later(control, mapped, &err) < 0)
		msg(MSG_WARNING, "%s", error_msg(err));
}
