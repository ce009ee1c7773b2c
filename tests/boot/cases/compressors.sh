# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# promise: an image of each compressor boots, with an early microcode segment in front of it
small_disk "$WORK/disk.img" bbroot
# an AMD container without a patch: the kernel looks at it and goes on
printf 'DMA\0%1020s' "" >"$WORK/amd.bin"
printf 'root disk\nmodule virtio_pci virtio_blk ext4\nmicrocode %s\n' "$WORK/amd.bin" >"$WORK/small.profile"
for compress in zstd xz gzip lz4 none; do
	build "$compress" "$WORK/small.profile" -s "compress $compress"
	"$MKVINITRD" ls "$WORK/$compress.initramfs" | grep -q '^kernel/x86/microcode/' || fail 'no microcode in the image'
	boot "$compress" 'root=LABEL=bbroot rw' -drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== busybox init reached'
	expect_not 'Initramfs unpacking failed'
done
