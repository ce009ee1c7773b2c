# promise: USB drives with a GPT, exFAT, F2FS and a single FAT partition boot by BIOS, 64-bit and
# 32-bit UEFI and keep changes, also over an update
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.1 6.12
# Every day usb-bios-uefi boots a drive with ext4, and tests/cli/media/usb.bats reads the others.
small_image "$WORK/root.sqfs"

# make_stick TEXT OPTION...: the drive, whose boots add TEXT to /kept
make_stick() {
	text=$1
	shift
	MKVINITRD=$MKVINITRD "$TOP/scripts/usb" -q -r "$KDIR" -k "$KVER" \
		-a "console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on test.keep=$text" "$@" \
		"$WORK/stick.img" "$WORK/root.sqfs" || fail "mkvinitrd usb $*"
}

stick="-device qemu-xhci -drive file=$WORK/stick.img,format=raw,if=none,id=s -device usb-storage,drive=s,bootindex=1"

make_stick exfat --data=exfat --table=gpt
cp /usr/share/OVMF/OVMF32_VARS_4M.fd "$WORK/vars.fd"
boot_firmware -machine q35,smm=on \
	-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd \
	-drive "if=pflash,format=raw,file=$WORK/vars.fd" $stick
expect_small_boot
expect '=== wrote exfat'
boot_firmware $stick
expect_small_boot
expect '=== kept exfat'

rm "$WORK/stick.img"
make_stick f2fs --data=f2fs
boot_firmware $stick
expect_small_boot
expect '=== wrote f2fs'
boot_firmware -bios /usr/share/ovmf/OVMF.fd $stick
expect_small_boot
expect '=== kept f2fs'

rm "$WORK/stick.img"
make_stick fat --data=none -s 'persist file:/changes.img,32M'
boot_firmware $stick
expect_small_boot
expect '=== wrote fat'
small_root "$WORK/small"
echo 'echo "=== the new root"' >>"$WORK/small/etc/turn"
chmod +x "$WORK/small/etc/turn"
small_image "$WORK/root.sqfs"
make_stick fat --update -a test.run=/etc/turn -s 'persist file:/changes.img,32M'
boot_firmware -bios /usr/share/ovmf/OVMF.fd $stick
expect_small_boot
expect '=== the new root'
part "$WORK/fat" "$WORK/stick.img" 1
clean_vfat "$WORK/fat"
