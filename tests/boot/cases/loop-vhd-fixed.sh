# promise: a fixed VHD boots from its first partition with the words of vfuseloop
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build loop loop
disk "$WORK/debian.img" 83 "$IMAGES/root.ext4"
mkdir -p "$WORK/host/vhd"
qemu-img convert -q -f raw -O vpc -o subformat=fixed,force_size=on "$WORK/debian.img" "$WORK/host/vhd/debian.vhd"
tail -c 512 "$WORK/host/vhd/debian.vhd" >"$WORK/footer"
ext4 "$WORK/host.ext4" 640M vhdhost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4" "$WORK/debian.img"
boot loop "rw rd.hostdev=UUID=$host_uuid rd.vdisk=/vhd/debian.vhd rd.vdloop=/dev/vdhost/Partition1 test.keep=vhd" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
part "$WORK/host" "$WORK/disk.img" 1
clean_ext4 "$WORK/host"
debugfs -R "dump /vhd/debian.vhd $WORK/image" "$WORK/host" 2>/dev/null
tail -c 512 "$WORK/image" | cmp - "$WORK/footer" || fail 'the VHD footer changed'
qemu-img convert -q -f vpc -O raw "$WORK/image" "$WORK/raw"
part "$WORK/root" "$WORK/raw" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /var/lib/kept' "$WORK/root" 2>/dev/null | grep -q vhd || fail 'the written file is not in the image'
