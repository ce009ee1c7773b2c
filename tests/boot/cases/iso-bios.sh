# promise: mkvinitrd iso makes a CD that BIOS boots into the overlay root
# kernels: 6.12
MKVINITRD=$MKVINITRD "$TOP/scripts/iso" -o "$WORK/cd.iso" -r "$KDIR" -k "$KVER" -a 'console=ttyS0 panic=-1 printk.devkmsg=on' "$IMAGES/root-zstd.sqfs" ||
	fail 'mkvinitrd iso'
boot_firmware -cdrom "$WORK/cd.iso" -boot d
expect_good_boot
expect '=== root overlay rw'
