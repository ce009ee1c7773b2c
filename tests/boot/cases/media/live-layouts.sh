# promise: media of Puppy, antiX, Gentoo, Manjaro and liveslak boot by the parameters of their own
# menus, each layer in its place
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build overlay overlay
small_root "$WORK/small"
echo 'while read -r line; do echo "=== layer $line"; done </top; for file in /has/*; do echo "=== has ${file##*/}"; done' >"$WORK/small/etc/layers"
mkdir "$WORK/small/has"

# layer FILE NAME [DIRECTORY]: a squashfs with /has/NAME and /top, which says NAME
layer() {
	mkdir -p "$WORK/layer/has" "$(dirname "$WORK/medium/$1")"
	[ -z "${3:-}" ] || cp -a "$3/." "$WORK/layer/"
	echo "$2" >"$WORK/layer/top"
	: >"$WORK/layer/has/$2"
	mksquashfs "$WORK/layer" "$WORK/medium/$1" -quiet -no-progress -noappend -comp zstd \
		-all-root
	rm -r "$WORK/layer"
}

# boots PARAMETERS TOP NAME...: that layer is on top, and all of them are there
boots() {
	parameters=$1 top=$2
	shift 2
	boot overlay "$parameters test.run=/etc/layers" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio,readonly=on"
	expect "=== layer $top\$"
	for name in "$top" "$@"; do expect "=== has $name\$"; done
	expect_not 'recognised, not supported'
	expect_small_boot
}

layer tahr64/puppy_tahr64_6.0.6.sfs puppy "$WORK/small"
layer tahr64/adrv_tahr64_6.0.6.sfs adrv
layer tahr64/zdrv_tahr64_6.0.6.sfs zdrv
layer antiX/linuxfs antix "$WORK/small"
layer image.squashfs gentoo "$WORK/small"
: >"$WORK/medium/livecd"
layer manjaro/x86_64/rootfs.sfs rootfs "$WORK/small"
layer manjaro/x86_64/desktopfs.sfs desktopfs
layer manjaro/x86_64/livefs.sfs livefs
layer liveslak/system/0010-min.sxz min "$WORK/small"
layer liveslak/system/0099-config.sxz config
layer liveslak/addons/a.sxz addon
ext4 "$WORK/medium.fs" 96M MEDIUM "$host_uuid" "$WORK/medium"
disk "$WORK/disk.img" 83 "$WORK/medium.fs"

boots "pmedia=usbhd pdev1=$host_uuid psubdir=/tahr64 pfix=ram" adrv puppy zdrv
# every day the plans of the others, and the order of their layers, are tested without a VM
if check_all; then
	boots 'BOOT_IMAGE=/antiX/vmlinuz quiet splasht from=hd disable=lx' antix
	boots 'root=/dev/ram0 dokeymap looptype=squashfs loop=/image.squashfs cdroot cdroot_marker=/livecd docache' gentoo
	boots 'misobasedir=manjaro misolabel=MEDIUM driver=free' livefs rootfs desktopfs
	boots 'livemain=liveslak load_ramdisk=1 prompt_ramdisk=0 kbd=us tweaks=nga' addon min config
fi
