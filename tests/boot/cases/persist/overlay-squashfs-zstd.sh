# promise: a squashfs-zstd image in a directory of a FAT USB drive boots under an overlay in RAM;
# the drive is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.12
# Every day the small root: Debian boots on 6.1 from a disk (disk-uuid), on 6.12 in this mode
# in installed-trixie. 6.12 boots the other compressors of squashfs and EROFS from such a drive
# (overlay-squashfs-xz, overlay-erofs).
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay -s 'image /live/root.img'
if check_all; then
	debian_image root-zstd.sqfs
	boot_layer "$DEBIAN" 160
	expect_good_boot
else
	small_image "$WORK/small.img"
	boot_layer "$WORK/small.img" 64
	expect_small_boot
fi
