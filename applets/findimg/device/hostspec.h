/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user calls the host device: any, UUID=..., /dev/sda1, sda1, cdrom, usb. */
#ifndef APPLETS_FINDIMG_DEVICE_HOSTSPEC_H
#define APPLETS_FINDIMG_DEVICE_HOSTSPEC_H

#include <stdbool.h>

#include "applets/findimg/device/blockdev.h"
#include "applets/lib/fsprobe.h"
#include "common/error.h"

enum host_kind {
	HOST_ANY,
	HOST_CDROM,
	HOST_USB,
	HOST_UUID,
	HOST_LABEL,
	HOST_PARTUUID,
	HOST_PARTLABEL,
	HOST_DEVICE,
	HOST_BY_ID,
	HOST_BY_PATH,
	HOST_NUMBER,
};

struct hostspec {
	enum host_kind kind;
	char value[256]; /* decoded; for HOST_DEVICE the path below /dev */
	char text[256];	 /* as the user wrote it */
	int further;	 /* PARTUUID=../PARTNROFF=N: so many partitions after that one */
	dev_t number;	 /* HOST_NUMBER */
};

/*
 * Reads a spec. Accepted besides the forms above: MAJOR:MINOR, PARTUUID=../PARTNROFF=N,
 * the kernel's hexadecimal number, ID=, WWID= and HWPATH= for links by-id and by-path, a UUID with
 * * at its end for any end, /dev/md/NAME,
 * /dev/disk/by-{uuid,label,partuuid,partlabel,id,path}/VALUE, the value in double quotes, and \xNN
 * in a value for the bytes that a command line cannot carry (as udev writes them). NULL and "" are
 * `any`. 0, or -EINVAL with the forms that are accepted, for names that only udev can make too.
 */
int hostspec_parse(const char *text, struct hostspec *ret, struct error **err) _must_check_;

/*
 * Is dev, with fs on it, what the spec asks for? UUIDs compare without regard to case and dashes,
 * so NTFS serials (16 hex digits) and FAT serials (XXXX-XXXX) match in every spelling; labels
 * compare exactly.
 */
bool hostspec_match(const struct hostspec *spec, const char *sysfs, const struct blockdev *dev,
		    const struct fs_info *fs);

/* Does name ("sda", "/dev/sda", "/dev/mapper/x") mean dev itself? */
bool blockdev_named(const struct blockdev *dev, const char *name);

#endif
