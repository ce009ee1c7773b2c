/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swap files with the memory of a hibernated Linux. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_SWAPFILE_H
#define APPLETS_FINDIMG_FILESYSTEM_SWAPFILE_H

/*
 * One in the file system mounted at root: a file that its /etc/fstab names as swap, or any file of
 * its top directory and of the directories in which swap files are usually made, whatever its name.
 * Nothing of a system says where else: its kernel is told a block of the disk (resume_offset=).
 * Returns its path (the caller frees it) or NULL.
 */
char *swapfile_hibernated(const char *root);

#endif
