# shellcheck shell=sh disable=SC2154 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# The menu entries of a frugal installation, for each boot loader. Needs common.sh and quote.sh.
# Of the script: host host_type host_path host_partuuid title words, and entries: lines
# "KERNEL|INITRAMFS|PARAMETERS|NOTE".

# each_entry FUNCTION: calls it with title, kernel, initramfs and parameters of each
each_entry() {
	while IFS='|' read -r entry_kernel entry_initramfs entry_words entry_note; do
		"$1" "$title${entry_note:+ ($entry_note)}" "$host_path/$entry_kernel" \
			"$host_path/$entry_initramfs" \
			"$words${entry_words:+ $entry_words}" || return 1
	done <<ENTRIES
$entries
ENTRIES
}

grub_entry() {
	menu_title=$(quote_grub_text "$1") && menu_kernel=$(quote_grub_path "$2") &&
		menu_initramfs=$(quote_grub_path "$3") &&
		menu_words=$(quote_grub_words "$4") && menu_host=$(quote_grub_text "${host#*=}") ||
		return 1
	case $host in UUID=*) menu_search=--fs-uuid ;; *) menu_search=--label ;; esac
	cat <<MENU
menuentry $menu_title {
	insmod part_gpt
	insmod part_msdos${grub_module:+
	insmod $grub_module}
	search --no-floppy --set=root $menu_search $menu_host
	linux $menu_kernel $menu_words
	initrd $menu_initramfs
}
MENU
}

grub_menu() {
	case $host_type in
	ext[234]) grub_module=ext2 ;;
	vfat) grub_module=fat ;;
	xfs | btrfs | exfat | ntfs | f2fs) grub_module=$host_type ;;
	*) grub_module='' ;;
	esac
	each_entry grub_entry
}

# grub4dos_condition: of the partition, for its find; it prints serial numbers in capitals, and some
# versions compare them so. Empty where it knows no UUID.
grub4dos_condition() {
	case $host in
	UUID=*[!0-9A-Fa-f-]*) ;;
	UUID=????????-*) printf ' uuid () %s' "${host#*=}" | tr A-F a-f ;;
	UUID=*) printf ' uuid () %s' "$(printf %s "${host#*=}" | tr a-f A-F)" ;;
	esac
}

grub4dos_entry() {
	menu_title=$(quote_grub4dos_text "$1") && menu_kernel=$(quote_grub4dos_path "$2") &&
		menu_initramfs=$(quote_grub4dos_path "$3") &&
		menu_words=$(quote_grub4dos_words "$4") || return 1
	cat <<MENU
title $menu_title
find --set-root --ignore-floppies --ignore-cd $menu_kernel$(grub4dos_condition)
kernel $menu_kernel $menu_words
initrd $menu_initramfs

MENU
}

grub4dos_menu() {
	case $host_type in xfs | btrfs | f2fs) return 1 ;; esac # which it cannot read
	each_entry grub4dos_entry
}

refind_entry() {
	menu_title=$(quote_refind_text "$1") && menu_kernel=$(quote_refind_path "$2") &&
		menu_initramfs=$(quote_refind_path "$3") &&
		menu_words=$(quote_refind_words "$4") || return 1
	cat <<MENU
menuentry $menu_title {
	${host_partuuid:+volume $host_partuuid
	}loader $menu_kernel
	initrd $menu_initramfs
	options $menu_words
}
MENU
}

# It takes UTF-8 for Latin-1, with a byte order mark as well, but reads UTF-16.
refind_menu() {
	case $host_type in xfs | f2fs | exfat) return 1 ;; esac # which it cannot read
	each_entry refind_entry >"$work/refind" || return 1
	if LC_ALL=C grep -q "$(printf '[\200-\377]')" "$work/refind"; then
		printf '\377\376' && iconv -f UTF-8 -t UTF-16LE "$work/refind"
	else
		cat "$work/refind"
	fi
}

sdboot_entry() {
	[ -z "$sdboot_done" ] || return 0
	sdboot_done=1
	menu_title=$(quote_sdboot_text "$1") && menu_kernel=$(quote_sdboot_path "$2") &&
		menu_initramfs=$(quote_sdboot_path "$3") &&
		menu_words=$(quote_sdboot_words "$4") || return 1
	printf 'title %s\nlinux %s\ninitrd %s\noptions %s\n' "$menu_title" "$menu_kernel" \
		"$menu_initramfs" "$menu_words"
}

# A file of systemd-boot has one entry: the first. It reads kernels from FAT only.
sdboot_menu() {
	case $host_type in vfat | '') ;; *) return 1 ;; esac
	sdboot_done=''
	each_entry sdboot_entry
}

# esp_entry: for GRUB on the EFI system partition, with kernel and initramfs beside it
esp_entry() {
	menu_title=$(quote_grub_text "$1") && menu_words=$(quote_grub_words "$4") || return 1
	printf 'menuentry %s {\n\tlinux /EFI/mkvinitrd/%s %s\n\tinitrd /EFI/mkvinitrd/%s\n}\n' \
		"$menu_title" "${2##*/}" "$menu_words" "${3##*/}"
}

# The GRUB that distributions sign for Secure Boot reads no NTFS and no exFAT. This is the whole of
# its menu.
esp_menu() {
	case $host_type in ntfs | exfat | '') echo 'set timeout=5' &&
		each_entry esp_entry ;; *) return 1 ;; esac
}

# Windows' own boot manager starts no Linux: a page about how it starts a boot loader that does.
windows_page() {
	cat <<PAGE
How to start this installation from the boot menu of Windows
============================================================
Windows' boot manager (BCD) starts EFI programs and boot sectors, not Linux kernels: GRUB does. Turn off fast startup first
(powercfg /h off): a hibernated NTFS is used read-only. Where BitLocker is on, suspend it while you change how the PC starts.

UEFI (in a command prompt as administrator; PowerShell wants {...} in quotes):
  1. mountvol S: /S
     md S:\\EFI\\mkvinitrd S:\\EFI\\debian
     Copy GRUB for UEFI to S:\\EFI\\mkvinitrd: as shimx64.efi, mmx64.efi and grubx64.efi those that a distribution has signed. Debian's
     are shimx64.efi.signed, mmx64.efi.signed and grubx64.efi.signed of its packages shim-signed, shim-helpers-amd64-signed and
     grub-efi-amd64-signed.
$(windows_menu)
  3. bcdedit /copy {bootmgr} /d "Linux"          prints an identifier {...}; use it below
     bcdedit /set {...} path \\EFI\\mkvinitrd\\shimx64.efi
     bcdedit /set {fwbootmgr} displayorder {...} /addlast
     The entry is one of the firmware's boot menu; bcdedit /set {fwbootmgr} bootsequence {...} starts it once.
  To undo: bcdedit /delete {...}

BIOS (grub4dos; grub4dos.lst in this directory has its entries, if it can have them):
  1. Copy grldr and grldr.mbr of grub4dos to C:\\, and grub4dos.lst as C:\\menu.lst, or append it to the menu.lst that is there
     (again after each update).
  2. bcdedit /create /d "Linux" /application bootsector      prints an identifier {...}
     bcdedit /set {...} device partition=C:
     bcdedit /set {...} path \\grldr.mbr
     bcdedit /displayorder {...} /addlast
  To undo: bcdedit /delete {...}, then delete these files.

$(windows_from_grub)
PAGE
}

# windows_from_grub: entries to copy
windows_from_grub() {
	cat <<'PAGE'
The other way round: if GRUB comes first, it starts Windows by one of these entries in /boot/grub/custom.cfg.
UEFI:
menuentry 'Windows' {
	insmod part_gpt
	insmod fat
	search --no-floppy --set=root --file /EFI/Microsoft/Boot/bootmgfw.efi
	chainloader /EFI/Microsoft/Boot/bootmgfw.efi
}
BIOS:
menuentry 'Windows' {
	insmod part_msdos
	insmod ntfs
	search --no-floppy --set=root --file /bootmgr
	ntldr /bootmgr
}
BIOS, Windows PE or Setup from files that lie beside wimboot (https://ipxe.org/wimboot) in a directory /wim:
menuentry 'Windows PE' {
	search --no-floppy --set=root --file /wim/wimboot
	linux16 /wim/wimboot
	initrd16 newc:bootmgr:/wim/bootmgr newc:bcd:/wim/bcd newc:boot.sdi:/wim/boot.sdi newc:boot.wim:/wim/boot.wim
}
By network iPXE starts them, by BIOS and UEFI: kernel wimboot, then for each of these four initrd FILE NAME, and boot.
PAGE
}

# windows_menu: where the kernel is for that GRUB, and its menu
windows_menu() {
	case $host_type in
	ntfs | exfat | '')
		cat <<'PAGE'
  2. Signed GRUBs do not read NTFS and exFAT. Copy vmlinuz and initramfs.img of this directory to S:\EFI\mkvinitrd (again after
     each update), and grub-esp.cfg as grub.cfg to the place where that GRUB looks for it (Debian's: S:\EFI\debian\grub.cfg).
PAGE
		;;
	*)
		cat <<'PAGE'
  2. Copy grub.cfg of this directory to the place where that GRUB looks for it (Debian's: S:\EFI\debian\grub.cfg).
PAGE
		;;
	esac
}

# write_menus DIRECTORY: the files there. GRUB must have its entries; a loader that cannot have
# these names gets none, and why is a line of menus_left_out; one that cannot read the file system
# gets none either.
write_menus() {
	menus_left_out=''
	grub_menu >"$1/grub.cfg" || {
		! is_full "$1" || die "no space left in '${TMPDIR:-/tmp}'"
		die "nothing was written: rename what is named above, or move it"
	}
	if command -v grub-script-check >/dev/null; then
		grub-script-check "$1/grub.cfg" ||
			die "GRUB does not accept the entry: this is a bug; nothing was written"
	fi
	for menu in esp:grub-esp.cfg grub4dos:grub4dos.lst refind:refind.conf \
		sdboot:systemd-boot.conf; do
		"${menu%%:*}_menu" >"$1/${menu#*:}" 2>"$1/reason" || {
			[ ! -s "$1/reason" ] || menus_left_out="$menus_left_out$(sed -n '1s/^frugal: //p' "$1/reason")
"
			rm "$1/${menu#*:}"
		}
	done
	rm -f "$1/reason"
	windows_page >"$1/windows.txt"
}

# grub_d_script DIRECTORY GRUB.CFG: a script for /etc/grub.d, which grub-mkconfig runs
grub_d_script() {
	cat <<SCRIPT
#!/bin/sh
# Written by mkvinitrd frugal --install for $(quote_show "$1"), deleted by --remove
exec tail -n +4 "\$0"
SCRIPT
	cat "$2"
}
