# promise: with a persistent upper on ext4 a file written in boot 1 is there in boot 2, and the host
# is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day overlay-parameters keeps a directory on ext4, and Debian with a persistent upper over two boots is installed-trixie's.
build overlay overlay -s 'image /live/root.sqfs' -s 'persist dir:/changes'

# persists ROOT GOOD: two boots
persists() {
	mkdir -p "$WORK/host/live"
	cp "$1" "$WORK/host/live/root.sqfs"
	ext4 "$WORK/host.ext4" 160M frugal "$host_uuid" "$WORK/host"
	rm -f "$WORK/disk.img"
	disk "$WORK/disk.img" 83 "$WORK/host.ext4"
	rm -r "$WORK/host" "$WORK/host.ext4"
	boot overlay 'test.keep=boot1' -drive "file=$WORK/disk.img,format=raw,if=virtio"
	$2
	expect '=== wrote boot1'
	boot overlay 'test.keep=boot2' -drive "file=$WORK/disk.img,format=raw,if=virtio"
	$2
	expect '=== kept boot1'
	part "$WORK/host" "$WORK/disk.img" 1
	clean_ext4 "$WORK/host"
	rm "$WORK/host"
}

small_image "$WORK/small.sqfs"
persists "$WORK/small.sqfs" expect_small_boot
check_all || exit 0
debian_image root-zstd.sqfs
persists "$DEBIAN" expect_good_boot
