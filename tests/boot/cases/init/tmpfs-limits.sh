# promise: an archive that does not fit is refused in MiB before the machine suffers; one that is
# damaged or not the one of vi.verify= leaves no half root; the right one boots
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day unpackroot-damaged.bats cuts archives, and the one that is not meant is refused here.
small_root "$WORK/small"
head -c 24M /dev/zero >"$WORK/small/etc/zeros"
mkdir -p "$WORK/host"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/host/rootfs.tar.xz" .
head -c -2000 "$WORK/host/rootfs.tar.xz" >"$WORK/host/short.tar.xz"
sum=$(sha256sum "$WORK/host/rootfs.tar.xz")
ext4 "$WORK/host.ext4" 24M labhost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
build tmpfs tmpfs -s 'image /rootfs.tar.xz'
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
boot tmpfs "rw vi.verify=sha256:${sum%% *}" $medium
expect_small_boot
expect '=== root tmpfs rw'
expect 'vda1 is no longer needed'
boot tmpfs 'rw vi.size=16m panic=1' $medium
expect 'need [0-9]* MiB\|needs [0-9]* MiB'
expect 'could not be unpacked'
boot tmpfs "rw panic=1 vi.verify=sha256:$(printf %064d 0)" $medium
expect "${sum%% *}"
expect 'could not be unpacked'
expect_not '=== '
if check_all; then
	boot tmpfs 'rw panic=1 vi.image=/short.tar.xz' $medium
	expect 'could not be unpacked'
	expect_not '=== '
fi
