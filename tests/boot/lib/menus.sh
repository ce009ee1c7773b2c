# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with the menus of other systems (tests/boot/menus): their boot loaders on disks and
# CDs. Read after lib.sh.

MENUS=$TOP/tests/boot/menus

# menu NAME [WORDS]: that menu on stdout. Its words for the kernel stay as they are; behind them
# come those that a test needs:
# the serial console, and WORDS.
menu() {
	sed -E "s#^[[:space:]]*((linux|kernel) [^ ]+|append) .*#& console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on ${2:-}#" "$MENUS/$1"
}

# grub4dos_words NAME N: the kernel's words in the Nth entry of that menu. No package has grub4dos,
# so the serial stands in for what its command uuid leaves: 16 capital digits.
grub4dos_words() {
	sed -n -E 's#^kernel [^ ]+ ##p' "$MENUS/$1" |
		sed -n "$2s/%?%/$(echo "$ntfs_serial" | tr a-f A-F)/p"
}

# grub_core FORMAT OUT MODULE...: GRUB in one file, whose menu is /boot/grub/grub.cfg of the first
# partition
grub_core() {
	core_format=$1 core_out=$2
	shift 2
	grub-mkimage -O "$core_format" -p '(hd0,msdos1)/boot/grub' -o "$core_out" "$@" part_msdos \
		normal configfile linux search \
		search_fs_file probe echo test || fail "grub-mkimage for $core_format"
}

# grub_pc DISK MODULE...: GRUB for BIOS in the first sectors of the disk, where boot.img expects it
grub_pc() {
	core_disk=$1
	shift
	grub_core i386-pc "$WORK/core.img" biosdisk "$@"
	dd if=/usr/lib/grub/i386-pc/boot.img of="$core_disk" bs=440 count=1 conv=notrunc status=none
	dd if="$WORK/core.img" of="$core_disk" bs=512 seek=1 conv=notrunc status=none
}

# esp OUT MODULE...: an EFI system partition with that GRUB
esp() {
	esp_out=$1
	shift
	grub_core x86_64-efi "$WORK/bootx64.efi" "$@"
	vfat "$esp_out" 40 ESP
	mmd -i "$esp_out" ::EFI ::EFI/BOOT
	mcopy -i "$esp_out" "$WORK/bootx64.efi" ::EFI/BOOT/BOOTX64.EFI
}

# vfuseloop_disk: $WORK/disk.img, whose first partition is NTFS with menu, kernel, initramfs and a
# VHD, and which boots by GRUB through BIOS and UEFI; hosts.sh is read. The initramfs stays at
# $WORK/initrd.initramfs.
vfuseloop_disk() {
	ntfs_profile loop
	build initrd "$PROFILE"
	mkdir -p "$WORK/host/linux" "$WORK/host/boot/grub"
	format_disk "$WORK/raw.img"
	image vhd "$WORK/raw.img" "$WORK/host/linux"
	mv "$WORK/host/linux/$IMAGE" "$WORK/host/linux/linux.vhd"
	IMAGE=linux/linux.vhd
	cp "$KDIR/vmlinuz" "$WORK/host/linux/vmlinuz"
	cp "$WORK/initrd.initramfs" "$WORK/host/linux/initrd.img"
	menu vfuseloop.cfg "${1:-}" >"$WORK/host/boot/grub/grub.cfg"
	ntfs "$WORK/host.fs" "$(host_mib "$WORK/host")" "$WORK/host"
	esp "$WORK/esp" ntfs
	disk "$WORK/disk.img" 7 "$WORK/host.fs" "$WORK/esp"
	sfdisk -q --part-type "$WORK/disk.img" 2 ef
	grub_pc "$WORK/disk.img" ntfs
	rm -r "$WORK/host" "$WORK/host.fs" "$WORK/esp" "$WORK/raw.img"
	MEDIUM="-drive file=$WORK/disk.img,format=raw,if=virtio"
}

# vfuseloop_kept TEXT: NTFS, VHD and root are clean, and the root has it
vfuseloop_kept() {
	host_clean ntfs
	host_files ntfs "$WORK/after"
	image_raw vhd "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
	debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | grep -qx "$1" ||
		fail 'what was written is not in the image'
}

# isolinux OUT MENU LABEL WORDS [FILE NAME]...: a CD with that menu, whose entry LABEL boots, and
# the files under these names
isolinux() {
	cd_out=$1 cd_menu=$2 cd_label=$3 cd_words=$4
	shift 4
	rm -rf "$WORK/cd"
	mkdir -p "$WORK/cd/isolinux"
	cp "$KDIR/vmlinuz" "$WORK/cd/isolinux/vmlinuz"
	ln "$WORK/initrd.initramfs" "$WORK/cd/isolinux/initrd.gz"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 \
		"$WORK/cd/isolinux/"
	menu "$cd_menu" "$cd_words" |
		sed "s/^default .*/default $cd_label/" >"$WORK/cd/isolinux/isolinux.cfg"
	while [ $# -gt 0 ]; do
		ln "$1" "$WORK/cd/$2"
		shift 2
	done
	xorriso -as mkisofs -quiet -R -V LIVECD -b isolinux/isolinux.bin -c isolinux/boot.cat \
		-no-emul-boot -boot-load-size 4 \
		-boot-info-table -o "$cd_out" "$WORK/cd" >"$WORK/xorriso.log" 2>&1 ||
		fail "xorriso: $(cat "$WORK/xorriso.log")"
}
