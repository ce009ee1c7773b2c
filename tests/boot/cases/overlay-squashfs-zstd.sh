# promise: a squashfs-zstd image in a directory of a vfat stick boots under an overlay in RAM; the stick is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
build overlay overlay -s 'image /live/root-zstd.sqfs'
vfat "$WORK/stick.vfat" 160 STICK "$IMAGES/root-zstd.sqfs=live/root-zstd.sqfs"
disk "$WORK/disk.img" c "$WORK/stick.vfat"
sha256sum "$WORK/disk.img" >"$WORK/sum"
boot overlay 'vi.persist=ram' -device qemu-xhci -drive "file=$WORK/disk.img,format=raw,if=none,id=s" -device usb-storage,drive=s,removable=on
expect_good_boot
expect '=== root overlay rw'
sha256sum --quiet -c "$WORK/sum" || fail 'the stick that was only read has changed'
