# promise: what boot 1 wrote is there in boot 2 with the changes on a device and in a file on FAT; a full store gives ENOSPC and nothing breaks
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay -s 'image /live/root.sqfs' -s 'persist file:/changes.img'
small_image "$WORK/root.sqfs"
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs"
ext4 "$WORK/changes.ext4" 32M changes "$root_uuid"
disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/changes.ext4"
medium="-device qemu-xhci -drive file=$WORK/disk.img,format=raw,if=none,id=s -device usb-storage,drive=s,removable=on"

boot overlay 'vi.persist=device:LABEL=changes test.keep=boot1' $medium
expect_small_boot
boot overlay 'vi.persist=device:LABEL=changes test.keep=boot2' $medium
expect_small_boot
expect '=== kept boot1'
part "$WORK/changes" "$WORK/disk.img" 2
clean_ext4 "$WORK/changes"

boot overlay 'vi.persist=file:/changes.img,24M test.keep=boot1' $medium
expect_small_boot
boot overlay 'vi.persist=file:/changes.img test.run=/etc/fill test.keep=boot2' $medium
expect_small_boot
expect '=== kept boot1'
expect 'No space left'
expect '=== read back 0'
boot overlay 'vi.persist=file:/changes.img' $medium
expect_small_boot
expect '=== kept boot2'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::changes.img "$WORK/changes.img"
clean_ext4 "$WORK/changes.img"
