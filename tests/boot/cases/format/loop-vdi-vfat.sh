# promise: a dynamic VDI on FAT32 grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day loop-raw-vfat writes to FAT32, loop-vdi-diff-ntfs to a VDI.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vdi vfat
