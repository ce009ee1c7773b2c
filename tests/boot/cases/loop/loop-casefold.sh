# promise: on an ext4 whose directories fold case an image is found in any letter case, and a store
# of changes, which overlayfs refuses there, lies in a file; both are kept, and the file system
# stays clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day findimg.bats and overlay.bats prove the same for NTFS, where no kernel folds case.
small_root "$WORK/small"
mkdir -p "$WORK/host/VM"
ext4 "$WORK/host/VM/Linux.img" 32M root "$root_uuid" "$WORK/small"
small_image "$WORK/host/VM/Root.sfs"
mke2fs -q -t ext4 -O casefold -E encoding=utf8,root_owner=0:0 -L HOST -U "$host_uuid" \
	-d "$WORK/host" "$WORK/host.ext4" 200M
# chattr +F, without a kernel that knows it
debugfs -w -R 'set_inode_field /VM flags 0x40080000' "$WORK/host.ext4" 2>"$WORK/debugfs.log"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
drive="file=$WORK/disk.img,format=raw,if=virtio"

build loop loop
boot loop 'rw vi.image=/VM/LINUX.img vi.part=whole test.keep=loop' -drive "$drive"
expect_small_boot
expect '=== root ext4 rw'
expect '=== wrote loop'

build overlay overlay -s 'applet e2fsck mke2fs'
boot overlay 'rw vi.image=/VM/root.SFS vi.persist=dir:/VM/changes test.keep=overlay' -drive "$drive"
expect_small_boot
expect '=== root overlay rw'
expect '=== wrote overlay'
boot overlay 'rw vi.image=/VM/Root.sfs vi.persist=dir:/VM/Changes' -drive "$drive"
expect_small_boot
expect '=== kept overlay'

part "$WORK/after.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/after.ext4"
debugfs -R "dump /VM/Linux.img $WORK/image" "$WORK/after.ext4" 2>>"$WORK/debugfs.log"
debugfs -R 'cat /kept' "$WORK/image" 2>>"$WORK/debugfs.log" | grep -qx loop ||
	fail 'what was written is not in the image'
