# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases of mkvinitrd frugal --disk: one image, in turn the disk of a virtual machine and
# the root of the machine itself.
# Read after lib.sh, hosts.sh and menus.sh.

# host_of FORMAT FS RAW: $WORK/host, with RAW as an image, our files beside it, and a GRUB menu of
# the machine that includes our entry. PROFILE is empty for the one that the command chooses.
host_of() {
	rm -rf "$WORK/host"
	mkdir -p "$WORK/host/vm" "$WORK/host/boot/grub"
	image "$1" "$3" "$WORK/host/vm"
	disk_name=$IMAGE
	case $2 in ntfs) uuid=$ntfs_serial ;; *) uuid=$host_uuid ;; esac
	MKVINITRD=$MKVINITRD "$TOP/scripts/frugal" --host "UUID=$uuid" \
		--boot-path "/vm/$disk_name.boot" ${PROFILE:+-p "$PROFILE"} \
		-a "$KERNEL_PARAMETERS ${HOST_PARAMETERS:-}" --disk "$WORK/host/vm/$disk_name" ||
		fail 'mkvinitrd frugal --disk'
	host_menu 0
	mkdir -p "$WORK/host/Windows/Überprüfung, alt"
	head -c 2000000 /dev/urandom >"$WORK/host/Windows/Überprüfung, alt/ntoskrnl.exe"
	head -c 700 /dev/urandom >"$WORK/host/vm/$disk_name.settings"
}

# host_menu N: the machine's menu, which boots our entry N
host_menu() {
	printf 'set timeout=0\nset default=%s\nsource /vm/%s.boot/grub.cfg\n' "$1" "$disk_name" \
		>"$WORK/host/boot/grub/grub.cfg"
}

# bystanders: all files of the host but the image, with their checksums
bystanders() {
	(cd "$WORK/host" && find . -type f ! -path "./vm/$disk_name" -exec sha256sum {} +) |
		LC_ALL=C sort -k 2
}

# image_clean FORMAT: the image in $WORK/host/vm, and the root in it
image_clean() {
	IMAGE=vm/$disk_name
	image_raw "$1" "$WORK/host" "$WORK/raw.img"
	part "$WORK/root.fs" "$WORK/raw.img" 1
	clean_ext4 "$WORK/root.fs"
	rm "$WORK/raw.img" "$WORK/root.fs"
}

# The power is never cut here, so that QEMU need not wait for the disks below at each flush
# (cache=unsafe).
# boot_vm FORMAT: by the boot loader in the image
boot_vm() {
	case $1 in vhd) qemu_format=vpc ;; *) qemu_format=$1 ;; esac
	boot_firmware -drive "file=$WORK/host/vm/$disk_name,format=$qemu_format,if=virtio,cache=unsafe"
}

# boot_metal FORMAT FS: by our entry
boot_metal() {
	bystanders >"$WORK/before"
	host_disk "$2" "$WORK/host"
	case $2 in ext4) grub_pc "$WORK/disk.img" ext2 part_gpt search_fs_uuid ;; *) grub_pc \
		"$WORK/disk.img" "$2" part_gpt search_fs_uuid ;; esac
	boot_firmware $MEDIUM,cache=unsafe # MEDIUM ends with the options of the drive
	expect 'mkvinitrd: clean'
	expect_not 'mkvinitrd: .*busy'
	expect_not 'mkvinitrd: warning'
	host_clean "$2"
	host_files "$2" "$WORK/host"
	bystanders | diff "$WORK/before" - || fail 'other files of the host changed'
	rm "$WORK/disk.img"
}
