# promise: the medium by label with blanks, checked, copied to RAM and let go; a wrong sum is
# refused; two media with the image are both told
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/boot.bats refuses a wrong sum, and tmpfs-limits one of an archive.
build overlay overlay -s 'image /live/root.sqfs'
small_root "$WORK/small"
echo "blockdev --rereadpt /dev/vda && echo '=== medium is free'" >"$WORK/small/etc/is-free"
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/host/live"
cp "$WORK/root.sqfs" "$WORK/host/live"
ext4 "$WORK/host.ext4" 16M 'my stick' "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
sum=$(sha256sum "$WORK/root.sqfs")
sum=${sum%% *}
BLANKS='"vi.host=LABEL=my stick"'
medium="-drive file=$WORK/disk.img,format=raw,if=virtio,snapshot=on"

boot overlay "$BLANKS vi.toram vi.verify=sha256:$sum vi.size=30% test.run=/etc/is-free" $medium
expect_small_boot
expect '=== root overlay rw'
expect '/dev/vda1 is no longer needed'
expect '=== medium is free'

if check_all; then
	boot overlay "vi.host=UUID=$host_uuid vi.verify=sha256:$(printf %064d 0) panic=1" $medium
	expect "the image is not the one that vi.verify= allows"
	expect "found $sum"
	expect_not '=== '
fi

boot overlay 'vi.persist=ram:32m' $medium \
	-drive "file=$WORK/disk.img,format=raw,if=virtio,snapshot=on"
expect_small_boot
expect 'vda1.*vdb1\|vdb1.*vda1'
