# promise: a root in a subvolume of a btrfs over two disks waits for the one that comes late, and
# leaves both free and clean; without one of them it boots by vi.degraded, here from the default
# subvolume
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
truncate -s 128M "$WORK/one" "$WORK/two"
small_root "$WORK/small"
one=$(losetup -f --show "$WORK/one")
two=$(losetup -f --show "$WORK/two")
mkfs.btrfs -q -d raid1 -m raid1 -L btrfsroot "$one" "$two" >"$WORK/mkfs.log" 2>&1 ||
	fail "mkfs.btrfs: $(cat "$WORK/mkfs.log")"
mkdir "$WORK/mounted"
mount "$one" "$WORK/mounted"
btrfs -q subvolume create "$WORK/mounted/@"
cp -a "$WORK/small/." "$WORK/mounted/@/"
umount "$WORK/mounted"
losetup -d "$one" "$two"
btrfs device scan --forget

boot_attended disk 'root=LABEL=btrfsroot rootflags=subvol=@ rw vi.timeout=120 test.keep=one' \
	'more seconds for => monitor device_add virtio-blk-pci,drive=two,bus=rp1' -- \
	-M q35 -device pcie-root-port,id=rp1 \
	-drive "file=$WORK/one,format=raw,if=virtio" \
	-drive "file=$WORK/two,format=raw,if=none,id=two"
expect '=== root btrfs rw.*subvol=/@'
expect '=== wrote one'
expect_small_boot
one=$(losetup -f --show "$WORK/one")
two=$(losetup -f --show "$WORK/two")
btrfs device scan "$one" "$two" >/dev/null
btrfs check "$one" >"$WORK/check.log" 2>&1 || fail "btrfs check: $(cat "$WORK/check.log")"
mount -o ro "$two" "$WORK/mounted"
grep -qx one "$WORK/mounted/@/kept" || fail 'what was written is not there'
mount -o remount,rw "$WORK/mounted"
btrfs subvolume set-default "$WORK/mounted/@"
umount "$WORK/mounted"
losetup -d "$one" "$two"
btrfs device scan --forget

boot disk 'root=LABEL=btrfsroot ro vi.degraded vi.timeout=9' \
	-drive "file=$WORK/two,format=raw,if=virtio"
expect 'only 1 of the 2 devices of this btrfs are here; it is used degraded'
expect '=== root btrfs ro.*degraded.*subvol=/@'
expect '=== kept one'
expect_small_boot
