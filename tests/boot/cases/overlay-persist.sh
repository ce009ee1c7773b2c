# promise: with a persistent upper on ext4 a file written in boot 1 is there in boot 2, and the host is left clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build overlay overlay -s 'image /live/root-zstd.sqfs' -s 'persist dir:/changes'
mkdir -p "$WORK/host/live"
cp "$IMAGES/root-zstd.sqfs" "$WORK/host/live"
ext4 "$WORK/host.ext4" 160M frugal "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4"
boot overlay 'test.keep=boot1' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== wrote boot1'
boot overlay 'test.keep=boot2' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== kept boot1'
part "$WORK/host" "$WORK/disk.img" 1
clean_ext4 "$WORK/host"
