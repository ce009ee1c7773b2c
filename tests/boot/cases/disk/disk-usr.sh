# promise: dracut's layout USR-MOUNT: a /usr in a subvolume, which the root's fstab names by id, is
# mounted before init, with the root's access or its own
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
small_root "$WORK/small"
mkdir "$WORK/small/usr"
mv "$WORK/small/bin" "$WORK/small/sbin" "$WORK/small/usr/"
ln -s usr/bin "$WORK/small/bin"
ln -s usr/sbin "$WORK/small/sbin"
echo '/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_root /usr btrfs subvol=usr,rw 0 2' \
	>"$WORK/small/etc/fstab"
cat >"$WORK/small/etc/usr" <<'USR'
while read -r device target type rest; do [ "$target" = /usr ] && echo "=== usr $type $rest"; done </proc/mounts
USR
truncate -s 128M "$WORK/disk.img"
device=$(losetup -f --show "$WORK/disk.img")
mkfs.btrfs -q -L dracut "$device" >/dev/null
mkdir "$WORK/mounted"
mount "$device" "$WORK/mounted"
btrfs -q subvolume create "$WORK/mounted/usr"
cp -a "$WORK/small/." "$WORK/mounted/"
umount "$WORK/mounted"
losetup -d "$device"
btrfs device scan --forget

# run_client PARAMETERS
run_client() {
	boot disk "root=LABEL=dracut test.run=/etc/usr $1" -device virtio-scsi-pci \
		-drive "file=$WORK/disk.img,format=raw,if=none,id=root" \
		-device scsi-hd,drive=root,serial=root
	expect_small_boot
}
run_client ro
expect '=== root btrfs ro'
expect '=== usr btrfs rw.*subvol=/usr'
run_client 'ro rd.fstab=0'
expect '=== root btrfs ro'
expect_not '=== usr'
