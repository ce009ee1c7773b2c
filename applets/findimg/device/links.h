/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names that udev gives to block devices in /dev/disk/by-id and by-path, made from /sys alone:
 * 60-persistent-storage.rules with its helpers ata_id, scsi_id, usb_id and path_id (systemd).
 */
#ifndef APPLETS_FINDIMG_DEVICE_LINKS_H
#define APPLETS_FINDIMG_DEVICE_LINKS_H

#include "applets/findimg/device/blockdev.h"
#include "applets/lib/fsprobe.h"

/* Is name of a kind that can be made without udev? 0, or -EINVAL with the kinds that can. */
int link_id_check(const char *name, struct error **err) _must_check_;
int link_path_check(const char *name, struct error **err) _must_check_;

/* Does udev call dev, which has fs on it, /dev/disk/by-id/NAME? */
bool link_id_match(const char *sysfs, const struct blockdev *dev, const struct fs_info *fs,
		   const char *name);

/* The same for /dev/disk/by-path/NAME. */
bool link_path_match(const char *sysfs, const struct blockdev *dev, const char *name);

/* The length of name without "-partN", whose number is *ret_part; 0 without any. */
size_t link_split(const char *name, unsigned int *ret_part);

/* For link_id_match: the ids of a disk of the SCSI subsystem, by its directory in sysfs. */
struct link_ids {
	char id[8][160];
	size_t count;
};

void link_add(struct link_ids *ids, const char *fmt, ...) _printf_(2, 3);

/* Reads the file dir/name, without blanks at both ends; blanks inside and what udev takes for
 * unsafe become '_'. False: there is none. */
bool link_attr(const char *dir, const char *name, char *to, size_t size);

/* The same for text of length bytes. */
void link_clean(const char *text, size_t length, char *to, size_t size);

/* Adds what ata_id, scsi_id or usb_id make of the disk whose directory is dir. */
void link_scsi_ids(const char *dir, struct link_ids *ids);

#endif
