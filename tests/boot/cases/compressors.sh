# promise: an image of each compressor boots, with an early microcode segment in front of it
small_disk "$WORK/disk.img" bbroot
mkdir -p "$WORK/microcode"
printf 'not a real update' >"$WORK/microcode/06-00-00"
for compress in zstd xz gzip lz4 none; do
	build "$compress" disk -s "compress $compress"
	boot "$compress" 'root=LABEL=bbroot rw' -drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== busybox init reached'
	expect_not 'Initramfs unpacking failed'
done
