# promise: vfuseloop's entry of GRUB 2 for UEFI on an NTFS disk boots the root in a dynamic VHD
# beside it, which keeps what is written
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/menus.sh"
vfuseloop_disk test.keep=uefi
boot_firmware -bios /usr/share/ovmf/OVMF.fd $MEDIUM
expect_small_boot
expect '=== root ext4 rw'
vfuseloop_kept uefi
