# promise: a squashfs-zstd image in a directory of a FAT USB drive boots under an overlay in RAM; the drive is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# Every day 6.1 has the small root; Debian boots there from a disk (disk-uuid), and in this mode on the others.
. "$TOP/tests/boot/live.sh"
build overlay overlay -s 'image /live/root.img'
case $(check_all || echo "$KVER") in
6.1.*)
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
