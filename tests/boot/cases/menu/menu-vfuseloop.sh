# promise: vfuseloop's entry of GRUB 2 for BIOS on an NTFS disk boots the root in a dynamic VHD
# beside it, which keeps what is written
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/menus.sh"
vfuseloop_disk 'test.keep=bios test.run=/etc/verify'
boot_firmware $MEDIUM
expect_small_boot
expect '=== root ext4 rw'
expect '=== name .* /dev/host -> /dev/vda1'
expect '=== name .* /dev/rootfsloop '
vfuseloop_kept bios
