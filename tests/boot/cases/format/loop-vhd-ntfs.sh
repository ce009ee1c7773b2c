# promise: a dynamic VHD on NTFS boots with the parameters of vfuseloop, grows, keeps what is
# written; image, root and NTFS are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
TWICE=1
format_boot vhd ntfs "rd.hostdev=UUID=$ntfs_serial rd.vdisk=/disk.vhd rd.vdloop=/dev/vdhost/Partition1 rd.shell"
expect '=== name .*/dev/host -> /dev/vda1'
expect '=== name .*/dev/rootfsloop -> /dev/'
expect '=== name .*Partition1 -> /dev/'
expect '=== name .*EntireDisk -> /dev/'
