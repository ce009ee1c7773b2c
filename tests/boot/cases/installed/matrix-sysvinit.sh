# promise: a root with Debian with sysvinit keeps its changes over two boots in a directory, in a
# file on FAT and on NTFS, on a device and in an archive; every file system is clean, other disks
# keep every byte
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/matrix.sh"
matrix sysvinit dir-ext4 file-vfat file-ntfs device-ext4 archive-vfat
