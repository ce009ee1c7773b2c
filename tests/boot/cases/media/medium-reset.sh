# promise: a USB drive that vanishes while the root is made, and comes back under another name, is
# found again: the boot continues, an overlay with its store and an image alike, and ends clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/reset.sh"
small_root "$WORK/small"
mkdir -p "$WORK/host/live"
ext4 "$WORK/host/root.img" 32M SMALL "$root_uuid" "$WORK/small"
small_image "$WORK/host/live/root.sqfs"
ext4 "$WORK/usb.ext4" 200M LIVE "$host_uuid" "$WORK/host"
disk "$WORK/usb.img" 83 "$WORK/usb.ext4"
reset_hook

# resets PROFILE PHASE PARAMETERS
resets() {
	build $1 $1 -s 'image /live/root.sqfs' -s "hook $2 $WORK/hook"
	boot_attended $1 "rw $3" '=== the drive is here => monitor device_del stick' \
		'=== the drive is gone => monitor device_add usb-storage,id=again,drive=s,serial=VI0001' -- \
		-device qemu-xhci \
		-blockdev \
		"driver=raw,node-name=s,file.driver=file,file.filename=$WORK/usb.img" \
		-device usb-storage,id=stick,drive=s,serial=VI0001
	expect '/dev/sda1 was removed before the root was started: looking for it again'
	expect "=== root $4"
	expect "=== wrote $2"
	expect_small_boot
	part "$WORK/part" "$WORK/usb.img" 1
	clean_ext4 "$WORK/part"
}
resets overlay handover 'vi.persist=dir:/changes test.keep=handover' 'overlay rw'
resets loop assemble 'vi.image=/root.img vi.part=whole test.keep=assemble' 'ext4 rw'
