/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block devices that the kernel has, as /sys tells. */
#ifndef APPLETS_FINDIMG_DEVICE_BLOCKDEV_H
#define APPLETS_FINDIMG_DEVICE_BLOCKDEV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct blockdev {
	char name[64];	   /* the kernel's: sda1, cciss!c0d0p1 */
	char disk[64];	   /* name of the whole disk; equal to name when this is one */
	char path[72];	   /* /dev/sda1, /dev/cciss/c0d0p1 */
	char dm_name[128]; /* of a device-mapper device, as in /dev/mapper/; else "" */
	char devpath[512]; /* below /sys/devices: where it is plugged in */
	char bus[16];	   /* usb virtio ata nvme mmc scsi firewire xen virtual */
	char holder[64];   /* a device built on this one (dm-0, md0), or "" */
	char wwid[256];	   /* of the disk, the same by each path to it; "" where it has none */
	uint64_t size;	   /* bytes; 0: no medium, or nothing attached */
	dev_t devnum;
	unsigned int partition; /* number, 0 for a whole disk */
	bool removable;		/* of the disk */
	bool cdrom;
	bool has_partitions;
};

/*
 * Reads what sysfs (the mount point of sysfs, "/sys") says of one block device. name: the kernel's
 * name. 0; -ENODEV: there is no such device (any more).
 */
int blockdev_read(const char *sysfs, const char *name, struct blockdev *ret);

/*
 * All block devices, sorted by blockdev_compare. *ret is the caller's to free. 0 or -errno.
 */
int blockdev_scan(const char *sysfs, struct blockdev **ret, size_t *ret_count,
		  struct error **err) _must_check_;

/*
 * The order in which candidates are tried, for qsort: USB and other removable disks, optical
 * drives, internal disks, then devices built on others (loop, dm, md, nbd); among equals by the
 * place where the disk is plugged in (numbers compare as numbers), so it does not depend on which
 * driver was loaded first; partitions of a disk by number, the whole disk after them (a hybrid ISO
 * image is better mounted through its partition, which leaves the disk's other partitions free).
 */
int blockdev_compare(const void *a, const void *b);

/* The first entry of the directory dir/name, or "". */
void blockdev_first_entry(const char *dir, const char *name, char *to, size_t size);

/* Which part of an eMMC a disk is ("boot0", "boot1", "rpmb", "gp0"); "" for all others. */
const char *blockdev_emmc_part(const char *disk);

/*
 * Are a and b one disk, or one partition of it, that two controllers or ports lead to (SCSI without
 * a multipath daemon, NVMe without the kernel's multipath)? sysfs has the disk's own designator,
 * Documentation/ABI/testing/sysfs-bus-scsi and sysfs-block. USB bridges are left out: those of one
 * kind may all have the same.
 */
bool blockdev_same_disk(const struct blockdev *a, const struct blockdev *b);

/* strcmp that compares runs of digits as numbers: sda2 < sda10. */
int natural_compare(const char *a, const char *b);

/*
 * Makes the kernel itself look for media in a drive that is empty now (CD tray, card reader) and
 * send an event. Does nothing where it does so already. Returns true when the setting was changed;
 * undo with on == false.
 */
bool blockdev_watch_media(const char *sysfs, const struct blockdev *dev, bool on);

#endif
