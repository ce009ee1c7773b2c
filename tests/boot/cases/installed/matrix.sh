# promise: a root with busybox as its init keeps its changes in a file on NTFS over two boots, its
# file system is clean, other disks keep every byte
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/matrix.sh"
matrix busybox file-ntfs
