# promise: mkvinitrd iso makes a CD that BIOS and UEFI boot into the overlay root, the same file as a USB drive too
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
small_image "$WORK/root.sqfs"
MKVINITRD=$MKVINITRD "$TOP/scripts/iso" -o "$WORK/cd.iso" -r "$KDIR" -k "$KVER" -a 'console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on' "$WORK/root.sqfs" ||
	fail 'mkvinitrd iso'
boot_firmware -cdrom "$WORK/cd.iso" -boot d
expect_small_boot
expect '=== root overlay rw'
boot_firmware -bios /usr/share/ovmf/OVMF.fd -cdrom "$WORK/cd.iso"
expect_small_boot
boot_firmware -device qemu-xhci -drive "file=$WORK/cd.iso,format=raw,if=none,id=s,snapshot=on" -device usb-storage,drive=s,bootindex=1
expect_small_boot
