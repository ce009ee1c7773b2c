# promise: the arguments of grub4dos' entries (vfuseloop, kloop, vloop; the NTFS serial as its uuid
# command prints it) boot the root in a dynamic VHD on NTFS
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/menus.sh"
vfuseloop_disk
for entry in 1 2 3; do
	boot initrd "$(grub4dos_words vfuseloop.lst $entry) test.keep=entry$entry" $MEDIUM
	expect_small_boot
	expect '=== root ext4 rw'
	expect "=== wrote entry$entry"
	expect_not 'recognised, not supported'
	vfuseloop_kept "entry$entry"
done
expect '=== kept entry1'
