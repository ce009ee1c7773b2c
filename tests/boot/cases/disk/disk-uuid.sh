# promise: an ordinary ext4 partition named by UUID boots to multi-user and is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.12 current
# Every day 6.12 and current boot small roots from a disk (disk-label, disk-busybox), and Debian in other modes (installed-trixie,
# loop-debian-vhd-ntfs).
build disk disk
debian_image root.ext4
disk "$WORK/disk.img" 83 "$DEBIAN"
boot disk "root=UUID=$root_uuid rw test.keep=first" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== root ext4 rw'
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /var/lib/kept' "$WORK/root" 2>/dev/null | grep -q first ||
	fail 'the written file is not on the disk'
