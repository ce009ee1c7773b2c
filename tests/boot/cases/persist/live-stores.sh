# promise: changes that antiX, liveslak and overlayroot kept are there, in a file and in directories
# laid out as theirs, and what this boot changes is kept where they look; overlayroot=tmpfs keeps
# nothing, and nop=wipe begins anew
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day skel/live-kept.bats has the plans, and live-layouts boots such a medium.
store_uuid=6d6b7669-6e69-7472-6400-0000000000b7
build overlay overlay
build disk disk -s 'applet overlayroot' -s 'module =fs overlay loop'
small_root "$WORK/small"

# kept DIRECTORY: changes of a boot before
kept() {
	mkdir -p "$1"
	echo before >"$1/kept"
}

mkdir -p "$WORK/medium/antiX" "$WORK/medium/liveslak/system" "$WORK/rootfs/work" \
	"$WORK/file/.ovlwork"
kept "$WORK/rootfs/upper"
kept "$WORK/medium/persistence"
mkdir "$WORK/medium/.ovlwork"
kept "$WORK/store/slackware/persistence"
kept "$WORK/store/deep/upper"
kept "$WORK/file/kept"
mksquashfs "$WORK/small" "$WORK/medium/antiX/linuxfs" -quiet -no-progress -all-root
cp "$WORK/medium/antiX/linuxfs" "$WORK/medium/liveslak/system/0010-min.sxz"
ext4 "$WORK/medium/antiX/rootfs" 24M rootfs "$root_uuid" "$WORK/rootfs"
ext4 "$WORK/store/slackware/kept.img" 24M kept "$root_uuid" "$WORK/file"
ext4 "$WORK/medium.fs" 96M MEDIUM "$host_uuid" "$WORK/medium"
ext4 "$WORK/root.fs" 32M ROOT "$root_uuid" "$WORK/small"
ext4 "$WORK/store.fs" 64M STORE "$store_uuid" "$WORK/store"
disk "$WORK/disk.img" 83 "$WORK/medium.fs" "$WORK/root.fs" "$WORK/store.fs"

# keeps IMAGE PARAMETERS: the changes are there, and this boot's are added
keeps() {
	boot "$1" "$2 test.keep=now" -drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect_not 'recognised, not supported'
	expect '=== root overlay rw'
	expect '=== kept before'
	expect '=== wrote now'
	expect_small_boot
	for n in 1 2 3; do
		part "$WORK/part$n" "$WORK/disk.img" $n
		clean_ext4 "$WORK/part$n"
	done
}

# holds FS FILE [FS]: both are in that file, of a file system in a file of the first
holds() {
	if [ -n "${3:-}" ]; then
		debugfs -R "dump $3 $WORK/inner" "$1" 2>/dev/null
		clean_ext4 "$WORK/inner"
		set -- "$WORK/inner" "$2"
	fi
	debugfs -R "cat $2" "$1" 2>/dev/null | paste -sd ' ' | grep -qx 'before now' ||
		fail "$2 of $1 has not what was kept"
}

keeps overlay 'BOOT_IMAGE=/antiX/vmlinuz from=hd persist_static_root'
holds "$WORK/part1" /upper/kept /antiX/rootfs
keeps overlay 'livemain=liveslak kbd=us'
holds "$WORK/part1" /persistence/kept
keeps overlay 'livemain=liveslak persistence=STORE:/slackware/persistence'
holds "$WORK/part3" /slackware/persistence/kept
keeps overlay "livemain=liveslak persistence=$store_uuid:/slackware/kept"
holds "$WORK/part3" /kept/kept /slackware/kept.img
keeps disk 'root=LABEL=ROOT overlayroot=device:dev=LABEL=STORE,dir=/deep/upper'
holds "$WORK/part3" /deep/upper/kept

boot disk 'root=LABEL=ROOT overlayroot=tmpfs test.keep=lost' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== root overlay rw'
expect_not '=== kept'
expect_small_boot
boot overlay 'livemain=liveslak nop=wipe test.keep=anew' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_not '=== kept'
expect_small_boot
part "$WORK/part1" "$WORK/disk.img" 1
debugfs -R 'cat /persistence/kept' "$WORK/part1" 2>/dev/null | grep -qx anew ||
	fail 'the place that was emptied has not what was kept'
part "$WORK/part2" "$WORK/disk.img" 2
cmp "$WORK/part2" "$WORK/root.fs" || fail 'the root below an overlay was written to'
