# promise: a fixed VHD boots from its first partition with the parameters of vfuseloop
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build loop loop
small_disk "$WORK/small.img" bbroot
mkdir -p "$WORK/host/vhd"
qemu-img convert -q -f raw -O vpc -o subformat=fixed,force_size=on "$WORK/small.img" \
	"$WORK/host/vhd/small.vhd"
tail -c 512 "$WORK/host/vhd/small.vhd" >"$WORK/footer"
ext4 "$WORK/host.ext4" 160M vhdhost 6d6b7669-6e69-7472-6400-000000000003 "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
boot loop "rw rd.hostdev=LABEL=vhdhost rd.vdisk=/vhd/small.vhd rd.vdloop=/dev/vdhost/Partition1 test.keep=vhd" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
part "$WORK/host.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.fs"
debugfs -R "dump /vhd/small.vhd $WORK/image" "$WORK/host.fs" 2>/dev/null
tail -c 512 "$WORK/image" | cmp - "$WORK/footer" || fail 'the VHD footer changed'
qemu-img convert -q -f vpc -O raw "$WORK/image" "$WORK/raw"
part "$WORK/root" "$WORK/raw" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /kept' "$WORK/root" 2>/dev/null | grep -q vhd ||
	fail 'the written file is not in the image'
