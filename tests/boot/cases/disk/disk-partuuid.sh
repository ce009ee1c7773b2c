# promise: root=PARTUUID= finds the partition on an NVMe disk
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
small_disk "$WORK/disk.img" bbroot
boot disk "root=PARTUUID=6d6b7669-01 rw" -drive "file=$WORK/disk.img,format=raw,if=none,id=d" \
	-device nvme,drive=d,serial=1
expect_small_boot
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
