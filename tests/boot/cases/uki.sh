# promise: mkvinitrd uki makes one file that UEFI boots without a boot loader, with Secure Boot if it is signed; ls and check read it
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12
# Every day UEFI starts 6.12 in usb-bios-uefi and iso-bios-uefi.
# The key that Debian's OVMF trusts in its variables for tests
openssl pkey -in /usr/share/ovmf/PkKek-1-snakeoil.key -passin pass:snakeoil -out "$WORK/key.pem"
MKVINITRD=$MKVINITRD "$TOP/scripts/uki" -o "$WORK/linux.efi" -p disk -r "$KDIR" -k "$KVER" \
	--sign-key "$WORK/key.pem" --sign-cert /usr/share/ovmf/PkKek-1-snakeoil.pem \
	-a 'console=ttyS0 no_timer_check panic=-1 root=LABEL=bbroot rw' || fail 'mkvinitrd uki'
"$MKVINITRD" ls "$WORK/linux.efi" | grep -qx init || fail 'ls does not see init in it'
vfat "$WORK/esp" 96 ESP
mmd -i "$WORK/esp" ::EFI ::EFI/BOOT
mcopy -i "$WORK/esp" "$WORK/linux.efi" ::EFI/BOOT/BOOTX64.EFI
small_root "$WORK/small"
ext4 "$WORK/small.ext4" 32M bbroot "$host_uuid" "$WORK/small"
disk "$WORK/disk.img" ef "$WORK/esp" "$WORK/small.ext4"
cp /usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd "$WORK/vars.fd"
boot_firmware -machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on \
	-drive if=pflash,unit=0,readonly=on,format=raw,file=/usr/share/OVMF/OVMF_CODE_4M.secboot.fd \
	-drive "if=pflash,unit=1,format=raw,file=$WORK/vars.fd" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== busybox init reached'
expect 'secureboot: Secure boot enabled'
