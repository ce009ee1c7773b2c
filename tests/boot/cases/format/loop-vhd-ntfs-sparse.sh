# promise: a sparse file on NTFS, in which ntfs3 loses data when holes are filled, is not written
# to: changes stay in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
HOST_SPARSE=always
format_read vhd ntfs
expect 'sparse or compressed file on NTFS'
