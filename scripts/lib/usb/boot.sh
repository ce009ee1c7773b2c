# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# What makes a USB drive boot: GRUB for BIOS and UEFI, the entries of the drive, its menu.
# An entry is a file boot/mkvinitrd/NAME.entry of lines KEY=VALUE: title kernel kernel_sha256
# initramfs initramfs_sha256 root root_sha256 source mode persist parameters. The menu is made from
# all of them.

# grub_image FORMAT OUT MODULE...: GRUB in one file, which looks for the menu by the UUID of the FAT
# file system
grub_image() {
	format=$1 out=$2
	shift 2
	# shellcheck disable=SC2016 # GRUB's variable
	printf 'search --no-floppy --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\n' \
		"$boot_uuid" >"$work/early.cfg"
	run_or_die "making GRUB for $format" grub-mkimage -O "$format" -o "$out" \
		-c "$work/early.cfg" -p /boot/grub "$@" part_msdos part_gpt fat search \
		search_fs_uuid normal configfile linux echo test true sleep serial terminal \
		all_video gfxterm ls cat help reboot halt minicmd
}

# patch FILE OFFSET NUMBER: 8 bytes, least significant first
patch() {
	number=$3 bytes=''
	for _ in 1 2 3 4 5 6 7 8; do
		bytes="$bytes\\$(printf %03o $((number % 256)))"
		number=$((number / 256))
	done
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$bytes" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# BIOS: boot.img in the first sector beside the table, GRUB behind it or in the partition for it.
# The places of both, in boot.img at 0x5c and in the first sector of GRUB at 0x1f4, are in
# grub/i386/pc/boot.h and diskboot.h.
make_bios() {
	[ -z "$uefi_only" ] || return 0
	grub_image i386-pc "$work/core.img" biosdisk
	[ "$(stat -c %s "$work/core.img")" -le $((2007 * 512)) ] ||
		die "GRUB for BIOS is larger than the space before the first partition"
	cp /usr/lib/grub/i386-pc/boot.img "$work/boot.img"
	patch "$work/boot.img" 92 "$core_sector"
	patch "$work/core.img" 500 $((core_sector + 1))
	run_or_die "writing GRUB for BIOS to '$target'" dd if="$work/core.img" of="$drive" bs=512 \
		seek="$core_sector" conv=notrunc
	cmp -s -n "$(stat -c %s "$work/core.img")" -i "$((core_sector * 512)):0" "$drive" \
		"$work/core.img" ||
		die "GRUB for BIOS on '$target' is not what was written"
}

# The last bytes that are written: with them a PC starts the drive.
write_boot_code() {
	[ -z "$uefi_only" ] || return 0
	run_or_die "writing the boot code of '$target'" dd if="$work/boot.img" of="$drive" bs=440 \
		count=1 conv=notrunc
	[ "$(head -c 440 "$drive" | sha256sum)" = "$(head -c 440 "$work/boot.img" | sha256sum)" ] ||
		die "the boot code of '$target' is not what was written"
}

make_uefi() {
	grub_image x86_64-efi "$work/BOOTX64.EFI" efi_gop
	fat_put "$work/BOOTX64.EFI" EFI/BOOT/BOOTX64.EFI
	[ -d /usr/lib/grub/i386-efi ] || {
		say 'note: without GRUB for UEFI of 32 bits; to have it: apt-get install grub-efi-ia32-bin'
		return
	}
	grub_image i386-efi "$work/BOOTIA32.EFI" efi_gop
	fat_put "$work/BOOTIA32.EFI" EFI/BOOT/BOOTIA32.EFI
}

# What a drive shows until everything on it has been read back
unfinished_menu() {
	cat <<'MENU'
echo 'UNFINISHED: mkvinitrd usb did not complete this drive. Run it again.'
sleep 30
halt
MENU
}

# The menu is replaced by writing a new file, so there is a moment without one: then GRUB takes the
# one before.
write_main_menu() {
	cat >"$work/grub.cfg" <<'MENU'
if [ -s ($root)/boot/grub/menu.cfg ]; then
	source ($root)/boot/grub/menu.cfg
else
	source ($root)/boot/grub/menu.old
fi
MENU
	check_menu "$work/grub.cfg"
	fat_put "$work/grub.cfg" boot/grub/grub.cfg
}

check_menu() {
	run_or_die 'checking the menu by grub-script-check' grub-script-check "$1"
}

# entry_value FILE KEY
entry_value() {
	sed -n "s/^$2=//p" "$1" | head -n 1
}

# menu_entry TITLE FILE PARAMETERS: an item of the menu. Nothing from the drive gets into it
# unquoted.
menu_entry() {
	text=$(quote_grub_text "$1") &&
		menu_kernel=$(quote_grub_path "$(entry_value "$2" kernel)") &&
		menu_initramfs=$(quote_grub_path "$(entry_value "$2" initramfs)") || return 1
	line="vi.image=$(entry_value "$2" root) vi.host=UUID=$data_uuid$3"
	more=$(entry_value "$2" parameters)
	line=$(quote_grub_words "$line${more:+ $more}") || return 1
	printf 'menuentry %s {\n\tlinux %s %s\n\tinitrd %s\n}\n' "$text" "$menu_kernel" "$line" \
		"$menu_initramfs"
}

# print_menu FILE...: entries, in this order
print_menu() {
	echo 'set timeout=5'
	for entry in "$@"; do
		menu_entry "$(entry_value "$entry" title)" "$entry" '' || return 1
		[ -z "$(entry_value "$entry" persist)" ] ||
			menu_entry "$(entry_value "$entry" title), without the saved changes" \
				"$entry" ' vi.persist=ram' || return 1
	done
}

# read_entries: those of the drive as files $work/entries/NAME.entry; $entries is their number
read_entries() {
	rm -rf "$work/entries"
	mkdir "$work/entries"
	entries=0
	mdir -b -i "$fat" ::/boot/mkvinitrd 2>/dev/null |
		sed -n 's,^::/boot/mkvinitrd/\([A-Za-z0-9_][A-Za-z0-9._-]*\)\.entry$,\1,p' |
		sort >"$work/names"
	while read -r entry_name; do
		fat_get "boot/mkvinitrd/$entry_name.entry" >"$work/entries/$entry_name.entry" ||
			die "cannot read the entry '$entry_name' of '$target'"
		check_entry "$work/entries/$entry_name.entry" ||
			die "the entry '$entry_name' of '$target' is damaged: make the drive again, or remove boot/mkvinitrd/$entry_name.entry from it"
		entries=$((entries + 1))
	done <"$work/names"
}

# check_entry FILE: that the paths in it are such as we write
check_entry() {
	for key in kernel initramfs root; do
		case $(entry_value "$1" $key) in
		*..* | *[!A-Za-z0-9/._-]*) return 1 ;;
		/boot/*/* | /live/*) ;;
		*) return 1 ;;
		esac
	done
}

# write_menu: of $work/entries; the one before is menu.old until the new one has been read back
write_menu() {
	print_menu "$work"/entries/*.entry >"$work/menu.cfg" || exit 1
	check_menu "$work/menu.cfg"
	if fat_get boot/grub/menu.cfg >"$work/menu.before" && [ -s "$work/menu.before" ]; then
		fat_put "$work/menu.before" boot/grub/menu.old
	fi
	fat_put "$work/menu.cfg" boot/grub/menu.cfg
	forget_cache
	grub_has "$work/menu.cfg" boot/grub/menu.cfg
}
