# promise: a squashfs-zstd image in a directory of a FAT USB drive boots under an overlay in RAM; the drive is byte for byte as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
. "$TOP/tests/boot/live.sh"
build overlay overlay -s 'image /live/root.img'
boot_layer "$IMAGES/root-zstd.sqfs" 160
expect_good_boot
