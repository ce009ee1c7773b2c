# promise: a raw disk image (MBR, ext4 partition) in a directory of an ext4 partition boots, keeps
# what is written, and both file systems are left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day raw images boot on 6.1 from NTFS and CD, and a VHDX from ext4; Debian boots from an
# image in loop-debian-vhd-ntfs.
build loop loop

# from_image IMAGE MIB KEPT GOOD: the disk IMAGE on a host partition of that size; KEPT is what its
# root writes to
from_image() {
	ext4 "$WORK/host.ext4" "$2M" windata "$host_uuid" "$WORK/host"
	disk "$WORK/disk.img" 83 "$WORK/host.ext4"
	rm -r "$WORK/host" "$WORK/host.ext4"
	boot loop "vi.image=$1 vi.host=UUID=$host_uuid vi.part=1 rw test.keep=looped" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	$4
	expect '=== root ext4 rw'
	part "$WORK/host" "$WORK/disk.img" 1
	clean_ext4 "$WORK/host"
	debugfs -R "dump $1 $WORK/image" "$WORK/host" 2>/dev/null
	part "$WORK/root" "$WORK/image" 1
	clean_ext4 "$WORK/root"
	debugfs -R "cat $3" "$WORK/root" 2>/dev/null | grep -q looped ||
		fail 'the written file is not in the image'
}

mkdir -p "$WORK/host/images"
small_root "$WORK/small"
ext4 "$WORK/small.ext4" 32M smallroot "$root_uuid" "$WORK/small"
disk "$WORK/host/images/small.img" 83 "$WORK/small.ext4"
rm -r "$WORK/small" "$WORK/small.ext4"
from_image /images/small.img 160 /kept expect_small_boot
check_all || exit 0
rm "$WORK/host" "$WORK/root" "$WORK/image"
mkdir -p "$WORK/host/images"
debian_image root.ext4
disk "$WORK/host/images/debian.img" 83 "$DEBIAN"
from_image /images/debian.img 640 /var/lib/kept expect_good_boot
