// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fixed images straight on the host's disk: a table of the file's extents on the device below the
 * mounted file system. No process stays behind, and no byte is in memory twice. The order, of which
 * each step may be the last one that is done:
 *
 *	the file is written out, and its extents are proven (dm/extents.h)
 *	the disk is made; samples of it are compared with the file
 *	the guard (dm/guard.h): from now on the file system cannot reach the blocks
 *	nothing of the file is in the page cache, and its extents are still the same
 *	the disk is announced
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/dm/guard.h"
#include "applets/vdattach/dm/hostfile.h"
#include "applets/vdattach/export/export.h"

enum { PIECES_MAX = 256, SAMPLE_SIZE = 4096 };

struct direct {
	int file;
	struct extents_run run;
	char device[HOSTFILE_NAME_MAX]; /* "sda1" */
	dev_t number;
	struct dm_segment segments[PIECES_MAX];
	size_t n;
};

/* Where the file is now. 0, or -EOPNOTSUPP and why it cannot be used there. */
static int direct_resolve(struct direct *d, struct error **err)
{
	struct file_extents extents = { .items = NULL };
	int r = hostfile_extents(d->file, d->run.offset + d->run.length, &extents, err);

	if (r == 0)
		r = extents_resolve(&extents, &d->run, d->segments, PIECES_MAX, &d->n, err);
	extents_release(&extents);
	return r;
}

static int direct_prepare(const struct vd_export *ex, struct direct *d, struct error **err)
{
	struct vd_extent run;
	int r;

	if (!vd_image_is_linear(ex->image, &run) || source_file_fd(run.source) < 0)
		return error_make(err, EOPNOTSUPP,
				  "%s image: only disks that are one run of a file",
				  ex->image->format->name);
	d->file = source_file_fd(run.source);
	d->run.offset = run.host_offset + ex->offset;
	d->run.length = ex->size ? ex->size : ex->image->size - ex->offset;
	r = hostfile_device(d->file, d->device, &d->number, &d->run.sector_size,
			    &d->run.device_size, err);
	if (r == 0 && d->run.sector_size > (ex->sector_size ? ex->sector_size : VD_SECTOR))
		r = error_make(err, EOPNOTSUPP, "the host's sectors have %" PRIu32 " bytes",
			       d->run.sector_size);
	if (r == 0)
		r = hostfile_check(d->file, err);
	d->run.length -= d->run.length % (ex->sector_size ? ex->sector_size : VD_SECTOR);
	return r == 0 ? direct_resolve(d, err) : r;
}

static int direct_refused(int r, const struct vd_image *image, struct error **err)
{
	return r < 0 ? error_wrap(err, "%s: cannot be mapped directly", image->source->name) : 0;
}

static int direct_probe(struct vd_image *image, struct error **err)
{
	const struct vd_export ex = { .image = image };
	struct direct d = { .n = 0 };
	int control = dm_open(err);

	if (control < 0)
		return control;
	close(control);
	return direct_refused(direct_prepare(&ex, &d, err), image, err);
}

static int direct_load(const struct direct *d, int control, const char *name, bool read_only,
		       struct error **err)
{
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	bool fits = dm_table_new(d->n + 1, &table) == 0;

	for (size_t i = 0; i < d->n && fits; i++) {
		const struct dm_segment *s = d->segments + i;

		fits = dm_table_disk(&table, s->start / DM_SECTOR, s->length / DM_SECTOR, d->number,
				     s->host_offset / DM_SECTOR);
	}
	if (!fits)
		return error_no_memory(err);
	return dm_swap(control, name, &table, read_only, err);
}

static int compare_sample(const struct direct *d, int disk, uint64_t offset, struct error **err)
{
	uint8_t file[SAMPLE_SIZE], raw[SAMPLE_SIZE];
	size_t n = (size_t)MIN((uint64_t)SAMPLE_SIZE, d->run.length - offset);

	errno = 0; /* stays so when less than n bytes are there */
	if (pread(d->file, file, n, (off_t)(d->run.offset + offset)) != (ssize_t)n ||
	    pread(disk, raw, n, (off_t)offset) != (ssize_t)n)
		return error_sys(err, errno ? errno : EIO, "cannot read at %" PRIu64, offset);
	if (memcmp(file, raw, n) != 0)
		return error_make(err, EOPNOTSUPP,
				  "the disk has other bytes at %" PRIu64 " than the file", offset);
	return 0;
}

/* Begin and end of each piece: a file system whose extents mean something else is found out. */
static int direct_compare(const struct direct *d, const char *node, struct error **err)
{
	_cleanup_close_ int disk = open(node, O_RDONLY | O_CLOEXEC);
	int r = disk < 0 ? error_sys(err, errno, "cannot open '%s'", node) : 0;

	for (size_t i = 0; i < d->n && r == 0; i++) {
		const struct dm_segment *s = d->segments + i;

		r = compare_sample(d, disk, s->start, err);
		if (r == 0)
			r = compare_sample(
				d, disk,
				s->start + s->length - MIN(s->length, (uint64_t)SAMPLE_SIZE), err);
	}
	return r;
}

/* Until here the file system had the blocks as well. */
static int direct_check_again(const struct direct *d, struct error **err)
{
	_cleanup_free_ struct direct *now = malloc(sizeof(*now));
	int r;

	if (!now)
		return error_no_memory(err);
	*now = *d;
	r = hostfile_uncache(d->file, d->run.offset + d->run.length, err);
	if (r == 0)
		r = direct_resolve(now, err);
	if (r == 0 && (now->n != d->n ||
		       memcmp(now->segments, d->segments, d->n * sizeof(*d->segments)) != 0))
		r = error_make(err, EBUSY, "the file was moved meanwhile");
	return r;
}

/* The disk has a table from here on. */
static int direct_take(const struct direct *d, const char *name, const char *node,
		       struct error **err)
{
	int r = direct_compare(d, node, err);

	if (r == 0)
		r = hostfile_uncache(d->file, d->run.offset + d->run.length, err);
	if (r == 0)
		r = dm_guard_refresh(d->device, true, err);
	if (r == 0)
		r = direct_check_again(d, err);
	return r < 0 ? error_wrap(err, "%s", name) : 0;
}

static int direct_make(struct vd_export *ex, const struct direct *d, struct error **err)
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
	dm_node(device, node, sizeof(node));
	r = direct_load(d, control, name, ex->image->read_only, err);
	if (r == 0)
		r = dm_make_nodes(name, device, err);
	if (r == 0)
		r = direct_take(d, name, node, err);
	ex->devpath = r == 0 ? strdup(node) : NULL;
	if (ex->devpath)
		return 0;
	if (dm_guard_remove(node + strlen("/dev/"), NULL) < 0)
		(void)!dm_remove(control, name, NULL);
	return r < 0 ? r : error_no_memory(err);
}

static int direct_attach(struct vd_export *ex, struct error **err)
{
	_cleanup_free_ struct direct *d = calloc(1, sizeof(*d));
	int r = d ? 0 : error_no_memory(err);

	/* nobody else will: the kernel passes the format by */
	if (r == 0 && !ex->image->read_only)
		r = vd_image_begin_write(ex->image, err);
	if (r == 0 && !ex->image->read_only)
		r = vd_image_flush(ex->image, err);
	if (r == 0)
		r = direct_prepare(ex, d, err);
	if (r == 0)
		r = direct_make(ex, d, err);
	return direct_refused(r, ex->image, err);
}

static int direct_detach(struct vd_export *ex, struct error **err)
{
	return dm_guard_remove(ex->devpath + strlen("/dev/"), err);
}

const struct vd_export_ops vd_export_direct = {
	.name = "direct",
	.by_name = true,
	.probe = direct_probe,
	.attach = direct_attach,
	.detach = direct_detach,
};
