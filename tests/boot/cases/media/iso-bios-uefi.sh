# promise: mkvinitrd iso makes a CD that BIOS and UEFI boot into the overlay root, the same file as
# a USB drive too, whose rest keeps changes
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day as a CD by BIOS and as a drive by UEFI, with what the drive keeps read from outside: both loaders start the same kernel
# and initramfs, and a drive boots by BIOS in usb-bios-uefi.
# The labels are the quoting's test: a blank, a quote and a dollar reach the kernel.
few_modules ata_piix ahci
small_image "$WORK/root.sqfs"
MKVINITRD=$MKVINITRD "$TOP/scripts/iso" -o "$WORK/cd.iso" -l "Ann's \$CD" -r "$KDIR" -k "$KVER" \
	-a 'console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on' "$WORK/root.sqfs" &&
	fail 'a single quote cannot be passed to the kernel'
MKVINITRD=$MKVINITRD "$TOP/scripts/iso" -o "$WORK/cd.iso" -l 'My $CD' -r "$KDIR" -k "$KVER" \
	-a 'console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on test.keep=stick' \
	"$WORK/root.sqfs" || fail 'mkvinitrd iso'
boot_firmware -cdrom "$WORK/cd.iso" -boot d
expect_small_boot
expect '=== root overlay rw'
expect_not '=== kept'
# copied to a drive that is larger, with a partition for changes on its rest: by UEFI
cp "$WORK/cd.iso" "$WORK/drive.img"
truncate -s 128M "$WORK/drive.img"
"$TOP/scripts/iso" --add-changes "$WORK/drive.img" || fail 'mkvinitrd iso --add-changes'
stick="-device qemu-xhci -drive file=$WORK/drive.img,format=raw,if=none,id=s -device usb-storage,drive=s,bootindex=1"
boot_firmware -bios /usr/share/ovmf/OVMF.fd $stick
expect_small_boot
expect '=== wrote stick'
part "$WORK/changes" "$WORK/drive.img" 4
clean_ext4 "$WORK/changes"
debugfs -R 'cat /.mkvinitrd/upper/kept' "$WORK/changes" 2>/dev/null | grep -qx stick || fail 'what was written is not on the drive'
check_all || return 0
boot_firmware $stick
expect_small_boot
expect '=== kept stick'
boot_firmware -bios /usr/share/ovmf/OVMF.fd -cdrom "$WORK/cd.iso"
expect_small_boot
