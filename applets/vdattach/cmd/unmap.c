// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/dm.h"
#include "applets/lib/dmhost.h"
#include "applets/vdattach/cmd/cmd.h"
#include "common/msg.h"

/* DM_NAME_LEN and DM_UUID_LEN of linux/dm-ioctl.h are less. */
enum { ID_SIZE = 256 };

/* lvm2 (lib/activate/dev_manager.c) and cryptsetup (lib/libdevmapper.c) begin their uuids so. */
static bool is_volume(const char *uuid)
{
	return strncmp(uuid, "LVM-", 4) == 0 || strncmp(uuid, "CRYPT-", 6) == 0;
}

static int unmap(int control, const char *device, dev_t number, struct error **err)
{
	char name[ID_SIZE], uuid[ID_SIZE];
	int r = dm_identify(control, number, name, NULL, sizeof(name));

	if (r == 0)
		r = dm_identify(control, number, NULL, uuid, sizeof(uuid));
	if (r < 0)
		return error_sys(err, r, "cannot unmap '%s'", device);
	if (strncmp(uuid, DM_HOST_PREFIX, strlen(DM_HOST_PREFIX)) == 0)
		return dm_host_unwrap(device, err);
	if (!is_volume(uuid))
		return error_make(
			err, ENODEV,
			"cannot unmap '%s': not a volume of LVM or LUKS, and no wrapper of a host",
			device);
	r = dm_remove(control, name, err);
	if (r == 0)
		dm_remove_nodes(name, number);
	return r;
}

int cmd_unmap(const struct options *options, struct error **err)
{
	const char *device = options->operand;
	_cleanup_close_ int control = -1;
	struct stat st;

	if (stat(device, &st) < 0)
		return error_sys(err, errno, "cannot unmap '%s'", device);
	if (!S_ISBLK(st.st_mode))
		return error_make(err, ENOTBLK, "cannot unmap '%s': not a block device", device);
	control = dm_open(err);
	return control < 0 ? control : unmap(control, device, st.st_rdev, err);
}
