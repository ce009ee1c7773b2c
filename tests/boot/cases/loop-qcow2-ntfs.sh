# promise: a QCOW2 over a compressed backing file on NTFS grows and keeps what is written; all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
case $KVER in 6.1.*) TWICE=1 ;; esac
format_boot qcow2-backing ntfs
