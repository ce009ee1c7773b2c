# promise: a dynamic VHD and a QCOW2 boot by dm, by ublk, by nbd and by fuse, whichever the kernel
# has; each reads what the one before has written, and all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12
. "$TOP/tests/boot/lib/hosts.sh"
# Every day each exporter with one format, and each format with two: who serves a disk does not know
# its format.

# by EXPORTER: a boot of a kernel that refuses the modules of those that would be tried before
by() {
	case $1 in
	dm) device=dm- without=no_module ;;
	ublk) device=ublkb without=dm_mod ;;
	nbd) device=nbd without=dm_mod,ublk_drv ;;
	fuse) device=loop without=dm_mod,ublk_drv,nbd ;;
	esac
	boot loop "rw vi.image=/$IMAGE module_blacklist=$without test.keep=$1 test.run=/etc/$script" $MEDIUM
	expect_small_boot
	expect '=== root ext4 rw'
	expect "$IMAGE is /dev/$device"
	expect_not 'is given up'
	host_clean ext4
	# the first lets the root grow
	for kept in $before; do expect "=== kept $kept"; done
	[ -z "$before" ] || expect '=== data is whole'
	before="$before$1 " script=verify
}
build loop loop
format_disk "$WORK/raw.img"
for format in vhd qcow2; do
	rm -rf "$WORK/host" "$WORK/after"
	mkdir "$WORK/host"
	image $format "$WORK/raw.img" "$WORK/host"
	host_disk ext4 "$WORK/host"
	case $(check_all || echo $format) in
	vhd) exporters='dm nbd' ;;
	qcow2) exporters='ublk fuse' ;;
	*) exporters='dm ublk nbd fuse' ;;
	esac
	before='' script=grow
	for exporter in $exporters; do by "$exporter"; done
	host_files ext4 "$WORK/after"
	image_raw $format "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | tr '\n' ' ' | grep -qx "$before" ||
		fail 'what was written is not in the image'
done
