# promise: media laid out for live-boot and Slax, and an ISO in a file (findiso=) boot with those systems' own words; changes of Slax are kept
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/host/live" "$WORK/host/slax/changes" "$WORK/iso/live" "$WORK/top/bin" "$WORK/top/etc"
cp "$WORK/root.sqfs" "$WORK/host/live/filesystem.squashfs"
cp "$WORK/root.sqfs" "$WORK/host/slax/01-core.sb"
echo 'from layer 02' >"$WORK/top/kept"
mksquashfs "$WORK/top" "$WORK/host/slax/02-more.sb" -quiet -no-progress -all-root
cp "$WORK/root.sqfs" "$WORK/iso/live/filesystem.squashfs"
xorriso -as mkisofs -quiet -R -V LIVEISO -o "$WORK/host/live.iso" "$WORK/iso" 2>/dev/null
ext4 "$WORK/host.ext4" 40M livehost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot overlay 'boot=live toram' $medium
expect_small_boot
expect '=== root overlay rw'
boot overlay 'from=slax perch test.keep=slax1' $medium
expect_small_boot
expect '=== kept from layer 02'
boot overlay 'from=slax perch' $medium
expect_small_boot
expect '=== kept slax1'
boot overlay 'boot=live findiso=/live.iso toram' $medium
expect_small_boot
expect '=== root overlay rw'
expect 'vda1 is no longer needed'
part "$WORK/host.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.ext4"
