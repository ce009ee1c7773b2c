# promise: a VMDK in pieces on FAT32 grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Who serves an image does not know its format, and formats/vmdk.bats reads and writes this one every day; from FAT boots loop-raw-vfat, and a VMDK loop-vmdk-exfat.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vmdk-split vfat
