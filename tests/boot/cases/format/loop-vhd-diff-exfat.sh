# promise: a differencing VHD on exFAT grows, its parent stays as it is
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Who serves an image does not know its format, and vhd.bats reads and writes this one every day; from exFAT boots loop-vmdk-exfat, an image over another one loop-vdi-diff-ntfs.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vhd-diff exfat
