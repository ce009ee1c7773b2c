# promise: kloop's words boot a root on a logical volume in a dynamic VHD, though the host has a
# volume group of the same name; what is written is kept, all is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day what was kept is read from outside; skel/volumes.bats has a volume's other name.
. "$TOP/tests/boot/lib/hosts.sh"
. "$TOP/tests/boot/lib/volumes.sh"
sysroot lvm
build_volumes x 'include loop' 'include lvm'
small_ext4 "$WORK/root.fs"
physical_volume "$WORK/pv" vg "lv=$WORK/root.fs"
disk "$WORK/raw.img" 8e "$WORK/pv"
mkdir "$WORK/host"
image vhd "$WORK/raw.img" "$WORK/host"
ext4 "$WORK/host.fs" 100M imghost "$host_uuid" "$WORK/host"
# the other one has no init
ext4 "$WORK/other.fs" 8M lvroot "$root_uuid"
physical_volume "$WORK/other" vg "lv=$WORK/other.fs"
disk "$WORK/disk.img" 83 "$WORK/host.fs" "$WORK/other"
drive="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot x "root=UUID=$host_uuid kloop=/disk.vhd kroot=/dev/mapper/vg-lv klvm=vg rw test.keep=one" \
	$drive
expect_small_boot
expect '=== root ext4 rw'
expect '=== wrote one'
kept='one '
if check_all; then
	boot x "root=UUID=$host_uuid kloop=/disk.vhd kroot=/dev/vg/lv rw test.keep=two" $drive
	expect_small_boot
	expect '=== kept one'
	kept='one two '
fi

part "$WORK/other.after" "$WORK/disk.img" 2
cmp -n "$(stat -c %s "$WORK/other")" "$WORK/other" "$WORK/other.after" ||
	fail "the host's own volume group was written to"
host_clean ext4
host_files ext4 "$WORK/after"
image_raw vhd "$WORK/after" "$WORK/after.img"
part "$WORK/pv.after" "$WORK/after.img" 1
clean_volume "$WORK/pv.after" vg 32
debugfs -R 'cat /kept' "$WORK/lv.fs" 2>/dev/null | tr '\n' ' ' | grep -qx "$kept" ||
	fail 'what was written is not in the image'
