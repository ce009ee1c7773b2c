# promise: a squashfs-xz image in a directory of a FAT USB drive boots under an overlay in RAM; the
# drive is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay -s 'image /live/root.img'
small_root "$WORK/small"
mksquashfs "$WORK/small" "$WORK/small.img" -quiet -no-progress -all-root -comp xz -Xdict-size 32K \
	-b 128K
boot_layer "$WORK/small.img" 64
expect_small_boot
[ -n "${CHECK_ALL:-}" ] || exit 0
debian_image root-xz.sqfs
boot_layer "$DEBIAN" 160
expect_good_boot
