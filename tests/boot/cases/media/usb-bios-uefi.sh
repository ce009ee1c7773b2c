# promise: mkvinitrd usb makes a USB drive that BIOS and UEFI boot, and what boot 1 changed is there
# in boot 2
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
# Every day tmpfs-http starts the current kernel by BIOS, uki by UEFI.
few_modules
small_image "$WORK/root.sqfs"
MKVINITRD=$MKVINITRD "$TOP/scripts/usb" -z 160 -r "$KDIR" -k "$KVER" \
	-s 'persist file:/changes.img,32M' \
	-a 'console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on test.keep=stick' \
	"$WORK/stick.img" "$WORK/root.sqfs" || fail 'mkvinitrd usb'
stick="-device qemu-xhci -drive file=$WORK/stick.img,format=raw,if=none,id=s -device usb-storage,drive=s,bootindex=1"
boot_firmware $stick
expect_small_boot
expect '=== wrote stick'
boot_firmware -bios /usr/share/ovmf/OVMF.fd $stick
expect_small_boot
expect '=== kept stick'
part "$WORK/fat" "$WORK/stick.img" 1
clean_vfat "$WORK/fat"
