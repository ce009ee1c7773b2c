# promise: an NTFS volume that is marked dirty is not written to, with the drivers ntfs3 and ntfs
# and with ntfs-3g: it is said why and what to do, and changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
. "$TOP/tests/boot/lib/hosts.sh"
HOST_DIRTY=1
format_read vdi ntfs
expect 'marked dirty: let Windows check it'
