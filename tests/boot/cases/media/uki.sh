# promise: mkvinitrd uki makes one file that UEFI boots without a boot loader, with Secure Boot if
# it is signed; ls and check read it
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
	-drive "if=pflash,unit=1,format=raw,file=$WORK/vars.fd" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== busybox init reached'
expect 'secureboot: Secure boot enabled'
check_all || exit 0

# Debian 12's stub knows neither addons nor entries.
stubs=$("$TOP/tests/boot/newer-stubs")
newer() {
	MKVINITRD=$MKVINITRD "$TOP/scripts/uki" "$@" || fail "mkvinitrd uki $*"
}
newer -S "$stubs/linuxx64.efi.stub" -p disk -r "$KDIR" -k "$KVER" -o "$WORK/newer.efi" \
	-e 'second:The second:test.keep=entry' \
	-a 'console=ttyS0 no_timer_check panic=-1 root=LABEL=bbroot rw'
newer --addon -S "$stubs/addonx64.efi.stub" -a test.keep=addon -o "$WORK/x.addon.efi"
mdel -i "$WORK/esp" ::EFI/BOOT/BOOTX64.EFI
mmd -i "$WORK/esp" ::EFI/BOOT/BOOTX64.EFI.extra.d
mcopy -i "$WORK/esp" "$WORK/newer.efi" ::EFI/BOOT/BOOTX64.EFI
mcopy -i "$WORK/esp" "$WORK/x.addon.efi" ::EFI/BOOT/BOOTX64.EFI.extra.d/
disk "$WORK/disk.img" ef "$WORK/esp" "$WORK/small.ext4"
boot_firmware -bios /usr/share/ovmf/OVMF.fd -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== wrote addon'
expect_not '=== wrote entry'
boot_firmware -bios /usr/share/ovmf/OVMF.fd -drive "file=$WORK/disk.img,format=raw,if=virtio" \
	-kernel "$WORK/newer.efi" -append @1
expect '=== wrote entry'
