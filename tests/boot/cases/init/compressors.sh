# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# promise: an image of each compressor boots, with an early microcode segment in front of it
small_disk "$WORK/disk.img" bbroot
# an AMD container without a patch: the kernel looks at it and continues
printf 'DMA\0%1020s' "" >"$WORK/amd.bin"
printf 'root disk\nmodule virtio_pci virtio_blk ext4\nmicrocode %s\n' "$WORK/amd.bin" \
	>"$WORK/small.profile"
# Every day the other cases boot images of zstd, and menu-tinycore one of gzip; the segment in front
# of each is not compressed.
compressors='xz lz4'
! check_all || compressors="$compressors none zstd gzip"
for compress in $compressors; do
	build "$compress" "$WORK/small.profile" -s "compress $compress"
	"$MKVINITRD" ls "$WORK/$compress.initramfs" | grep -q '^kernel/x86/microcode/' ||
		fail 'no microcode in the image'
	boot "$compress" 'root=LABEL=bbroot rw' -drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== busybox init reached'
	expect_not 'Initramfs unpacking failed'
done
