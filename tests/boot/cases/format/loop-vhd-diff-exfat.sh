# promise: a differencing VHD on exFAT grows, its parent stays as it is
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day loop-qcow2-ntfs is the image over another one of 6.1.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vhd-diff exfat
