# promise: a squashfs-zstd image in a directory of a FAT USB drive boots under an overlay in RAM;
# the drive is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# Every day the small root but on current: Debian boots on 6.1 from a disk (disk-uuid), on 6.12 in this mode in
# installed-trixie.
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay -s 'image /live/root.img'
case $(check_all || echo "$KVER") in
6.1.* | 6.12.*)
	small_image "$WORK/small.img"
	boot_layer "$WORK/small.img" 64
	expect_small_boot
	;;
*)
	debian_image root-zstd.sqfs
	boot_layer "$DEBIAN" 160
	expect_good_boot
	;;
esac
