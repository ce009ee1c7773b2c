# promise: a cloop image on NTFS is a root whose changes stay in RAM; nothing of the host changes
# SPDX-License-Identifier: GPL-2.0-or-later
. "$TOP/tests/boot/hosts.sh"
format_read cloop ntfs
