// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/candidate.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "applets/findimg/filesystem/mount.h"
#include "applets/findimg/filesystem/pathfind.h"
#include "applets/findimg/filesystem/pathfold.h"
#include "applets/findimg/filesystem/roguard.h"
#include "applets/findimg/filesystem/swapfile.h"
#include "applets/findimg/filesystem/table.h"
#include "common/file.h"
#include "common/msg.h"

bool candidate_no(struct candidate *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return false;
}

static bool is_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		const char *word = strncmp(p, "/dev/", 5) == 0 ? p + 5 : p;

		if (strncmp(word, name, n) == 0 && (word[n] == ',' || word[n] == '\0'))
			return true;
	}
	return false;
}

static bool is_on_disk(const struct blockdev *dev, const char *disk)
{
	if (strncmp(disk, "/dev/", 5) == 0)
		disk += 5;
	return strcmp(dev->disk, disk) == 0 || blockdev_named(dev, disk);
}

/* Floppy drives take seconds to answer that they are empty. */
static bool is_floppy(const struct blockdev *dev)
{
	return strncmp(dev->name, "fd", 2) == 0 && isdigit((unsigned char)dev->name[2]);
}

/* The firmware's own. udev looks for no file system there either. */
static bool is_firmware(const struct blockdev *dev)
{
	const char *part = blockdev_emmc_part(dev->disk);

	return strncmp(part, "boot", 4) == 0 || strcmp(part, "rpmb") == 0;
}

/* Nothing is opened before this. */
static bool may_open(struct candidate *c, const struct request *rq)
{
	const struct blockdev *dev = &c->dev;

	if (rq->only && !is_listed(rq->only, dev->name) && !is_listed(rq->only, dev->disk))
		return candidate_no(c, "not to be looked at");
	if (rq->disk && !is_on_disk(dev, rq->disk))
		return candidate_no(c, "is not on disk %s", rq->disk);
	if (is_floppy(dev) && rq->host.kind < HOST_DEVICE)
		return candidate_no(c, "floppy: only looked at when named");
	if (is_firmware(dev) && rq->host.kind < HOST_DEVICE)
		return candidate_no(c, "firmware of an eMMC: only looked at when named");
	if (dev->size == 0)
		return candidate_no(c, "no medium");
	return true;
}

static void look_up_mount(struct candidate *c)
{
	_cleanup_free_ char *list = NULL;

	c->is_mounted = read_text("/proc/self/mountinfo", &list, NULL) == 0 &&
			mounted_find(list, &c->dev, &c->mounted);
}

static bool candidate_identify(struct candidate *c, const struct request *rq,
			       const struct answer *answer)
{
	c->fs = answer->fs;
	c->devices.part = answer->part;
	if (answer->r == -ENOMEDIUM)
		return candidate_no(c, "no medium");
	look_up_mount(c);
	if (!hostspec_match(&rq->host, rq->sysfs, &c->dev, &c->fs))
		return candidate_no(c, "is not %s", rq->host.text);
	if (answer->r < 0 && answer->r != -ENOENT)
		return candidate_no(c, "%s", answer->error);
	return true;
}

static bool can_hold_files(struct candidate *c)
{
	const char *refusal;

	if (!*c->fs.type && c->dev.has_partitions)
		return candidate_no(c, "has partitions, which are looked at one by one");
	if (!*c->fs.type)
		return candidate_no(c, "nothing recognised on it");
	refusal = fs_type_refusal(c->fs.type);
	if (refusal)
		return candidate_no(c, "%s", refusal);
	if (c->fs.devices > 1)
		return candidate_no(
			c, "a bcachefs of %u devices: this version mounts those of one device only",
			c->fs.devices);
	if (*c->dev.holder && !c->is_mounted)
		return candidate_no(c, "used by %s", c->dev.holder);
	return true;
}

/* No path is there as it was written. */
static bool lacks(struct candidate *c, const struct request *rq, const struct path_matches *near)
{
	const char *note = c->dirty && c->unclean ? " (journal not replayed)" : "";

	if (near->count)
		return candidate_no(c, "does not hold %s, but %s%s%s%s", rq->paths[0],
				    near->path[0], near->count > 1 ? " and " : "",
				    near->count > 1 ? near->path[1] : "", note);
	return candidate_no(c, "does not hold %s%s%s", rq->paths[0],
			    rq->path_count > 1 ? " nor the others" : "", note);
}

/*
 * Windows and the boot loaders take a path on NTFS in any case of its letters, and Linux's drivers
 * do not: one that only one file can be meant by is followed. Returns its descriptor, with c->file;
 * -ENOENT, with c->why.
 */
static int open_in_other_case(struct candidate *c, const struct request *rq, const char *root)
{
	_cleanup_matches_ struct path_matches near = { .count = 0 };
	int fd = -ENOENT;

	for (size_t i = 0; i < rq->path_count && !near.count; i++)
		path_find_folded(root, rq->paths[i], &near);
	if (near.count == 1 && strcmp(c->fs.type, "ntfs") == 0)
		fd = path_open_below(root, near.path[0]);
	if (fd < 0) {
		lacks(c, rq, &near);
		return -ENOENT;
	}
	c->file = steal_ptr(&near.path[0]);
	return fd;
}

/* The file system is visible below root: is the image there? */
static bool search_below(struct candidate *c, const struct request *rq, const char *root)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_close_ int fd = -1;
	const char *failed;
	int r;

	if (strcmp(c->fs.type, "ntfs") == 0)
		c->windows = windows_state_read(root);
	if (rq->path_count == 0)
		return true;
	r = path_find(root, rq->paths, rq->path_count, &c->file, &fd, &failed);
	if (r < 0 && r != -ENOENT)
		return candidate_no(c,
				    "has %s, but cannot read it (%s): check this file system first",
				    failed, strerror(-r));
	if (r < 0) {
		fd = open_in_other_case(c, rq, root);
		if (fd < 0)
			return false;
	}
	if (image_id_check(&rq->id, fd, &err) < 0)
		return candidate_no(c, "%s", error_msg(err));
	return true;
}

/* Mounts c on place, without a trace, for as long as look is at work. 0 or -errno. */
static int candidate_visit(struct candidate *c, const char *place,
			   void (*look)(struct candidate *c, const char *root, void *arg),
			   void *arg, struct error **err)
{
	const struct fs_type *type = fs_type_find(c->fs.type);
	_cleanup_guard_ struct roguard guard = { 0 };
	struct roguard *others = NULL;
	int r;

	if (roguard_raise(&guard, c->dev.path, !type->proven, err) < 0)
		return -EIO;
	r = devices_hold(&c->devices, &others, err);
	if (r < 0)
		return r;
	r = fs_mount(roguard_source(&guard), place, type, MOUNT_LOOK, devices_data(&c->devices),
		     err);
	if (r == 0) {
		_cleanup_error_ struct error *stays = NULL;

		look(c, place, arg);
		if (fs_unmount(place, &stays) < 0)
			msg(MSG_WARNING, "%s", error_msg(stays));
	}
	if (strcmp(c->fs.type, "btrfs") == 0)
		devices_forget(&c->devices, c->dev.path);
	devices_release(&c->devices, others);
	return r;
}

struct path_look {
	const struct request *rq;
	bool found;
};

static void look_for_path(struct candidate *c, const char *root, void *arg)
{
	struct path_look *look = arg;

	look->found = search_below(c, look->rq, root);
}

static bool look_inside(struct candidate *c, const struct request *rq)
{
	_cleanup_error_ struct error *err = NULL;
	struct path_look look = { .rq = rq };
	enum fs_state state;

	if (c->is_mounted)
		return *c->mounted.place ? search_below(c, rq, c->mounted.place)
					 : candidate_no(c, "only a part of it is mounted");
	state = fs_state_read(c->dev.path, c->fs.type);
	c->dirty = state == FS_DIRTY;
	c->unclean = fs_type_find(c->fs.type)->look && state != FS_CLEAN;
	if (candidate_visit(c, rq->mountpoint, look_for_path, &look, &err) < 0)
		return candidate_no(c, "%s", error_msg(err));
	return look.found;
}

static void look_for_swapfile(struct candidate *c, const char *root, void *arg)
{
	c->swapfile = swapfile_hibernated(root);
}

/* File systems that Linux can have a swap file on and hibernate to. */
static bool may_have_swapfile(const struct candidate *c)
{
	static const char *const types[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(c->fs.type, types[i]) == 0)
			return !c->devices.incomplete && !c->is_mounted && !*c->dev.holder &&
			       fs_state_read(c->dev.path, c->fs.type) != FS_CLEAN;
	return false;
}

void candidate_seek_swapfile(struct candidate *c)
{
	_cleanup_error_ struct error *err = NULL;
	char place[] = "/run/findimg-XXXXXX";

	/* what has not answered yet is sought when it has */
	if (c->sought || c->question.pid)
		return;
	c->sought = true;
	if (!may_have_swapfile(c) || !mkdtemp(place))
		return;
	if (candidate_visit(c, place, look_for_swapfile, NULL, &err) < 0)
		msg(MSG_DEBUG, "%s: no look for a swap file: %s", c->dev.path, error_msg(err));
	rmdir(place);
}

static bool examine(struct candidate *c, const struct request *rq)
{
	/* a device that was asked for by name or id, and nothing on it, may carry anything */
	if (!rq->path_count && !rq->mountpoint && rq->host.kind != HOST_ANY)
		return true;
	if (!can_hold_files(c))
		return false;
	if (rq->dry_run || !rq->mountpoint)
		return true;
	return look_inside(c, rq);
}

void candidate_ask(struct candidate *c, const struct request *rq)
{
	int r;

	candidate_clear(c);
	if (!may_open(c, rq))
		return;
	r = question_ask(&c->question, c->dev.path);
	if (r < 0)
		candidate_no(c, "cannot be examined: %s", strerror(-r));
}

void candidate_hear(struct candidate *c, const struct request *rq)
{
	struct answer answer;

	if (c->question.pid && answer_take(&c->question, &answer))
		c->eligible = candidate_identify(c, rq, &answer);
}

void candidate_examine(struct candidate *c, const struct request *rq)
{
	free(c->file);
	c->file = NULL;
	c->matches = examine(c, rq);
}

void candidate_examine_replayed(struct candidate *c, const struct request *rq)
{
	_cleanup_error_ struct error *err = NULL;

	if (devices_scan(&c->devices, c->dev.path, &err) < 0 ||
	    fs_mount(c->dev.path, rq->mountpoint, fs_type_find(c->fs.type), MOUNT_WRITE,
		     devices_data(&c->devices), &err) < 0) {
		c->matches = candidate_no(c, "%s", error_msg(err));
		return;
	}
	c->unclean = c->dirty = false;
	c->matches = search_below(c, rq, rq->mountpoint);
	if (fs_unmount(rq->mountpoint, &err) < 0)
		msg(MSG_WARNING, "%s", error_msg(err));
}

void candidate_clear(struct candidate *c)
{
	question_drop(&c->question);
	c->slow = c->known = false;
	free(c->file);
	c->file = NULL;
	free(c->swapfile);
	c->swapfile = NULL;
	c->sought = false;
	free(c->devices.others);
	c->devices = (struct devices){ 0 };
	c->fs = (struct fs_info){ 0 };
	c->matches = c->eligible = false;
	c->is_mounted = c->unclean = c->dirty = false;
	c->windows = WINDOWS_NONE;
	c->why[0] = '\0';
}

bool candidate_is_twin(const struct candidate *a, const struct candidate *b)
{
	if (!*a->fs.uuid || strcmp(a->fs.uuid, b->fs.uuid) != 0 ||
	    strcmp(a->fs.type, b->fs.type) != 0)
		return false;
	return blockdev_same_disk(&a->dev, &b->dev) ||
	       (strcmp(a->dev.disk, b->dev.disk) == 0 && (!a->dev.partition || !b->dev.partition));
}
