/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's device-mapper, by its ioctls (linux/dm-ioctl.h): devices made of segments of other
 * devices. All sectors are 512 bytes.
 */
#ifndef APPLETS_LIB_DM_H
#define APPLETS_LIB_DM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/macro.h"

#define DM_SECTOR 512u

/* The longest that dm_name_free() makes, with a partition's suffix and the NUL. */
#define DM_NAME_SIZE 32u

/*
 * Opens /dev/mapper/control; loads dm_mod and makes the node where need be. The descriptor, or
 * -EOPNOTSUPP with the reason when the kernel has no device-mapper.
 */
int dm_open(struct error **err) _must_check_;

/* A table on its way to the kernel. The memory is taken once, in dm_table_new. */
struct dm_table {
	uint8_t *buffer;
	size_t size, used;
	uint32_t n; /* targets */
};

/* Room for n targets. 0 or -ENOMEM. */
int dm_table_new(size_t n, struct dm_table *ret) _must_check_ _nonnull_(2);

/* NULL-safe as to its buffer. */
void dm_table_release(struct dm_table *table) _nonnull_(1);

/* Empties the table. */
void dm_table_reset(struct dm_table *table) _nonnull_(1);

/*
 * Appends length sectors that begin at sector start of the mapped device and at offset of device
 * (dm-linear). False when there is no room left. Targets must follow each other without gaps.
 */
bool dm_table_linear(struct dm_table *table, uint64_t start, uint64_t length, dev_t device,
		     uint64_t offset) _nonnull_(1);

/*
 * The same for a disk that has partitions. GRUB's tools take what begins with dm-linear for a
 * partition of what is below (grub-core/osdep/devmapper/getroot.c), and would look for the disk's
 * partition table there: the first sectors are mapped as a single stripe (dm-stripe), which is the
 * same to the kernel. Two targets if start is 0.
 */
bool dm_table_disk(struct dm_table *table, uint64_t start, uint64_t length, dev_t device,
		   uint64_t offset) _nonnull_(1);

/* Appends length sectors that read as zeros (dm-zero). Drops writes: for read-only tables alone. */
bool dm_table_zero(struct dm_table *table, uint64_t start, uint64_t length) _nonnull_(1);

/* Appends length sectors of which each read and write fails (dm-error). */
bool dm_table_error(struct dm_table *table, uint64_t start, uint64_t length) _nonnull_(1);

/* What dm-verity is told (Documentation/admin-guide/device-mapper/verity.rst). */
struct dm_verity {
	uint32_t hash_type;
	dev_t data, hashes; /* may be the same */
	uint32_t data_block_size, hash_block_size;
	uint64_t data_blocks;
	uint64_t hash_start;		     /* the tree's first block, in hash blocks */
	const char *algorithm, *root, *salt; /* in hexadecimal; "-": no salt */
};

/* The room that such a target takes, in those that dm_table_new counts. */
#define DM_VERITY_ROOM 16u

/* Makes the table that one target, which covers all data blocks. False when there is no room. */
bool dm_table_verity(struct dm_table *table, const struct dm_verity *verity) _nonnull_(1, 2);

/*
 * Makes a device without a table. Tells udev, which would wait for libdevmapper to say so, that the
 * device may be used as any other; that is kept for the udev of the root, too. 0, -EBUSY when name
 * or uuid is taken, -errno. *ret_device is its number; the node /dev/dm-MINOR is there.
 */
int dm_create(int control, const char *name, const char *uuid, dev_t *ret_device,
	      struct error **err) _must_check_ _nonnull_(2, 3, 4);

/*
 * Gives the device called name a new table and puts it to use at once: the kernel waits for the
 * requests under way, keeps new ones back, swaps, and continues, all in one ioctl, so that a
 * process that is killed in it leaves the device running with one table or the other. File systems
 * on the device are not frozen. On failure the old table is in use. -EINTR: interrupted by a
 * signal.
 */
int dm_swap(int control, const char *name, struct dm_table *table, bool read_only,
	    struct error **err) _must_check_ _nonnull_(2, 3);

/* Lets a device continue that somebody left suspended; nothing where it is not. 0 or -errno. */
int dm_resume(int control, const char *name, struct error **err) _must_check_ _nonnull_(2);

/* Takes the device away. -EBUSY while it is open, -ENXIO when there is none. */
int dm_remove(int control, const char *name, struct error **err) _must_check_ _nonnull_(2);

/* The same, at once or as soon as nobody has the device open any more. 0 or -errno. */
int dm_remove_later(int control, const char *name, struct error **err) _must_check_ _nonnull_(2);

/* Name and uuid (each of size bytes) of a mapped device; either may be NULL. 0 or -ENXIO. */
int dm_identify(int control, dev_t device, char *ret_name, char *ret_uuid,
		size_t size) _must_check_;

struct dm_target_spec; /* linux/dm-ioctl.h */

/* A target that maps what is in one piece on another device; in sectors. */
struct dm_linear {
	uint64_t start, length, offset;
	dev_t device;
};

/*
 * What dm_table_linear or dm_table_disk has written, which the kernel gives back: 1 and *ret, 0 for
 * another target, -EINVAL. The parameters follow spec, and end with a NUL.
 */
int dm_linear_parse(const struct dm_target_spec *spec, struct dm_linear *ret) _must_check_
	_nonnull_(1, 2);

/*
 * Calls visit with each such target of the table in use, in order, until it returns something
 * but 0. Other targets are left out. 0, what visit returned, or -errno.
 */
int dm_read_table(int control, const char *name, int (*visit)(void *arg, const struct dm_linear *),
		  void *arg, struct error **err) _must_check_ _nonnull_(2, 3);

/* The node of a mapped device, "/dev/dm-3". */
void dm_node(dev_t device, char *ret, size_t size) _nonnull_(2);

/* Makes /dev/mapper/NAME, as udev does where it runs, and /dev/dm-N without devtmpfs. 0 or -errno.
 */
int dm_make_nodes(const char *name, dev_t device, struct error **err) _must_check_ _nonnull_(1);

/* Removes /dev/mapper/NAME, and /dev/dm-N where the kernel did not. */
void dm_remove_nodes(const char *name, dev_t device) _nonnull_(1);

#endif
