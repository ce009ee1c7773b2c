// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/loopdev.h"
#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/dm/guard.h"
#include "applets/vdattach/export/control.h"
#include "applets/vdattach/export/devlinks.h"
#include "applets/vdattach/source/sysfs.h"
#include "common/msg.h"

/* /dev/loop0p1, /dev/vdhost/Partition1, /dev/vdhost/EntireDisk -> /dev/loop0 */
static int whole_device(const char *device, char **ret, struct error **err)
{
	_cleanup_free_ char *real = realpath(device, NULL);
	_cleanup_free_ char *name = NULL;
	int r;

	if (!real)
		return error_sys(err, errno, "cannot detach '%s'", device);
	r = dm_disk_whole(strrchr(real, '/') + 1, &name);
	if (r < 0)
		return error_make(err, r, "cannot detach '%s': not a block device", device);
	if (asprintf(ret, "/dev/%s", name) < 0) {
		*ret = NULL;
		return error_sys(err, ENOMEM, "cannot detach '%s'", device);
	}
	return 0;
}

static int detach_disk(const char *disk, const char *operand, struct error **err)
{
	char answer[CONTROL_TEXT_MAX];
	const char *name = disk + strlen("/dev/");

	/* what was unmounted a moment ago may not be let go yet; who else has it is told below */
	(void)wait_until_free(disk, 1);
	if (control_exists(name))
		return control_ask(name, "detach", true, answer, err);
	if (dm_disk_is_ours(name))
		return dm_guard_remove(name, err);
	if (strncmp(name, "loop", 4) == 0)
		return loop_detach(disk, err);
	return error_make(err, ENODEV, "cannot detach '%s': not a device of vdattach", operand);
}

/* Whether r, of a detach, comes from somebody else having done it: the last error of a daemon is
 * another. */
static bool was_detached(const char *disk, int r)
{
	const char *name = disk ? disk + strlen("/dev/") : "";
	uint64_t sectors = 0;

	if (r != -ENOENT && r != -EPIPE && r != -ENXIO && r != -ENODEV)
		return false;
	return !disk || (!control_exists(name) &&
			 (sysfs_read_u64(name, "size", &sectors) < 0 || sectors == 0));
}

int cmd_detach(const struct options *options, struct error **err)
{
	_cleanup_free_ char *disk = NULL;
	int r;

	r = whole_device(options->operand, &disk, err);
	if (r == 0 && disk)
		r = detach_disk(disk, options->operand, err);
	if (r < 0 && options->if_attached && was_detached(disk, r)) {
		error_release(err);
		r = 0;
	}
	if (r < 0 || !disk)
		return r;
	devlinks_remove(options->links, disk);
	/* of mapped partitions, which have names of their own */
	devlinks_remove_stale(options->links);
	msg(MSG_INFO, "%s detached", disk);
	return 0;
}
