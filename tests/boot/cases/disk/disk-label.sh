# promise: root=LABEL= finds the partition on a SATA disk; without rw systemd makes it writable
# itself; its reboot leaves the disk clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day the small root: systemd starts from a disk in disk-uuid, and machines reboot cleanly in medium-back.
build disk disk
drive="-device ahci,id=ahci -drive file=$WORK/disk.img,format=raw,if=none,id=d -device ide-hd,drive=d,bus=ahci.0"
if ! check_all; then
	small_disk "$WORK/disk.img" bbroot
	boot disk 'root=LABEL=bbroot ro' $drive
	expect_small_boot
	expect '=== root ext4 ro'
	part "$WORK/root" "$WORK/disk.img" 1
	clean_ext4 "$WORK/root"
	return 0
fi
debian_image root.ext4
disk "$WORK/disk.img" 83 "$DEBIAN"
boot disk 'root=LABEL=vinitrd-root ro test.end=reboot' $drive
expect_good_boot
expect '=== root ext4'
expect 'reboot: Restarting system'
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
