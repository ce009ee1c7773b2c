# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/pxe, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# What the menu starts beside the entries: boot loaders, memory test, local disk, installer, the
# list of the hardware.

# install_loader TYPE NAME FILE...: that of --loader, of this run or an earlier one, or the first of
# the files that is there
install_loader() {
	type=$1 loader=$2 own_loader=''
	shift 2
	case " $recorded_loaders " in *" $type "*) own_loader=$output/$loader ;; esac
	while IFS='=' read -r key file; do
		[ "$key" != "$type" ] || own_loader=$file
	done <<LOADERS
$loader_lines
LOADERS
	[ -z "$own_loader" ] || set -- "$own_loader" "$@"
	for file in "$@"; do
		[ -r "$file" ] || continue
		cmp -s -- "$file" "$output/$loader" || install_file "$file" "$loader"
		[ "$file" != "$own_loader" ] || own_loaders="$own_loaders${own_loaders:+ }$type"
		return 0
	done
	case $type in
	bios | x64) [ -e "$output/$loader" ] ||
		echo "pxe: note: no $1 (package ipxe): machines without iPXE of their own need it" \
			>&2 ;;
	esac
}

install_loaders() {
	own_loaders=''
	install_loader bios undionly.kpxe /usr/lib/ipxe/undionly.kpxe
	install_loader x64 ipxe.efi /usr/lib/ipxe/ipxe.efi
	install_loader ia32 ipxe-ia32.efi /usr/lib/ipxe/ipxe-ia32.efi
	install_loader arm64 ipxe-arm64.efi /usr/lib/ipxe/ipxe-arm64.efi
	settings="$settings
loaders=$own_loaders"
}

# take_memtest FILE: for its firmware, if none was taken before
take_memtest() {
	[ -r "$1" ] || return 0
	case $(efi_machine "$1"):$1:$memtest_bios:$memtest_efi in
	x64:*.efi:*:)
		install_hashed "$1" memtest.efi
		memtest_efi=$stored memtest=1
		;;
	*.efi:*) ;;
	*::"$memtest_efi")
		! is_bios_kernel "$1" || {
			install_hashed "$1" memtest.bin
			memtest_bios=$stored memtest=1
		}
		;;
	esac
}

# Those of --memtest, of this run and then of earlier ones, come before the package's.
install_memtest() {
	memtest='' memtest_bios='' memtest_efi=''
	while IFS= read -r file; do
		take_memtest "$file"
	done <<FILES
$memtest_files
FILES
	for file in $recorded_memtests; do
		[ -r "$output/$file" ] ||
			echo "pxe: note: the memory test '$output/$file' of an earlier run is gone" >&2
		take_memtest "$output/$file"
	done
	settings="$settings
memtests=$memtest_bios${memtest_bios:+ }$memtest_efi"
	for file in /boot/memtest86+x64.efi /boot/memtest86+x64.bin /boot/memtest86+.bin; do
		take_memtest "$file"
	done
}

# By UEFI a GRUB finds the local disk's boot loader: iPXE cannot look into disks, and some versions
# never come back to the firmware.
install_local() {
	local_efi=''
	if ! command -v grub-mkimage >/dev/null || [ ! -e /usr/lib/grub/x86_64-efi/chain.mod ]; then
		echo "pxe: note: no GRUB for UEFI (packages grub-common, grub-efi-amd64-bin): the item for the local disk leaves that to the firmware there" >&2
		return
	fi
	# its file system in memory, since what is built into GRUB itself knows no loops
	mkdir -p "$work/memory/boot/grub"
	cat >"$work/memory/boot/grub/grub.cfg" <<'GRUB'
for loader in /EFI/debian/shimx64.efi /EFI/debian/grubx64.efi /EFI/ubuntu/shimx64.efi /EFI/fedora/shimx64.efi /EFI/opensuse/shim.efi /EFI/systemd/systemd-bootx64.efi /EFI/Microsoft/Boot/bootmgfw.efi /EFI/BOOT/BOOTX64.EFI; do
	if search --no-floppy --set=root --file "$loader"; then
		echo "Starting $loader"
		chainloader "$loader"
		boot
	fi
done
echo "No local disk has a boot loader for UEFI. The firmware continues in 10 seconds."
sleep 10
exit
GRUB
	tar -C "$work/memory" --format=ustar --mtime=@0 --owner=0 --group=0 \
		--numeric-owner --mode=755 -cf "$work/memory.tar" boot ||
		die "cannot write to '$work'"
	grub-mkimage -O x86_64-efi -p '(memdisk)/boot/grub' -m "$work/memory.tar" \
		-o "$work/local.efi" memdisk tar normal part_gpt part_msdos fat \
		search search_fs_file chain boot echo sleep test minicmd >"$work/grub.log" 2>&1 ||
		die "grub-mkimage: $(tail -n 1 "$work/grub.log")"
	install_hashed "$work/local.efi" local.efi
	local_efi=$stored
}

install_installer() {
	install_kernel='' install_initrd=''
	if [ -n "$installer" ]; then
		install_hashed "$install_from" installer-linux
		install_kernel=$stored
		install_hashed "$initrd_from" installer-initrd.img
		install_initrd=$stored
		printf 'kernel=%s\ninitramfs=%s\nappend=%s\n' "$install_kernel" "$install_initrd" \
			"$install_words" >"$work/text"
		install_text entries/installer
	elif [ -r "$output/entries/installer" ]; then
		install_kernel=$(sed -n 's/^kernel=//p' "$output/entries/installer")
		install_initrd=$(sed -n 's/^initramfs=//p' "$output/entries/installer")
		install_words=$(sed -n 's/^append=//p' "$output/entries/installer")
	fi
}

# With the drivers of all machines, whatever -s limits the entries to
install_hardware() {
	hardware_kernel='' hardware_initrd=''
	if [ -n "$do_hardware" ]; then
		user_lines=$build_lines
		build_lines="hook attach \"$here/lib/pxe/hardware-hook.sh\""
		build_image "$work/hardware.img"
		build_lines=$user_lines
		install_hashed "$vmlinuz" vmlinuz
		hardware_kernel=$stored
		install_hashed "$work/hardware.img" hardware.img
		hardware_initrd=$stored
		hardware_words=$words
		printf 'kernel=%s\ninitramfs=%s\nappend=%s\n' "$hardware_kernel" \
			"$hardware_initrd" "$words" >"$work/text"
		install_text entries/hardware
	elif [ -r "$output/entries/hardware" ]; then
		hardware_kernel=$(sed -n 's/^kernel=//p' "$output/entries/hardware")
		hardware_initrd=$(sed -n 's/^initramfs=//p' "$output/entries/hardware")
		hardware_words=$(sed -n 's/^append=//p' "$output/entries/hardware")
	fi
}
