# promise: the same image on a FAT32 partition, host not named
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build loop loop -s 'image /linux/debian.img'
disk "$WORK/debian.img" 83 "$IMAGES/root.ext4"
vfat "$WORK/host.vfat" 640 WINDATA "$WORK/debian.img=linux/debian.img"
disk "$WORK/disk.img" c "$WORK/host.vfat"
rm "$WORK/host.vfat" "$WORK/debian.img"
boot loop "rw test.keep=fat" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
part "$WORK/host" "$WORK/disk.img" 1
clean_vfat "$WORK/host"
mcopy -i "$WORK/host" ::linux/debian.img "$WORK/image"
part "$WORK/root" "$WORK/image" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /var/lib/kept' "$WORK/root" 2>/dev/null | grep -q fat || fail 'the written file is not in the image'
