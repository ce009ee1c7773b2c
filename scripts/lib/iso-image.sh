# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The image that mkvinitrd iso writes: GRUB for BIOS and UEFI, checksums, menu, and reading it back
# by GRUB and xorriso.

# iso_grub FORMAT OUT MODULE...: GRUB in one file, which looks for the disc by a file that only this
# one has
iso_grub() {
	format=$1 out=$2
	shift 2
	# shellcheck disable=SC2016 # GRUB's variable
	printf 'search --no-floppy --file --set=root /boot/mkvinitrd/%s\nset prefix=($root)/boot/grub\n' "$disc_id" >"$work/early.cfg"
	run_or_die "making GRUB for $format" grub-mkimage -O "$format" -o "$out" \
		-c "$work/early.cfg" -p /boot/grub "$@" part_msdos part_gpt iso9660 ext2 \
		search search_fs_file search_label normal configfile linux echo test true sleep \
		hashsum gcry_sha256 serial terminal all_video gfxterm \
		ls cat help reboot halt minicmd
}

# The FAT image for UEFI: of El Torito on a CD, a partition on a drive
make_efi_image() {
	iso_grub x86_64-efi "$work/BOOTX64.EFI" efi_gop
	set -- "$work/BOOTX64.EFI"
	if [ -d /usr/lib/grub/i386-efi ]; then
		iso_grub i386-efi "$work/BOOTIA32.EFI" efi_gop
		set -- "$@" "$work/BOOTIA32.EFI"
	else
		say 'note: without GRUB for UEFI of 32 bits; to have it: apt-get install grub-efi-ia32-bin'
	fi
	efi_kib=$(($(cat "$@" | wc -c) / 1024 + 512))
	run_or_die 'making the image for UEFI' truncate -s "$(((efi_kib / 2048 + 1) * 2))M" \
		"$work/efi.img"
	run_or_die 'making the image for UEFI' mkfs.vfat -n EFI -i "$(printf %.8s "$disc_id")" \
		--invariant "$work/efi.img"
	run_or_die 'making the image for UEFI' mmd -i "$work/efi.img" ::EFI ::EFI/BOOT
	run_or_die 'making the image for UEFI' mcopy -i "$work/efi.img" "$@" ::EFI/BOOT
	run_or_die 'reading back the image for UEFI' mcopy -n -i "$work/efi.img" \
		::EFI/BOOT/BOOTX64.EFI "$work/back"
	cmp -s "$work/back" "$work/BOOTX64.EFI" || die 'the image for UEFI is not what was written'
}

make_bios_image() {
	iso_grub i386-pc "$work/core.img" biosdisk
	cat /usr/lib/grub/i386-pc/cdboot.img "$work/core.img" >"$work/bios.img"
}

# For people (sha256sum -c SHA256SUMS), and the part that GRUB reads before it starts
make_checksums() {
	printf '%s  %s\n' "$kernel_hash" /boot/vmlinuz "$initramfs_hash" /boot/initramfs.img \
		>"$work/boot.sha256"
	printf '%s  %s\n' "$kernel_hash" boot/vmlinuz "$initramfs_hash" boot/initramfs.img \
		"$root_hash" "${root_path#/}" >"$work/SHA256SUMS"
}

# iso_entry TITLE PARAMETERS: $medium and $persist are GRUB's, set by the menu's first lines
iso_entry() {
	# shellcheck disable=SC2016 # GRUB's variable
	printf 'menuentry %s {\n\tlinux /boot/vmlinuz %s "$medium" %s\n\tinitrd /boot/initramfs.img\n}\n' "$(quote_grub_text "$1")" "$words" "$2"
}

# Changes are kept if the drive has the partition that --add-changes makes. Then the root is read
# from the drive's first partition:
# if the whole drive were mounted, the kernel would not mount another partition of it.
print_iso_menu() {
	words=$(quote_grub_words "vi.image=$root_path${parameters:+ $parameters}") || return 1
	medium=$(quote_grub_words "$(kernel_parameter vi.host "LABEL=$label")") || return 1
	cat <<MENU
set timeout=5
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
MENU
	if [ "$mode" = tmpfs ]; then
		echo "set medium=$medium"
		iso_entry "$title" ''
	else
		cat <<MENU
set medium=$medium
set persist=$no_changes
if search --no-floppy --label --set=changes $changes_label; then
	set medium=vi.host=PARTUUID=$disc_partition
	set persist=$persist_words
fi
MENU
		# shellcheck disable=SC2016 # GRUB's variable
		iso_entry "$title" '$persist'
		iso_entry "$title, without saved changes" vi.persist=ram
		[ "$mode" != overlay ] ||
			iso_entry "$title, from RAM (the medium can be removed)" \
				'vi.persist=ram vi.toram'
	fi
	cat <<MENU
menuentry 'Verify the medium, then start' {
	if hashsum --hash sha256 --check /boot/SHA256SUMS; then
		linux /boot/vmlinuz $words "\$medium" vi.verify=sha256:$root_hash vi.persist=ram
		initrd /boot/initramfs.img
	else
		echo 'The medium is damaged: kernel or initramfs differ from what was written.'
		sleep 30
	fi
}
MENU
}

# graft NAME FILE: for xorriso, which splits at =
graft() {
	printf '%s=%s' "$1" "$(readlink -f "$2" | sed 's/[\\=]/\\&/g')"
}

# Dates: of SOURCE_DATE_EPOCH, which xorriso knows as well
write_iso() {
	: >"$work/id"
	set -- /boot/vmlinuz "$vmlinuz" /boot/initramfs.img "$work/initramfs.img" "$root_path" \
		"$root_image" /boot/grub/grub.cfg "$work/grub.cfg" \
		/boot/mkvinitrd/"$disc_id" "$work/id" /boot/SHA256SUMS "$work/boot.sha256" \
		/SHA256SUMS "$work/SHA256SUMS" \
		/boot/bios.img "$work/bios.img"
	pairs=$#
	while [ "$pairs" -gt 0 ]; do
		set -- "$@" "$(graft "$1" "$2")"
		shift 2
		pairs=$((pairs - 2))
	done
	run_shown "writing $target" "$root_image" xorriso -as mkisofs -r -iso-level 3 -V "$label" \
		-b boot/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table \
		--grub2-boot-info --grub2-mbr /usr/lib/grub/i386-pc/boot_hybrid.img \
		-partition_offset 16 \
		-append_partition 2 C12A7328-F81F-11D2-BA4B-00A0C93EC93B "$work/efi.img" \
		-appended_part_as_gpt -eltorito-alt-boot -e \
		--interval:appended_partition_2:all:: \
		-no-emul-boot --set_all_file_dates "=$SOURCE_DATE_EPOCH" -o "$draft" \
		-graft-points "$@" ||
		die "xorriso could not write '$target': $(grep -a -E 'FAILURE|FATAL' "$work/log" | grep -v "Drive address banned" | head -n 1)"
}

# partition_of DISC-ID: the UUID that --add-changes gives the partition with the image
partition_of() {
	echo "$1" |
		sed 's/\(.\{8\}\)\(.\{4\}\)\(.\{3\}\)\(.\)/\1-\2-4\3-8\400-6d6b766e7264/; s/-\(8.00\)-/-\1-/'
}

# iso_has FILE NAME: GRUB's own driver reads it
iso_has() {
	run_logged grub-fstest "$draft" cmp "$2" "$1" ||
		die "'$2' in '$target' is not what was written: GRUB finds: $(failure_reason)"
}

check_iso() {
	dd if="$draft" iflag=nocache count=0 status=none 2>/dev/null || :
	iso_has "$vmlinuz" /boot/vmlinuz
	iso_has "$work/initramfs.img" /boot/initramfs.img
	iso_has "$work/grub.cfg" /boot/grub/grub.cfg
	iso_has "$work/boot.sha256" /boot/SHA256SUMS
	start=$(sfdisk -d "$draft" 2>/dev/null | sed -n 's/^.*2 : start= *\([0-9]*\),.*/\1/p')
	cmp -s -n "$(stat -c %s "$work/efi.img")" -i "$((${start:-0} * 512)):0" "$draft" \
		"$work/efi.img" ||
		die "the partition for UEFI in '$target' is not what was written"
	say "reading back $root_path"
	# shellcheck disable=SC2016 # of that shell
	run_logged sh -c 'grub-fstest "$1" cat "$2" 2>/dev/null | sha256sum' sh "$draft" \
		"$root_path" || die "cannot read '$root_path' in '$target'"
	[ "$(sed 's/ .*//' "$work/log")" = "$root_hash" ] ||
		die "'$root_path' in '$target' is not what was written"
	# what lies below /dev is a CD recorder for it, unless it is told
	run_logged xorriso -indev "stdio:$draft" -report_el_torito plain ||
		die "xorriso cannot read '$target': $(failure_reason)"
	for firmware in BIOS UEFI; do
		grep -q "El Torito boot img .* $firmware" "$work/log" ||
			die "'$target' has no boot image for $firmware"
	done
}
