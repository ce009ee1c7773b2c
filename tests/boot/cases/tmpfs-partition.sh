# promise: rootfs.tar.xz on a partition is unpacked into RAM and the partition let go, byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build tmpfs tmpfs -s 'image /rootfs.tar.xz'
mkdir "$WORK/host"
cp "$IMAGES/rootfs.tar.xz" "$WORK/host"
ext4 "$WORK/host.ext4" 96M labhost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
sha256sum "$WORK/disk.img" >"$WORK/sum"
MEMORY=1536
boot tmpfs "vi.host=LABEL=labhost rw vi.size=900m" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== root tmpfs rw'
expect '=== capability /usr/bin/ping cap_net_raw=ep'
sha256sum --quiet -c "$WORK/sum" || fail 'the disk that was only read has changed'
