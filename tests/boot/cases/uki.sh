# promise: mkvinitrd uki makes one file that UEFI boots without a boot loader
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12
# Every day UEFI starts 6.12 in usb-bios-uefi and iso-bios-uefi.
MKVINITRD=$MKVINITRD "$TOP/scripts/uki" -o "$WORK/linux.efi" -p disk -r "$KDIR" -k "$KVER" \
	-a 'console=ttyS0 no_timer_check panic=-1 root=LABEL=bbroot rw' || fail 'mkvinitrd uki'
vfat "$WORK/esp" 96 ESP
mmd -i "$WORK/esp" ::EFI ::EFI/BOOT
mcopy -i "$WORK/esp" "$WORK/linux.efi" ::EFI/BOOT/BOOTX64.EFI
small_root "$WORK/small"
ext4 "$WORK/small.ext4" 32M bbroot "$host_uuid" "$WORK/small"
disk "$WORK/disk.img" ef "$WORK/esp" "$WORK/small.ext4"
boot_firmware -bios /usr/share/ovmf/OVMF.fd -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== busybox init reached'
