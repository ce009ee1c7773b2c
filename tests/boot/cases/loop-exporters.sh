# promise: a dynamic VHD and a QCOW2 boot by dm, by ublk, by nbd and by fuse, whichever the kernel has; each reads what the one before has written, and all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12
. "$TOP/tests/boot/hosts.sh"
# by DEVICES WITHOUT WORDS: a boot of a kernel that refuses the modules WITHOUT; the disk is one of DEVICES
by() {
	boot loop "rw vi.image=/$IMAGE module_blacklist=$2 $3" $MEDIUM
	expect_small_boot
	expect '=== root ext4 rw'
	expect "$IMAGE is /dev/$1"
	expect_not 'is given up'
	host_clean ext4
}
build loop loop
format_disk "$WORK/raw.img"
for format in vhd qcow2; do
	rm -rf "$WORK/host" "$WORK/after"
	mkdir "$WORK/host"
	image $format "$WORK/raw.img" "$WORK/host"
	host_disk ext4 "$WORK/host"
	by dm- no_module 'test.keep=dm test.run=/etc/grow'
	by ublkb dm_mod 'test.keep=ublk test.run=/etc/verify'
	expect '=== kept dm'
	expect '=== data is whole'
	by nbd dm_mod,ublk_drv 'test.keep=nbd test.run=/etc/verify'
	expect '=== kept ublk'
	expect '=== data is whole'
	by loop dm_mod,ublk_drv,nbd 'test.keep=fuse test.run=/etc/verify'
	expect '=== kept nbd'
	expect '=== data is whole'
	host_files ext4 "$WORK/after"
	image_raw $format "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | tr '\n' ' ' | grep -qx 'dm ublk nbd fuse ' || fail 'what was written is not in the image'
done
