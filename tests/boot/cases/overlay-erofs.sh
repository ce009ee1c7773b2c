# promise: an erofs image in a directory of a vfat stick boots under an overlay in RAM; the stick is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build overlay overlay -s 'image /live/root-lz4hc.erofs'
small_root "$WORK/small"
image=$WORK/root-lz4hc.erofs
mkfs.erofs --quiet -zlz4hc,3 --all-root "$image" "$WORK/small" >/dev/null
vfat "$WORK/stick.vfat" 64 STICK "$image=live/root-lz4hc.erofs"
disk "$WORK/disk.img" c "$WORK/stick.vfat"
medium="-device qemu-xhci -drive file=$WORK/disk.img,format=raw,if=none,id=s -device usb-storage,drive=s,removable=on"
sha256sum "$WORK/disk.img" >"$WORK/sum"
boot overlay 'vi.persist=ram' $medium
expect_small_boot
expect '=== root overlay rw'
sha256sum --quiet -c "$WORK/sum" || fail 'the stick that was only read has changed'

# a whole Debian in the same format
[ -n "${CHECK_ALL:-}" ] || exit 0
vfat "$WORK/stick.vfat" 160 STICK "$IMAGES/root-lz4hc.erofs=live/root-lz4hc.erofs"
disk "$WORK/disk.img" c "$WORK/stick.vfat"
boot overlay 'vi.persist=ram' $medium
expect_good_boot
