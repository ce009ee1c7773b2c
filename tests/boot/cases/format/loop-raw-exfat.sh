# promise: a raw image on exFAT keeps what is written; image, root and exFAT are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day loop-vmdk-exfat writes to exFAT, raw images lie on ext4, FAT32 and NTFS.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot raw exfat
