# promise: mkvinitrd usb makes a stick that BIOS and UEFI boot, and what boot 1 changed is there in boot 2
# kernels: 6.12
MKVINITRD=$MKVINITRD "$TOP/scripts/usb" -z 640 -r "$KDIR" -k "$KVER" -s 'persist file:/changes.img,128M' \
	-a 'console=ttyS0 panic=-1 printk.devkmsg=on test.keep=stick' "$WORK/stick.img" "$IMAGES/root-zstd.sqfs" || fail 'mkvinitrd usb'
BOOT_TIMEOUT=400
boot_firmware -device qemu-xhci -drive "file=$WORK/stick.img,format=raw,if=none,id=s" -device usb-storage,drive=s,bootindex=1
expect_good_boot
expect '=== wrote stick'
boot_firmware -bios /usr/share/ovmf/OVMF.fd -device qemu-xhci -drive "file=$WORK/stick.img,format=raw,if=none,id=s" \
	-device usb-storage,drive=s,bootindex=1
expect_good_boot
expect '=== kept stick'
part "$WORK/fat" "$WORK/stick.img" 1
clean_vfat "$WORK/fat"
