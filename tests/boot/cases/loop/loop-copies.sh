# promise: an XFS image that is a copy of the XFS it lies on boots, with its changes in a directory
# of a btrfs over two disks
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build loop loop
mkdir "$WORK/mounted"
small_root "$WORK/small"
truncate -s 300M "$WORK/root.img"
mkfs.xfs -q -L copy "$WORK/root.img"
mount -o loop "$WORK/root.img" "$WORK/mounted"
cp -a "$WORK/small/." "$WORK/mounted/"
umount "$WORK/mounted"
cp --sparse=always "$WORK/root.img" "$WORK/host.img"
truncate -s 640M "$WORK/host.img"
mount -o loop "$WORK/host.img" "$WORK/mounted"
xfs_growfs "$WORK/mounted" >/dev/null
mkdir "$WORK/mounted/vm"
cp --sparse=always "$WORK/root.img" "$WORK/mounted/vm/root.img"
umount "$WORK/mounted"
truncate -s 128M "$WORK/one" "$WORK/two"
one=$(losetup -f --show "$WORK/one")
two=$(losetup -f --show "$WORK/two")
mkfs.btrfs -q -d raid1 -m raid1 -L changes "$one" "$two" >"$WORK/mkfs.log" 2>&1 ||
	fail "mkfs.btrfs: $(cat "$WORK/mkfs.log")"
losetup -d "$one" "$two"
btrfs device scan --forget

# run_copy PARAMETERS
run_copy() {
	boot loop "vi.host=/dev/vda vi.image=/vm/root.img vi.part=whole $1" \
		-drive "file=$WORK/host.img,format=raw,if=virtio" \
		-drive "file=$WORK/one,format=raw,if=virtio" \
		-drive "file=$WORK/two,format=raw,if=virtio"
	expect_small_boot
}
run_copy 'vi.persist=dir:LABEL=changes:/changes test.keep=one'
expect '=== root overlay rw'
expect '=== wrote one'
run_copy 'rw vi.persist=none test.keep=two'
expect '=== root xfs rw.*nouuid'
expect_not '=== kept one'
one=$(losetup -r -f --show "$WORK/one")
two=$(losetup -r -f --show "$WORK/two")
btrfs device scan "$one" "$two" >/dev/null
btrfs check "$one" >"$WORK/check.log" 2>&1 || fail "btrfs check: $(cat "$WORK/check.log")"
losetup -d "$one" "$two"
btrfs device scan --forget
xfs_repair -n "$WORK/host.img" >"$WORK/repair.log" 2>&1 ||
	fail "xfs_repair: $(cat "$WORK/repair.log")"
