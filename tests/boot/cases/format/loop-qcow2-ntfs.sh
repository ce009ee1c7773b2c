# promise: a QCOW2 over a compressed backing file on NTFS grows and keeps what is written; all is
# left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.12
# Every day on 6.1, whose NTFS is ntfs-3g: from ntfs3 of 6.12 boot three VHDs and a VDI, QCOW2 in
# loop-exporters.
. "$TOP/tests/boot/lib/hosts.sh"
case $KVER in 6.1.*) TWICE=1 ;; esac
format_boot qcow2-backing ntfs
