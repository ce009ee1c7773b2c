# promise: a store in a LUKS volume is opened with a passphrase on the console, after a wrong one
# too; a partition and a file; nothing stays open
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day overlayroot-stores.bats refuses an empty volume, and skel/volumes.bats gives up after
# wrong passphrases; what was kept is read from outside, which a second boot does with check-all.
. "$TOP/tests/boot/lib/volumes.sh"
sysroot cryptsetup
build_volumes x 'include overlay' 'include luks' 'image /live/root.sqfs' 'persist device:LABEL=none'
small_image "$WORK/root.sqfs"

# luks OUT FS UUID: a volume with the content of FS, of version 2 as a user makes it
luks() {
	encrypt "$2" "$1" "$3"
	cryptsetup convert -q --type luks2 "$1" || fail 'cryptsetup convert'
}

ext4 "$WORK/store.fs" 36M store 6d6b7669-6e69-7472-6400-00000000000a
luks "$WORK/volume" "$WORK/store.fs" "$root_uuid"
luks "$WORK/file.luks" "$WORK/store.fs" 6d6b7669-6e69-7472-6400-00000000000b
vfat "$WORK/stick.vfat" 120 STICK "$WORK/root.sqfs=live/root.sqfs" "$WORK/file.luks=store.luks"

# an empty volume: said, never formatted
if check_all; then
	truncate -s 36M "$WORK/nothing"
	luks "$WORK/empty" "$WORK/nothing" "$root_uuid"
	disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/empty"
	typing x "vi.persist=device:UUID=$root_uuid" secret
	expect 'has no file system: make one with'
	expect_not '=== busybox init reached'
	rm "$WORK/disk.img"
fi

disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/volume"
for store in "device:UUID=$root_uuid" file:/store.luks; do
	typing x "vi.persist=$store test.keep=one" wrong secret
	expect 'No key available with this passphrase'
	expect_small_boot
	if check_all; then
		typing x "vi.persist=$store" secret
		expect_small_boot
		expect '=== kept one'
	fi
done
if check_all; then
	typing x "vi.persist=file:/store.luks" a b c
	expect 'the store /run/initramfs/host/store.luks could not be opened'
	expect_not '=== busybox init reached'
fi
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
part "$WORK/volume" "$WORK/disk.img" 2
mcopy -o -i "$WORK/stick" ::store.luks "$WORK/file.luks"
for volume in volume file.luks; do
	cryptsetup convert -q --type luks1 "$WORK/$volume" || fail 'cryptsetup convert'
	decrypt "$WORK/$volume" "$WORK/store.fs"
	clean_ext4 "$WORK/store.fs"
	debugfs -R 'cat /.mkvinitrd/upper/kept' "$WORK/store.fs" 2>/dev/null | grep -qx one ||
		fail "what was written is not in $volume: $(debugfs -R 'ls -p /' "$WORK/store.fs" 2>/dev/null)"
done
