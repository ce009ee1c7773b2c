# promise: a store in a LUKS volume is opened with a passphrase on the console, after a wrong one
# too; a partition and a file; nothing stays open
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day overlayroot-stores.bats refuses an empty volume, and skel/volumes.bats gives up after wrong passphrases.
cryptsetup=$(PATH=$PATH:/sbin:/usr/sbin command -v cryptsetup)
# a sysroot with the kernel's modules and this machine's cryptsetup
mkdir -p "$WORK/sysroot/lib" "$WORK/sysroot/etc" "$WORK/sysroot/usr"
cp -a "$KDIR/lib/modules" "$WORK/sysroot/lib/"
mkdir -p "$WORK/sysroot/sbin"
cp "$cryptsetup" "$WORK/sysroot/sbin/"
ldd "$cryptsetup" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$WORK/sysroot$(dirname "$library")"
	cp -L "$library" "$WORK/sysroot$library"
	gcc=$(dirname "$library")/libgcc_s.so.1
	[ ! -e "$gcc" ] || cp -L "$gcc" "$WORK/sysroot$gcc"
done
cat >"$WORK/crypt.profile" <<'PROFILE'
include overlay
include luks
image /live/root.sqfs
persist device:LABEL=none
PROFILE
"$MKVINITRD" build -q -p "$WORK/crypt.profile" -r "$WORK/sysroot" -k "$KVER" -o "$WORK/x.initramfs"
# what a user does once, on a machine that has a device-mapper
cat >"$WORK/format" <<'FORMAT'
#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1
mkdir -p /run/cryptsetup /mnt
coldplug
modprobe -a dm_crypt vfat loop
mount -t vfat /dev/vda1 /mnt
for store in /dev/vda2 /mnt/store.luks; do
	printf secret | cryptsetup open --key-file=- $store new && mke2fs -q -t ext4 /dev/mapper/new && cryptsetup close new && echo "=== formatted $store"
done
umount /mnt
poweroff -f
FORMAT
"$MKVINITRD" build -q -p "$WORK/crypt.profile" -s "file /format $WORK/format 755" \
	-r "$WORK/sysroot" -k "$KVER" -o "$WORK/format.initramfs"
small_image "$WORK/root.sqfs"

# luks OUT MIB: a volume with an ext4 in it, passphrase 'secret'
luks() {
	truncate -s "$2M" "$1"
	printf secret | "$cryptsetup" luksFormat -q --type luks2 --pbkdf pbkdf2 \
		--pbkdf-force-iterations 1000 \
		--luks2-metadata-size 16k --luks2-keyslots-size 256k --uuid "$root_uuid" "$1" -
}

luks "$WORK/volume" 40
luks "$WORK/file.luks" 40
vfat "$WORK/stick.vfat" 120 STICK "$WORK/root.sqfs=live/root.sqfs" "$WORK/file.luks=store.luks"
disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/volume"

# an empty volume: said, never formatted
if check_all; then
	typing x "vi.persist=device:UUID=$root_uuid" secret
	expect 'has no file system: make one with'
	expect_not '=== busybox init reached'
fi

boot format 'rdinit=/format quiet' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== formatted /dev/vda2'
expect '=== formatted /mnt/store.luks'

for store in "device:UUID=$root_uuid" file:/store.luks; do
	typing x "vi.persist=$store test.keep=one" wrong secret
	expect 'No key available with this passphrase'
	expect_small_boot
	# every day on the partition: a file is opened as that, through a loop device
	if [ "$store" != file:/store.luks ] || check_all; then
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
