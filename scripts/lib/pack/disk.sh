# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk with GPT, a BIOS boot partition, an ESP and the root: for mode loop, and for every
# hypervisor.

MIB=1048576
ESP_MIB=64

need_disk_tools() {
	need mke2fs e2fsprogs
	need sfdisk fdisk
	need mkfs.vfat dosfstools
	need mcopy mtools
	[ "$format" = raw ] || need qemu-img qemu-utils
	[ -n "$no_boot" ] || { need grub-mkimage grub-common && need grub-fstest grub-common; }
	for target in i386-pc:grub-pc-bin x86_64-efi:grub-efi-amd64-bin; do
		[ -n "$no_boot" ] || [ -d "/usr/lib/grub/${target%:*}" ] ||
			die "GRUB for ${target%:*} is missing: apt-get install ${target#*:}, or use --no-boot"
	done
}

# uuid_of TEXT: one that follows from the content and TEXT
uuid_of() {
	echo "$uuid $1" | sha256sum |
		sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/'
}

# find_disk_kernel: kernel and initrd, as paths in the root; the newest of several
find_disk_kernel() {
	initrd_path=''
	kernel_path=$(cd "$stage" && [ -d boot ] &&
		find boot/ -maxdepth 1 -name 'vmlinuz*' ! -name '*rescue*' ! -name '*.old' |
		sort -V | sed -n '$s|^|/|p')
	[ -n "$kernel_path" ] || return 1
	version=${kernel_path#/boot/vmlinuz-}
	for path in "boot/initrd.img-$version" "boot/initramfs-$version.img" \
		"boot/initramfs-$version" boot/initrd.img; do
		[ ! -e "$stage/$path" ] || { initrd_path=/$path && return 0; }
	done
	return 0
}

# Where the root brings no initramfs, ours for its kernel is put beside the kernel.
add_initramfs() {
	initrd_made=''
	[ -z "$initrd_path" ] || return 0
	initrd_path=/boot/mkvinitrd-$version.img
	initrd_made=$initrd_path
	(umask 022 && mkvinitrd build -q -p disk -r "$stage" -k "$version" \
		-o "$stage$initrd_path") ||
		die "cannot build an initramfs for the kernel $version of the root; --no-boot makes a disk that does not boot by itself"
}

disk_menu() {
	menu_kernel=$(quote_grub_path "$kernel_path") &&
		menu_initrd=$(quote_grub_path "$initrd_path") &&
		menu_words=$(quote_grub_words "root=UUID=$root_uuid ro${append:+ $append}") ||
		return
	cat <<MENU
set timeout=3
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
search --no-floppy --fs-uuid --set=root $root_uuid
menuentry "Linux" {
	linux $menu_kernel $menu_words
	initrd $menu_initrd
}
MENU
}

# grub_core FORMAT FILE MODULE...
grub_core() {
	core_format=$1 core_file=$2
	shift 2
	grub-mkimage -O "$core_format" -o "$core_file" -c "$work/early.cfg" -p /boot/grub "$@" \
		part_gpt part_msdos ext2 fat search search_fs_uuid \
		search_label normal configfile linux echo test serial terminal all_video gfxterm \
		ls cat help reboot halt minicmd >"$log" 2>&1
}

# le64 NUMBER: eight bytes
le64() {
	le_rest=$1
	for le_i in 1 2 3 4 5 6 7 8; do
		# shellcheck disable=SC2059 # an escape
		printf "\\$(printf %03o $((le_rest % 256)))"
		le_rest=$((le_rest / 256))
	done
}

# BIOS: boot.img knows the first sector of the core, the core's first sector where the rest is
# (GRUB's boot.h: 0x5c, 0x1f4).
install_bios() {
	cp /usr/lib/grub/i386-pc/boot.img "$work/boot.img" &&
		le64 2048 | dd of="$work/boot.img" bs=1 seek=92 conv=notrunc status=none &&
		le64 2049 | dd of="$work/core.img" bs=1 seek=500 conv=notrunc status=none &&
		dd if="$work/boot.img" of="$raw" bs=440 count=1 conv=notrunc status=none &&
		dd if="$work/core.img" of="$raw" bs=512 seek=2048 conv=notrunc status=none
}

# mtools write the local time of now, unless told
make_esp() {
	esp=$work/esp.img
	esp_epoch=${SOURCE_DATE_EPOCH:-315532800}
	truncate -s "${ESP_MIB}M" "$esp" &&
		mkfs.vfat -F 32 -n ESP -i "$(uuid_of esp | cut -c 1-8)" --invariant "$esp" >"$log" \
			2>&1 &&
		TZ=UTC0 SOURCE_DATE_EPOCH=$esp_epoch mmd -i "$esp" ::EFI ::EFI/BOOT >"$log" 2>&1 &&
		touch -d "@$esp_epoch" "$work/bootx64.efi" &&
		TZ=UTC0 SOURCE_DATE_EPOCH=$esp_epoch mcopy -m -i "$esp" "$work/bootx64.efi" \
			::EFI/BOOT/BOOTX64.EFI >"$log" 2>&1
}

boot_files() {
	find_disk_kernel ||
		die "the root has no kernel (boot/vmlinuz-*), so the disk could not boot: install one, or use --no-boot for mode loop alone"
	add_initramfs
	# shellcheck disable=SC2016 # GRUB's variable
	printf 'search --no-floppy --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\n' \
		"$root_uuid" >"$work/early.cfg"
	(umask 022 && mkdir -p "$stage/boot/grub" && disk_menu >"$stage/boot/grub/grub.cfg") ||
		exit 1
	# no time of now is in a disk
	sysroot_file "$stage" "${kernel_path#/}"
	for path in /boot/grub/grub.cfg "$initrd_made" /boot/grub /boot; do [ -z "$path" ] ||
		touch -r "$vmlinuz" "$stage$path"; done
	grub_core i386-pc "$work/core.img" biosdisk ||
		fail_tool 'cannot make the image of GRUB for BIOS'
	grub_core x86_64-efi "$work/bootx64.efi" efi_gop ||
		fail_tool 'cannot make the image of GRUB for UEFI'
}

partition_disk() {
	printf 'label: gpt\nlabel-id: %s\nstart=2048, size=4096, type=21686148-6449-6E6F-744E-656564454649, uuid=%s\n' "$(uuid_of disk)" "$(uuid_of bios)"
	printf 'start=8192, size=%s, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=%s\n' \
		$((ESP_MIB * 2048)) "$(uuid_of esp)"
	printf 'start=%s, size=%s, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, uuid=%s, name=root\n' "$root_start" $((root_bytes / 512)) "$(uuid_of root)"
}

write_disk() {
	root_uuid=$uuid raw=$output_temp
	if [ "$format" != raw ]; then
		raw=$output_temp.raw
		at_exit rm -f "$raw"
	fi
	[ -n "$no_boot" ] || boot_files
	root_bytes=$(fs_bytes) root_start=$((8192 + ESP_MIB * 2048))
	need_room "$(dirname "$raw")" "$tree_bytes" 'the disk image'
	truncate -s $((root_start * 512 + root_bytes + MIB)) "$raw"
	pack_step 'packing' mke2fs fill_disk
	[ "$format" = raw ] || pack_step 'converting' qemu-img convert_disk
}

fill_disk() {
	partition_disk | sfdisk -q "$raw" >"$log" 2>&1 || return
	ext4_offset=$((root_start * 512))
	make_ext4 "$raw" "$root_bytes" || return
	[ -n "$no_boot" ] || { make_esp &&
		dd if="$esp" of="$raw" bs=1M seek=4 conv=notrunc,sparse status=none &&
		install_bios; }
}

convert_disk() {
	case $format in
	vhd) set -- vpc -o subformat=dynamic,force_size=on ;;
	qcow2) set -- qcow2 -o compat=1.1 ;;
	*) set -- "$format" ;;
	esac
	qemu-img convert -f raw -O "$@" "$raw" "$output_temp" >"$log" 2>&1 &&
		stamp_image "$format" "$output_temp" "${output_file##*/}"
}

# Read by our own code, not by what wrote it
verify_disk() {
	if [ "$format" != raw ]; then
		applet vdattach cat "$output_temp" 2>"$log" | cmp -s - "$raw" || return
	fi
	ext4_link "$raw"
	e2fsck -f -n "$ext4?offset=$((root_start * 512))" >"$log" 2>&1 &&
		sfdisk -q --verify "$raw" >"$log" 2>&1 || return
	[ -n "$no_boot" ] || verify_boot
}

# GRUB's own drivers find what it will load.
verify_boot() {
	sysroot_file "$stage" "${kernel_path#/}"
	disk_has 3 "$kernel_path" "$vmlinuz" || return
	sysroot_file "$stage" "${initrd_path#/}"
	disk_has 3 "$initrd_path" "$vmlinuz" &&
		disk_has 3 /boot/grub/grub.cfg "$stage/boot/grub/grub.cfg" &&
		disk_has 2 /EFI/BOOT/BOOTX64.EFI "$work/bootx64.efi" &&
		cmp -s -n 440 "$raw" "$work/boot.img" &&
		cmp -s -n "$(stat -c %s "$work/core.img")" -i 1048576:0 "$raw" \
			"$work/core.img"
}

# disk_has PARTITION NAME FILE
disk_has() { grub-fstest "$ext4" cmp "(loop0,gpt$1)$2" "$3" >"$log" 2>&1; }
