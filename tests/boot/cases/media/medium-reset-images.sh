# promise: a USB drive that vanishes while the root is made, and comes back under another name, is
# found again as well where it has a dynamic image (by dm, ublk and nbd), the archive of mode tmpfs,
# or only the changes; all is clean at the end
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day medium-reset has an overlay and a raw image, and skel/removed.bats what is taken down.
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/reset.sh"
reset_hook
build tmpfs tmpfs -s 'image /root.tar.zst' -s "hook assemble $WORK/hook"
build loop loop -s "hook assemble $WORK/hook"
build overlay overlay -s 'image /root.sqfs' -s 'applet mke2fs' -s "hook handover $WORK/hook"
format_disk "$WORK/raw.img"
small_root "$WORK/small"
mkdir "$WORK/usb" "$WORK/host" "$WORK/empty"
image vhd "$WORK/raw.img" "$WORK/usb"
bsdtar -cf "$WORK/usb/root.tar.zst" --zstd -C "$WORK/small" .
small_image "$WORK/host/root.sqfs"
host_disk ext4 "$WORK/host"
mv "$WORK/disk.img" "$WORK/host.img"
host_disk ext4 "$WORK/usb"

# resets PROFILE PARAMETERS ROOT [QEMU ARGS...]: the drive is $WORK/disk.img
resets() {
	reset_profile=$1 reset_words=$2 reset_root=$3
	shift 3
	boot_attended "$reset_profile" "rw $reset_words" \
		'=== the drive is here => monitor device_del stick' \
		'=== the drive is gone => monitor device_add usb-storage,id=again,drive=s,serial=VI0001' -- \
		-device qemu-xhci \
		-blockdev \
		"driver=raw,node-name=s,file.driver=file,file.filename=$WORK/disk.img" \
		-device usb-storage,id=stick,drive=s,serial=VI0001 "$@"
	expect '/dev/sda1 was removed before the root was started: looking for it again'
	expect "=== root $reset_root"
	expect_small_boot
	host_clean ext4
}

resets tmpfs 'test.keep=memory' 'tmpfs rw'
resets loop "vi.image=/$IMAGE test.keep=dm" 'ext4 rw'
expect "$IMAGE is /dev/dm-"
case $KVER in
6.1.*) ;; # without ublk
*)
	resets loop "vi.image=/$IMAGE module_blacklist=dm_mod test.keep=ublk" 'ext4 rw'
	expect "$IMAGE is /dev/ublkb"
	;;
esac
resets loop "vi.image=/$IMAGE module_blacklist=dm_mod,ublk_drv test.keep=nbd" 'ext4 rw'
expect "$IMAGE is /dev/nbd"
host_files ext4 "$WORK/after"
image_raw vhd "$WORK/after" "$WORK/after.img"
part "$WORK/root.fs" "$WORK/after.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | grep -qx nbd ||
	fail 'what was written is not in the image'

# the changes alone
ext4 "$WORK/store.ext4" 100M STORE "$root_uuid" "$WORK/empty"
for store in dir:LABEL=STORE:/changes file:LABEL=STORE:/changes.img,32M; do
	disk "$WORK/disk.img" 83 "$WORK/store.ext4"
	resets overlay "vi.host=/dev/vda1 vi.persist=$store test.keep=store" 'overlay rw' \
		-drive "file=$WORK/host.img,format=raw,if=virtio,readonly=on"
	expect '=== wrote store'
done
