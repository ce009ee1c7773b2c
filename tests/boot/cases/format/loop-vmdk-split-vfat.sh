# promise: a VMDK in pieces on FAT32 grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vmdk-split vfat
