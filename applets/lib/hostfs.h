/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the file system that an image lies on makes of writes. */
#ifndef APPLETS_LIB_HOSTFS_H
#define APPLETS_LIB_HOSTFS_H

#include <stdbool.h>

/*
 * Does it leave holes where nothing was written, and take space ahead at little cost? By
 * <linux/magic.h> and fs/f2fs. FAT and exFAT have no holes, so there space is taken when the file
 * grows; tmpfs would fill the memory.
 */
bool hostfs_reserves_space(int fd);

/*
 * What kind of file fd is, and which driver damages such a file when it writes: the middle of a
 * message "'PATH' is a ...: replace it". NULL where writing is safe.
 *
 * ntfs3 (seen in Linux 6.12) allocates 16 clusters at once where a sparse file is written to, and
 * then what was in those of them that were no holes is gone. Compressed files count too.
 * The driver ntfs of Linux 7 (seen in 7.2.13) keeps all that is written to sparse files. In two of
 * four runs of random writes to a compressed file one failed (EIO), what was behind it was lost,
 * and the copy of the boot sector at the end of the volume was overwritten.
 */
const char *hostfs_loses_data(int fd);

/*
 * The driver ntfs of Linux 7 lets compressed files be opened for direct I/O, and then fails each
 * request (EOPNOTSUPP).
 */
bool hostfs_fails_direct_io(int fd);

#endif
