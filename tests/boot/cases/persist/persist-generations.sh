# promise: with rollback=N a boot that breaks its root is gone back behind after two failed boots,
# and the console says so; discard too
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay -s 'image /live/root.sqfs' -s 'persist dir:/changes,rollback=3'
small_root "$WORK/small"
echo 'rm /sbin/init /bin/sh' >"$WORK/small/etc/break"
mkdir -p "$WORK/host/live"
small_image "$WORK/host/live/root.sqfs"
ext4 "$WORK/host.ext4" 64M host "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot overlay 'test.keep=good' $medium
expect_small_boot
# it comes up, and leaves a root without an init behind
boot overlay 'test.keep=bad test.run=/etc/break' $medium
expect_small_boot
expect '=== kept good'
for _ in 1 2; do
	boot overlay '' $medium
	expect 'the root has no init'
done
boot overlay '' $medium
expect 'the last two boots failed: using generation 1'
expect_small_boot
expect '=== kept good'
expect_not '=== kept bad'

# every day overlayroot's own tests discard (generations.bats)
if check_all; then
	boot overlay 'vi.persist=discard' $medium
	expect 'discarded as requested: using generation 1'
	expect_small_boot
	expect '=== kept good'
fi
part "$WORK/part" "$WORK/disk.img" 1
clean_ext4 "$WORK/part"
