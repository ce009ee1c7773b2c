# promise: USB drives of live-boot, casper, archiso, dracut and Slax boot with the parameters of
# those systems; what they kept is there, what is kept now is there in the next boot, where they
# look for it
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay -s 'applet e2fsck mke2fs'
live_root
KEEP_UUID=6d6b7669-6e69-7472-6400-00000000cee9

# USB drive WORDS: what was there before is seen, what is written now too in the next boot
stick() {
	medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
	boot overlay "$1 test.keep=one test.run=/etc/tell" $medium
	expect_small_boot
	expect '=== root overlay rw'
	expect '=== kept before'
	expect '=== wrote one'
	boot overlay "$1 test.keep=two" $medium
	expect_small_boot
	expect '=== kept before'
	expect '=== kept one'
}

# kept FS PATH: what the other system would see now
kept() {
	debugfs -R "cat $2" "$1" 2>/dev/null | paste -sd ' ' | grep -qx 'before one two' ||
		fail "$2 does not hold what was kept"
	clean_ext4 "$1"
}

# casper: a FAT USB drive as usb-creator makes it, with the file casper-rw
casper_files "$WORK/casper"
mkdir -p "$WORK/cow/upper" "$WORK/cow/work"
echo before >"$WORK/cow/upper/kept"
ext4 "$WORK/casper/casper-rw" 24M casper-rw "$KEEP_UUID" "$WORK/cow"
host_disk vfat "$WORK/casper"
stick 'file=/cdrom/preseed/ubuntu.seed boot=casper layerfs-path=minimal.standard.live.squashfs persistent quiet splash noprompt --'
host_clean vfat
host_files vfat "$WORK/after"
kept "$WORK/after/casper-rw" /upper/kept
rm -r "$WORK/after" "$WORK/casper/casper-rw"

# casper: the partition that a dd'ed USB drive gets
ext4 "$WORK/casper.fs" 40M UBUNTU "$host_uuid" "$WORK/casper"
ext4 "$WORK/writable.fs" 24M writable "$KEEP_UUID" "$WORK/cow"
disk "$WORK/disk.img" 83 "$WORK/casper.fs" "$WORK/writable.fs"
stick 'boot=casper persistent quiet splash ---'
part "$WORK/writable.fs" "$WORK/disk.img" 2
kept "$WORK/writable.fs" /upper/kept

# live-boot: the whole root as a union, on its partition
mkdir -p "$WORK/live/live"
layer filesystem "$WORK/live/live/filesystem.squashfs" "$WORK/small"
mv "$WORK/cow/upper" "$WORK/cow/rw"
echo '/ union' >"$WORK/cow/persistence.conf"
ext4 "$WORK/live.fs" 24M d-live "$host_uuid" "$WORK/live"
ext4 "$WORK/persistence.fs" 24M persistence "$KEEP_UUID" "$WORK/cow"
disk "$WORK/disk.img" 83 "$WORK/live.fs" "$WORK/persistence.fs"
stick 'boot=live components persistence quiet splash'
part "$WORK/persistence.fs" "$WORK/disk.img" 2
kept "$WORK/persistence.fs" /rw/kept

# archiso: its files on FAT, changes on another partition
archiso_files "$WORK/archiso" erofs
vfat "$WORK/archiso.fs" 48 ARCH_202611
mcopy -s -i "$WORK/archiso.fs" "$WORK/archiso"/* ::
mkdir -p "$WORK/keep/persistent_ARCH_202611/x86_64"
mv "$WORK/cow/rw" "$WORK/keep/persistent_ARCH_202611/x86_64/upperdir"
mv "$WORK/cow/work" "$WORK/keep/persistent_ARCH_202611/x86_64/workdir"
ext4 "$WORK/keep.fs" 24M KEEP "$KEEP_UUID" "$WORK/keep"
disk "$WORK/disk.img" 83 "$WORK/archiso.fs" "$WORK/keep.fs"
stick 'archisobasedir=arch archisolabel=ARCH_202611 cow_label=KEEP'
part "$WORK/keep.fs" "$WORK/disk.img" 2
kept "$WORK/keep.fs" /persistent_ARCH_202611/x86_64/upperdir/kept

# dracut: livecd-iso-to-disk --overlayfs keeps changes beside the image; or in a file with a file
# system
dracut_files "$WORK/dracut" squashfs
mv "$WORK/keep/persistent_ARCH_202611/x86_64/upperdir" "$WORK/dracut/LiveOS/overlay-LIVE-$host_uuid"
mkdir -p "$WORK/dracut/LiveOS/ovlwork" "$WORK/file/overlayfs" "$WORK/file/ovlwork"
echo before >"$WORK/file/overlayfs/kept"
ext4 "$WORK/dracut/LiveOS/home.img" 24M LIVE_OVERLAY "$KEEP_UUID" "$WORK/file"
ext4 "$WORK/dracut.fs" 64M LIVE "$host_uuid" "$WORK/dracut"
disk "$WORK/disk.img" 83 "$WORK/dracut.fs"
stick "root=live:LABEL=LIVE rootfstype=ext4 rw rd.live.image rd.live.overlay=UUID=$host_uuid quiet rhgb"
stick "root=live:UUID=$host_uuid rw rd.live.image rd.live.overlay=LABEL=LIVE:/LiveOS/home.img quiet rhgb"
part "$WORK/dracut.fs" "$WORK/disk.img" 1
kept "$WORK/dracut.fs" "/LiveOS/overlay-LIVE-$host_uuid/kept"
debugfs -R "dump /LiveOS/home.img $WORK/home.img" "$WORK/dracut.fs" 2>/dev/null
kept "$WORK/home.img" /overlayfs/kept

# Slax on FAT: where a directory cannot hold changes a file does
slax='vga=normal initrd=/slax/boot/initrfs.img load_ramdisk=1 prompt_ramdisk=0 rw printk.time=0 consoleblank=0'
slax_files "$WORK/slax"
host_disk vfat "$WORK/slax"
boot overlay "$slax slax.flags=perch,automount test.keep=one" $medium
expect_small_boot
expect '=== wrote one'
boot overlay "$slax slax.flags=perch,automount test.run=/etc/tell" $medium
expect_small_boot
expect '=== kept one'
expect '=== top ten'
host_clean vfat

# Slax: the last session is gone on with, until a new one is asked for
mkdir -p "$WORK/slax/slax/changes/1/changes" "$WORK/slax/slax/changes/1/workdir"
echo before >"$WORK/slax/slax/changes/1/changes/kept"
echo 1 >"$WORK/slax/slax/changes/last_session.txt"
ext4 "$WORK/slax.fs" 48M SLAX "$host_uuid" "$WORK/slax"
disk "$WORK/disk.img" 83 "$WORK/slax.fs"
stick "$slax perchdir=resume automount"
boot overlay "$slax automount perchdir=new" $medium
expect_small_boot
expect_not '=== kept'
expect 'using session 2'
part "$WORK/slax.fs" "$WORK/disk.img" 1
kept "$WORK/slax.fs" /slax/changes/1/changes/kept
debugfs -R 'cat /slax/changes/last_session.txt' "$WORK/slax.fs" 2>/dev/null | grep -qx 2 ||
	fail 'the last session is not told'
