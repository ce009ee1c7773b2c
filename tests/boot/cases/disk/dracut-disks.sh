# promise: dracut's own test layouts boot with dracut's command lines: BASIC, OVERLAYFS (none, RAM,
# a size, a device, an absent one), DMSQUASH (directory, erofs on a device, an ISO by a name without
# slash)
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
build disk disk -s 'applet overlayroot' -s 'module =fs overlay loop'
small_root "$WORK/small"
echo 'while read -r line; do echo "=== mount $line"; done </proc/mounts' >"$WORK/small/etc/tell"
ext4 "$WORK/root.ext4" 32M dracut "$root_uuid" "$WORK/small"
ext4 "$WORK/overlay.ext4" 32M OVERLAY "$host_uuid"
mkdir -p "$WORK/live/LiveOS" "$WORK/iso"
mksquashfs "$WORK/small" "$WORK/live/LiveOS/rootfs.img" -quiet -no-progress -all-root
mkfs.erofs --quiet "$WORK/erofs.img" "$WORK/small" >/dev/null
xorriso -as mkisofs -quiet -o "$WORK/iso/linux.iso" "$WORK/live" -volid ISO -iso-level 3 2>/dev/null
ext4 "$WORK/iso.ext4" 48M dracut_iso 6d6b7669-6e69-7472-6400-000000000003 "$WORK/iso"
ext4 "$WORK/live.ext4" 48M dracut 6d6b7669-6e69-7472-6400-000000000004 "$WORK/live"

drive() {
	echo "-drive file=$1,format=raw,if=none,id=$2 -device virtio-blk-pci,drive=$2,serial=$2"
}
disks="$(drive "$WORK/root.ext4" root) $(drive "$WORK/overlay.ext4" overlay)"

boot disk 'root=LABEL=dracut rd.overlay=0 rw' $disks
expect_small_boot
expect '=== root ext4 rw'
boot disk 'root=LABEL=dracut rd.overlay=tmpfs:size=32M,nr_inodes=100000 test.run=/etc/tell' $disks
expect_small_boot
expect '=== root overlay rw'
boot disk "root=LABEL=dracut rd.overlay=UUID=$host_uuid test.keep=first" $disks
expect_small_boot
boot disk 'root=LABEL=dracut rd.overlay=LABEL=OVERLAY' $disks
expect_small_boot
expect '=== root overlay rw'
expect '=== kept first'
clean_ext4 "$WORK/overlay.ext4"
boot disk 'root=LABEL=dracut rd.overlay=LABEL=NONEXISTENT vi.timeout=3' $disks
expect "parameter 'rd.overlay=LABEL=NONEXISTENT': no such device appeared in 3 s"
expect_small_boot
expect '=== root overlay rw'

media="$(drive "$WORK/live.ext4" live) $(drive "$WORK/erofs.img" erofs) $(drive "$WORK/iso.ext4" iso)"
boot disk 'rd.overlay root=live:/dev/disk/by-label/dracut rd.live.image rd.live.dir=LiveOS' $media
expect_small_boot
expect '=== root overlay rw'
boot disk 'rd.overlay root=live:/dev/vdb' $media
expect_small_boot
expect '=== root overlay rw'
boot disk 'rd.overlay iso-scan/filename=linux.iso root=live:/dev/disk/by-label/ISO rd.driver.pre=squashfs rd.driver.pre=ext4' $media
expect_small_boot
expect '=== root overlay rw'
