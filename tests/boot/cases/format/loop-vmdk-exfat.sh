# promise: a monolithicSparse VMDK on exFAT grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day attach-nbd and loop-qcow2-ntfs are the dynamic images of 6.1.
. "$TOP/tests/boot/lib/hosts.sh"
format_boot vmdk exfat
