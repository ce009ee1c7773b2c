/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Systems that sleep on the disks: what they left there must not change before they wake. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_SUSPEND_H
#define APPLETS_FINDIMG_FILESYSTEM_SUSPEND_H

#include <stddef.h>
#include <stdint.h>

enum windows_state {
	WINDOWS_NONE,	    /* no hiberfil.sys, or an empty one */
	WINDOWS_HIBERNATED, /* 'hibr', 'HIBR', 'RSTR', or a hiberfil.sys that cannot be read */
	WINDOWS_RESUMED,    /* 'wake': Windows woke up again, the memory image is spent */
};

/* What /hiberfil.sys on the NTFS mounted at root tells. Signatures: ntfs-3g's
 * ntfs_volume_check_hiberfile(). */
enum windows_state windows_state_read(const char *root);

/* The same for the first bytes of that file. */
enum windows_state windows_state_of(const uint8_t *head, size_t length);

enum fs_state {
	FS_CLEAN,   /* unmounted properly, or can never be mounted for writing */
	FS_DIRTY,   /* mounted when the system stopped or slept */
	FS_UNKNOWN, /* this kind does not tell */
};

/* Does the superblock of device say that some system still has it mounted? type: libblkid's name.
 */
enum fs_state fs_state_read(const char *device, const char *type);

#define FS_STATE_SIZE (65536 + 4096)

/* The same for the first bytes (FS_STATE_SIZE are enough) of a device. */
enum fs_state fs_state_of(const uint8_t *head, size_t length, const char *type);

#endif
