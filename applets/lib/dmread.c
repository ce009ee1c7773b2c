// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "applets/lib/dm.h"

/* Until the table fits; the kernel has at most some thousand targets of ours. */
enum { READ_FIRST = 16 * 1024, READ_MAX = 4 * 1024 * 1024 };

/* *ret is the caller's to free, in any case. -ENOBUFS: size is too little. */
static int dmread_ask(int control, const char *name, size_t size, struct dm_ioctl **ret)
{
	struct dm_ioctl *io = calloc(1, size);

	if (!io)
		return -ENOMEM;
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = (uint32_t)size;
	io->data_start = sizeof(*io);
	io->flags = DM_STATUS_TABLE_FLAG;
	snprintf(io->name, sizeof(io->name), "%s", name);
	*ret = io;
	if (ioctl(control, DM_TABLE_STATUS, io) < 0)
		return errno ? -errno : -EIO;
	return io->flags & DM_BUFFER_FULL_FLAG ? -ENOBUFS : 0;
}

int dm_linear_parse(const struct dm_target_spec *spec, struct dm_linear *ret)
{
	const char *params = (const char *)(spec + 1);
	unsigned int major_number, minor_number, stripes = 0;
	int skip = 0;

	if (strcmp(spec->target_type, "striped") == 0) {
		if (sscanf(params, "%u %*u %n", &stripes, &skip) != 1 || stripes != 1)
			return 0;
	} else if (strcmp(spec->target_type, "linear") != 0) {
		return 0;
	}
	if (sscanf(params + skip, "%u:%u %" SCNu64, &major_number, &minor_number, &ret->offset) !=
	    3)
		return -EINVAL;
	ret->start = spec->sector_start;
	ret->length = spec->length;
	ret->device = makedev(major_number, minor_number);
	return 1;
}

static int dmread_visit(const struct dm_target_spec *spec,
			int (*visit)(void *arg, const struct dm_linear *), void *arg)
{
	struct dm_linear linear;
	int r = dm_linear_parse(spec, &linear);

	return r == 1 ? visit(arg, &linear) : r;
}

int dm_read_table(int control, const char *name, int (*visit)(void *arg, const struct dm_linear *),
		  void *arg, struct error **err)
{
	struct dm_ioctl *io = NULL;
	size_t at, size = READ_FIRST;
	int r = dmread_ask(control, name, size, &io);

	while (r == -ENOBUFS && size < READ_MAX) {
		free(io);
		io = NULL;
		size *= 4;
		r = dmread_ask(control, name, size, &io);
	}
	if (r < 0 || !io) {
		free(io);
		return error_sys(err, r, "cannot read the table of the mapped device '%s'", name);
	}
	at = io->data_start;
	for (uint32_t i = 0; i < io->target_count && r == 0; i++) {
		const struct dm_target_spec *spec =
			(const struct dm_target_spec *)((const char *)io + at);

		r = dmread_visit(spec, visit, arg);
		/* of a status, next counts from the first */
		at = io->data_start + spec->next;
	}
	free(io);
	return r;
}
