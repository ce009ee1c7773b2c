# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of mkvinitrd frugal: partitions, what lies on them, and what is installed there.

setup_file() {
	kernel=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export kernel
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	export MKVINITRD=${MKVINITRD:-$HOST/mkvinitrd} TMPDIR=$PWD/tmp
	mkdir tmp tree mnt
	echo hello >tree/motd
	mksquashfs tree root.sqfs -quiet -no-progress -all-root >/dev/null
}

teardown() {
	# the deepest first
	awk -v top="$BATS_TEST_TMPDIR/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | while read -r path; do
		umount "$(printf '%b' "$path")" || umount -l "$(printf '%b' "$path")"
	done
}

frugal() { "$TOP/scripts/frugal" "$@"; }

# host TYPE [MIB]: a partition of that type on mnt
host() {
	rm -f fs
	truncate -s "${2:-300}M" fs
	case $1 in
	ext4) mke2fs -q -t ext4 fs ;;
	xfs) mkfs.xfs -q fs ;;
	btrfs) mkfs.btrfs -q fs ;;
	vfat) mkfs.vfat -F 32 -i 2EA7BEEF fs >/dev/null ;;
	ntfs) mkntfs -q -F -Q fs 2>/dev/null ;;
	exfat) mkfs.exfat fs >/dev/null ;;
	esac
	case $1 in
	ntfs) mount_fuse ntfs-3g ;;
	exfat) mount_fuse mount.exfat-fuse ;;
	vfat) mount_vfat ;;
	*) mount -o loop fs mnt ;;
	esac
}

# the drivers of this machine's kernel may be few
mount_fuse() {
	loop=$(losetup -f --show fs)
	"$1" "$loop" mnt >/dev/null 3>&- # a daemon: bats would wait for it
	losetup -d "$loop"
}

mount_vfat() { mount -o loop fs mnt; }

# everything below mnt: names, modes, contents, of files times too
picture() {
	(cd mnt && find . -mindepth 1 ! -path ./lost+found \( -type f -printf '%P %m %T@ ' \
		-exec sha256sum {} \; -o -printf '%P %y %m\n' \) | LC_ALL=C sort)
}

bystanders() {
	mkdir -p mnt/Windows mnt/linux.old
	head -c 300000 /dev/urandom >mnt/Windows/ntoskrnl.exe
	echo old >mnt/linux.old/vmlinuz
	echo 'menuentry "Mine" {}' >mnt/grub.cfg
	sync
}

# installed DIRECTORY: each file of the manifest is what the manifest says, and the initramfs is one
# for that kernel
installed() {
	[ "$(grep -c '^file ' "$1/mkvinitrd.frugal")" -ge 5 ]
	(cd "$1" && sed -n 's/^file \([0-9a-f]*\) /\1  /p' mkvinitrd.frugal |
		sha256sum --quiet -c -)
	cmp "$kernel/vmlinuz" "$1/vmlinuz"
	"$HOST/mkvinitrd" check "$1/initramfs.img" -r "$kernel"
	grub-script-check "$1/grub.cfg"
	run find "$1" tmp -name '.frugal*' -o -path 'tmp/*'
	assert_output ''
}

# mode_of INITRAMFS: what it does with a root when no kernel parameter says anything else
mode_of() {
	"$HOST/mkvinitrd" cat "$1" etc/mkvinitrd/defaults | sed -n 's/^vi\.mode=//p'
}
