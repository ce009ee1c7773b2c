# promise: a cloop image on NTFS is a root whose changes stay in RAM; nothing of the host changes
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day menu-virtual-linux boots a cloop image, and loop-vdi-ntfs-dirty leaves an NTFS as it is.
. "$TOP/tests/boot/lib/hosts.sh"
format_read cloop ntfs
