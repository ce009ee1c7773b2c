# promise: a dynamic VHDX on ext4 grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
# Every day loop-qcow2-ntfs and attach-nbd are the dynamic images of 6.1.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vhdx ext4
