// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/state.h"
#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/cmd/remote.h"
#include "applets/vdattach/export/devlinks.h"
#include "applets/vdattach/export/export.h"
#include "applets/vdattach/export/partnode.h"
#include "common/msg.h"

struct attachment {
	struct vd_export ex;
	const struct partition *alone; /* the device is this partition alone, not the disk */
	char *nodes[PARTITIONS_MAX];   /* by index in the table; NULL = the kernel has none */
	const char *result;	       /* device to print */
};

static void attachment_release(struct attachment *a)
{
	vd_export_release(&a->ex);
	for (size_t i = 0; i < PARTITIONS_MAX; i++)
		free(a->nodes[i]);
}

/* The kernel's nodes for all partitions; only a missing one that was asked for matters. */
static void collect_nodes(const struct open_disk *disk, struct attachment *a)
{
	a->result = disk->partition ? NULL : a->ex.devpath;
	for (size_t i = 0; i < disk->table.n; i++) {
		const struct partition *p = disk->table.items + i;
		_cleanup_error_ struct error *err = NULL;

		if (partnode_ensure(a->ex.devpath, p, &a->nodes[i], &err) < 0)
			msg(p == disk->partition ? MSG_WARNING : MSG_INFO, "%s", error_msg(err));
		else if (p == disk->partition)
			a->result = a->nodes[i];
	}
}

/* The partition by itself, at its offset in the disk. */
static int attach_alone(const struct options *options, struct open_disk *disk, struct attachment *a,
			struct error **err)
{
	int r = vd_export_detach(&a->ex, err);

	if (r < 0)
		return r;
	attachment_release(a);
	memset(a->nodes, 0, sizeof(a->nodes));
	/* a daemon has it then */
	if (!disk->image) {
		disk_close(disk);
		r = disk_open_chosen(options, options->read_only, disk, err);
		if (r < 0)
			return r;
	}
	a->ex.image = disk->image;
	a->alone = disk->partition;
	a->ex.offset = disk->partition->start;
	a->ex.size = disk->partition->length;
	a->ex.partscan = false;
	r = vd_export_attach(&a->ex, err);
	a->result = a->ex.devpath;
	return r;
}

/* The daemon that failed had the image. */
static int open_again(const struct options *options, struct open_disk *disk, struct error **err)
{
	if (disk->image)
		return 0;
	disk_close(disk);
	return disk_open_chosen(options, options->read_only, disk, err);
}

/* The best exporter; one that fails or does not answer is followed by the next. */
static int attach_by_any(const struct options *options, struct open_disk *disk,
			 struct attachment *a, struct error **err)
{
	int r = vd_export_choose(&a->ex, options->exporter, err);

	while (r == 0) {
		_cleanup_error_ struct error *why = NULL, *none = NULL;

		a->ex.others_may = false;
		r = vd_export_attach(&a->ex, &why);
		if (r == 0)
			break;
		msg(a->ex.others_may ? MSG_WARNING : MSG_DEBUG, "exporter %s is given up: %s",
		    a->ex.ops->name, error_msg(why));
		if (!a->ex.others_may)
			return error_move(err, steal_ptr(&why));
		r = open_again(options, disk, err);
		if (r < 0)
			return r;
		a->ex.image = disk->image;
		if (vd_export_choose(&a->ex, options->exporter, &none) < 0)
			return error_move(err, steal_ptr(&why));
	}
	return r;
}

static int attach_disk(const struct options *options, struct open_disk *disk, struct attachment *a,
		       struct error **err)
{
	struct launch launch = { options, disk };
	int r;

	a->ex.image = disk->image;
	a->ex.sector_size = disk->table.sector_size;
	a->ex.partscan = true;
	a->ex.size = disk->view->size;
	a->ex.launch = launch_daemon;
	a->ex.arg = &launch;
	r = attach_by_any(options, disk, a, err);
	if (r < 0)
		return r;
	collect_nodes(disk, a);
	return a->result ? 0 : attach_alone(options, disk, a, err);
}

static int make_links(const char *dir, const struct open_disk *disk, const struct attachment *a,
		      struct error **err)
{
	int r;

	if (devlinks_in_use(dir)) {
		msg(MSG_INFO, "%s: belongs to another disk, no links made", dir);
		return 0;
	}
	if (a->alone)
		return devlinks_set(dir, a->alone->number, a->ex.devpath, err);
	r = devlinks_set(dir, 0, a->ex.devpath, err);
	for (size_t i = 0; i < disk->table.n && r == 0; i++) {
		if (a->nodes[i])
			r = devlinks_set(dir, disk->table.items[i].number, a->nodes[i], err);
	}
	return r;
}

static int announce(const struct options *options, const struct open_disk *disk,
		    const struct attachment *a, struct error **err)
{
	_cleanup_error_ struct error *no_links = NULL;
	/* losetup takes a loop device down, all others are vdattach's own affair */
	const char *kind = a->ex.ops == &vd_export_loop ? "loop" : "vdattach";
	int r = state_push(options->state, "%s %s", kind, a->ex.devpath);

	/* I/O on such a disk is suspended when its processes are killed: the shutdown has to know
	 */
	if (r == 0 && a->ex.ops->server)
		r = state_push(options->state, "served %s", a->ex.devpath);
	if (r < 0)
		return error_sys(err, r, "cannot record '%s' in '%s'", a->ex.devpath,
				 options->state);
	/* the device works without them */
	if (make_links(options->links, disk, a, &no_links) < 0)
		msg(MSG_WARNING, "%s", error_msg(no_links));
	puts(a->result);
	return finish_stdout(err);
}

/* The disk is there before its partitions are known: they are read from it. */
static int look_at_remote(const struct options *given, struct open_disk *disk, struct attachment *a,
			  struct error **err)
{
	struct options options = *given;
	int r;

	options.operand = a->ex.devpath;
	options.format = "raw";
	options.exporter = NULL;
	r = disk_open_chosen(&options, true, disk, err);
	if (r < 0)
		return r;
	disk_close_image(disk);
	collect_nodes(disk, a);
	if (!a->result)
		return error_make(err, ENODEV, "%s: the kernel has no node for partition %s",
				  given->operand, given->partition);
	return announce(given, disk, a, err);
}

static int attach_remote(const struct options *options, struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	_cleanup_(attachment_release) struct attachment a = { .ex.ops = &vd_export_remote };
	int r = remote_attach(options, &a.ex.devpath, err);

	if (r < 0)
		return r;
	r = look_at_remote(options, &disk, &a, err);
	if (r < 0) {
		disk_close(&disk);
		devlinks_remove(options->links, a.ex.devpath);
		(void)!vd_export_detach(&a.ex, NULL);
	}
	return r;
}

int cmd_attach(const struct options *given, struct error **err)
{
	struct options locking = *given;
	const struct options *options = &locking;
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	_cleanup_(attachment_release) struct attachment a = { .result = NULL };
	int r;

	if (nbd_uri_is(given->operand))
		return attach_remote(given, err);
	locking.lock = true;
	r = disk_open_chosen(options, options->read_only, &disk, err);
	if (r < 0)
		return r;
	r = disk_refuse_second(&disk, err);
	if (r < 0)
		return r;
	r = attach_disk(options, &disk, &a, err);
	if (r < 0)
		return r;
	r = announce(options, &disk, &a, err);
	if (r < 0) {
		devlinks_remove(options->links, a.ex.devpath);
		(void)!vd_export_detach(&a.ex, NULL);
	}
	return r;
}
