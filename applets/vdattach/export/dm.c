// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Read-only disks by device-mapper alone: what the chain has is on loop devices over its files, the
 * rest reads as zeros. No process stays behind.
 */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/dm/loops.h"
#include "applets/vdattach/export/export.h"
#include "applets/vdattach/server/server.h"

#define SEGMENTS_MAX 4096u

/* The map of the whole chain; -EOPNOTSUPP when there is none that says everything. */
static int make_map(struct vd_image *image, uint32_t sector_size, struct dm_map *ret,
		    struct error **err)
{
	int r = dm_map_new(image->size, sector_size, SEGMENTS_MAX, ret);

	if (r < 0)
		return error_sys(err, r, "map of '%s'", image->source->name);
	r = dm_map_add_chain(ret, image, err);
	if (r == 0 && !ret->whole)
		r = error_make(err, EOPNOTSUPP,
			       "%s: the kernel cannot read all of it by itself: it has compressed "
			       "parts, parts of sectors, or more than %u pieces",
			       image->source->name, SEGMENTS_MAX);
	return r;
}

static int export_dm_probe(struct vd_image *image, struct error **err)
{
	struct dm_map map = { .segments = NULL };
	int control, r;

	if (!image->read_only)
		return error_make(err, EOPNOTSUPP,
				  "%s: without a server the device-mapper can only read",
				  image->source->name);
	if (source_file_fd(image->source) < 0)
		return error_make(err, EOPNOTSUPP, "%s: the kernel can only read files by itself",
				  image->source->name);
	control = dm_open(err);
	if (control < 0)
		return control;
	close(control);
	r = make_map(image, VD_SECTOR, &map, err);
	dm_map_release(&map);
	return r;
}

static int export_dm_load(int control, const char *name, const struct dm_map *map,
			  struct error **err)
{
	_cleanup_(dm_loops_release) struct dm_loops loops = { .n = 0 };
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	int r = dm_loops_update(&loops, map, true, err);

	if (r < 0)
		return r;
	r = dm_table_new(2 * map->n + 3, &table);
	if (r < 0 || !dm_map_build(map, loops.devices, 0, &table))
		return error_sys(err, ENOMEM, "table of '%s'", name);
	return dm_swap(control, name, &table, true, err);
}

static int make_disk(struct vd_export *ex, const struct dm_map *map, struct error **err)
{
	_cleanup_close_ int control = dm_open(err);
	char name[DM_NAME_SIZE], node[32];
	dev_t device;
	int r;

	if (control < 0)
		return control;
	r = dm_disk_create(control, name, &device, err);
	if (r < 0)
		return r;
	r = export_dm_load(control, name, map, err);
	if (r == 0)
		r = dm_make_nodes(name, device, err);
	if (r < 0) {
		(void)!dm_remove(control, name, NULL);
		return r;
	}
	dm_node(device, node, sizeof(node));
	ex->devpath = strdup(node);
	return ex->devpath ? 0 : error_sys(err, ENOMEM, "%s", node);
}

static int attach(struct vd_export *ex, struct error **err)
{
	_cleanup_(dm_map_release) struct dm_map map = { .segments = NULL };
	int r;

	if (ex->offset)
		return error_make(err, EOPNOTSUPP,
				  "%s: the device-mapper takes whole disks: the partition's own "
				  "device could not be made",
				  ex->image->source->name);
	r = make_map(ex->image, ex->sector_size ? ex->sector_size : VD_SECTOR, &map, err);
	return r == 0 ? make_disk(ex, &map, err) : r;
}

static int detach(struct vd_export *ex, struct error **err)
{
	return dm_disk_remove(ex->devpath + strlen("/dev/"), err);
}

/* What is only read has nothing to allocate: the map would not change, and the server is as good.
 */
static int probe_daemon(struct vd_image *image, struct error **err)
{
	if (!image->read_only)
		return 0;
	return error_make(err, EOPNOTSUPP,
			  "%s: read-only: nothing to gain from a map above a server",
			  image->source->name);
}

const struct vd_export_ops vd_export_dm_daemon = {
	.name = "dm",
	.probe = probe_daemon,
	.server = &vd_server_dm,
};

const struct vd_export_ops vd_export_dm = {
	.name = "dm",
	.probe = export_dm_probe,
	.attach = attach,
	.detach = detach,
};
