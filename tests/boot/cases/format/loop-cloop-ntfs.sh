# promise: a cloop image on NTFS is a root whose changes stay in RAM; nothing of the host changes
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day on 6.12 alone: on 6.1 a QCOW2 boots by the same exporters from ntfs-3g
# (loop-qcow2-ntfs), and any image read-only from a CD (loop-raw-iso).
. "$TOP/tests/boot/lib/hosts.sh"
format_read cloop ntfs
