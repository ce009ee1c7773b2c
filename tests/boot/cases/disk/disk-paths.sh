# promise: a disk that two controllers lead to is one: a root on it, by UUID, on a logical volume or a btrfs over two such disks, boots without a multipath daemon, nothing is reported as a copy, and it ends clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/volumes.sh"
sysroot lvm
build_volumes x 'include disk' 'include lvm'
small_ext4 "$WORK/root.fs"
physical_volume "$WORK/pv" vg "root=$WORK/root.fs"
disk "$WORK/disk.img" 83 "$WORK/root.fs"
disk "$WORK/lvm.img" 8e "$WORK/pv"

# two_paths ROOT IMAGE...
two_paths() {
	root=$1 number=0
	for image; do
		shift
		[ $number != 0 ] || set -- "$@" -device virtio-scsi-pci,id=a -device virtio-scsi-pci,id=b
		[ "$image" = "$root" ] || for bus in a b; do
			set -- "$@" -blockdev "driver=raw,node-name=$bus$number,file.driver=file,file.locking=off,file.filename=$image" \
				-device "scsi-hd,bus=$bus.0,drive=$bus$number,wwn=0x5000c50015ea71a$number,serial=disk$number,share-rw=on"
		done
		number=$((number + 1))
	done
	boot x "root=$root rw test.keep=one" "$@"
	expect '=== root [a-z0-9]* rw'
	expect '=== wrote one'
	expect_not 'found on'
	expect_not 'more seconds for'
	expect_small_boot
}
two_paths "UUID=$root_uuid" "$WORK/disk.img"
part "$WORK/part" "$WORK/disk.img" 1
clean_ext4 "$WORK/part"
two_paths /dev/vg/root "$WORK/lvm.img"
part "$WORK/part" "$WORK/lvm.img" 1
clean_volume "$WORK/part" vg 32

truncate -s 128M "$WORK/one" "$WORK/two"
one=$(losetup -f --show "$WORK/one")
two=$(losetup -f --show "$WORK/two")
mkfs.btrfs -q -d raid1 -m raid1 -L paths "$one" "$two" >"$WORK/mkfs.log" 2>&1 || fail "mkfs.btrfs: $(cat "$WORK/mkfs.log")"
small_root "$WORK/small"
mkdir "$WORK/mounted"
mount "$one" "$WORK/mounted"
cp -a "$WORK/small/." "$WORK/mounted/"
umount "$WORK/mounted"
losetup -d "$one" "$two"
btrfs device scan --forget
two_paths LABEL=paths "$WORK/one" "$WORK/two"
