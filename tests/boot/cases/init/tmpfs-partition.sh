# promise: rootfs.tar.xz on a partition is unpacked into RAM and the partition let go, byte for byte
# as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day with the small root: Debian's archive as a root in RAM is tmpfs-embedded's.
build tmpfs tmpfs -s 'image /rootfs.tar.xz'

# from_partition ARCHIVE
from_partition() {
	mkdir "$WORK/host"
	cp "$1" "$WORK/host/rootfs.tar.xz"
	ext4 "$WORK/host.ext4" 96M labhost "$host_uuid" "$WORK/host"
	rm -f "$WORK/disk.img"
	disk "$WORK/disk.img" 83 "$WORK/host.ext4"
	rm -r "$WORK/host"
	sha256sum "$WORK/disk.img" >"$WORK/sum"
	boot tmpfs "vi.host=LABEL=labhost rw vi.size=900m" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== root tmpfs rw'
	expect 'vda1 is no longer needed'
	sha256sum --quiet -c "$WORK/sum" || fail 'the disk that was only read has changed'
}

MEMORY=1536
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/small.tar.xz" .
from_partition "$WORK/small.tar.xz"
expect_small_boot
check_all || exit 0
debian_image rootfs.tar.xz
from_partition "$DEBIAN"
expect_good_boot
expect '=== capability /usr/bin/ping cap_net_raw=ep'
