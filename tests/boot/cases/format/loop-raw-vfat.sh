# promise: the same image on a FAT32 partition, host not named
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build loop loop -s 'image /linux/small.img'
small_disk "$WORK/small.img" bbroot
vfat "$WORK/host.vfat" 160 WINDATA "$WORK/small.img=linux/small.img"
disk "$WORK/disk.img" c "$WORK/host.vfat"
boot loop "rw test.keep=fat" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
part "$WORK/host" "$WORK/disk.img" 1
clean_vfat "$WORK/host"
mcopy -i "$WORK/host" ::linux/small.img "$WORK/image"
part "$WORK/root" "$WORK/image" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /kept' "$WORK/root" 2>/dev/null | grep -q fat ||
	fail 'the written file is not in the image'
