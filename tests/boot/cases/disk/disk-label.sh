# promise: root=LABEL= finds the partition on a SATA disk; without rw systemd makes it writable
# itself; its reboot leaves the disk clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
debian_image root.ext4
disk "$WORK/disk.img" 83 "$DEBIAN"
boot disk "root=LABEL=vinitrd-root ro test.end=reboot" -device ahci,id=ahci \
	-drive "file=$WORK/disk.img,format=raw,if=none,id=d" -device ide-hd,drive=d,bus=ahci.0
expect_good_boot
expect '=== root ext4'
expect 'reboot: Restarting system'
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
