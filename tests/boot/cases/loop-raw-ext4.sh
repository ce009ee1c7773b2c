# promise: a raw disk image (MBR, ext4 partition) in a directory of an ext4 partition boots, keeps what is written, and both file systems are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day raw images boot on 6.1 from NTFS and CD, and a VHDX from ext4.
build loop loop
mkdir -p "$WORK/host/images"
debian_image root.ext4
disk "$WORK/host/images/debian.img" 83 "$DEBIAN"
ext4 "$WORK/host.ext4" 640M windata "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4"
boot loop "vi.image=/images/debian.img vi.host=UUID=$host_uuid vi.part=1 rw test.keep=looped" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== root ext4 rw'
part "$WORK/host" "$WORK/disk.img" 1
clean_ext4 "$WORK/host"
debugfs -R "dump /images/debian.img $WORK/image" "$WORK/host" 2>/dev/null
part "$WORK/root" "$WORK/image" 1
clean_ext4 "$WORK/root"
debugfs -R 'cat /var/lib/kept' "$WORK/root" 2>/dev/null | grep -q looped || fail 'the written file is not in the image'
