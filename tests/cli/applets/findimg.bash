# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg with real file systems on loop devices of our own. --only keeps it from opening the
# machine's disks.
# shellcheck disable=SC2154 # output, stderr: by bats
load ../../lib/env

bats_require_minimum_version 1.5.0
load /usr/lib/bats/bats-support/load
load /usr/lib/bats/bats-assert/load

setup() {
	findimg=$HOST/bin/findimg
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p mnt work
	devices='' background=''
}

teardown() {
	local device
	[ -z "$background" ] || kill "$background" 2>/dev/null || :
	while read -r device; do
		umount "$device"
	done < <(awk -v d="$BATS_TEST_TMPDIR" 'index($2, d) == 1 { print $2 }' /proc/mounts | tac)
	for device in $(losetup -l -n -O NAME,BACK-FILE |
		awk -v d="$BATS_TEST_TMPDIR" 'index($2, d) == 1 { print $1 }'); do
		losetup -d "$device"
	done
}

# attach FILE [OPTION...]: a loop device; its name in $loop, and in the list that findimg may open
attach() {
	local file=$1
	shift
	loop=$(losetup -f --show "$@" "$file")
	devices=${devices:+$devices,}${loop#/dev/}
}

# attach_in_order FIRST SECOND: loop devices; their names in $first and $loop. findimg takes the
# lower number first; which numbers are free, tests beside this one decide.
attach_in_order() {
	for _ in $(seq 50); do
		devices=''
		attach "$1"
		first=$loop
		attach "$2"
		[ "${first#/dev/loop}" -gt "${loop#/dev/loop}" ] || return 0
		losetup -d "$first" "$loop"
	done
	fail 'no two loop devices in their order'
}

# ext4_image FILE LABEL [PATH]: a small file system that holds PATH
ext4_image() {
	rm -rf tree
	mkdir -p tree
	[ -z "${3:-}" ] || { mkdir -p "tree/$(dirname "$3")" && echo "content of $1" >"tree/$3"; }
	truncate -s 8M "$1"
	mkfs.ext4 -q -L "$2" -d tree "$1"
}

find_only() { run --separate-stderr "$findimg" --only "$devices" -m "$PWD/mnt" "$@"; }

value() { sed -n "s/^$1=//p" <<<"$output"; }

# dirty FILE: mounts it, changes things, and copies it while it is mounted, as a power cut leaves it
dirty() {
	local device
	device=$(losetup -f --show "$1")
	case $(blkid -o value -s TYPE -p "$device") in
	ntfs) ntfs-3g "$device" work ;;
	*) mount "$device" work ;;
	esac
	mkdir -p work/images
	echo image >work/images/root.img
	sync -f work
	echo more >work/synced-later
	sync work/synced-later
	cp --sparse=always "$1" "$1.dirty"
	umount work
	losetup -d "$device"
	mv "$1.dirty" "$1"
}

# An NTFS volume with the dirty flag set in $Volume (attribute 0x70, flags at its value + 10), as
# chkdsk wants it
mark_ntfs_dirty() {
	python3 - "$1" <<'PY'
import struct, sys
with open(sys.argv[1], 'r+b') as f:
    boot = f.read(512)
    sector, per_cluster = struct.unpack_from('<HB', boot, 11)
    size = struct.unpack_from('<b', boot, 64)[0]
    size = 1 << -size if size < 0 else size * sector * per_cluster
    for lcn in struct.unpack_from('<QQ', boot, 48):  # $MFT and $MFTMirr
        at = lcn * sector * per_cluster + 3 * size
        f.seek(at)
        record = f.read(size)
        assert record[:4] == b'FILE'
        attribute, = struct.unpack_from('<H', record, 20)
        while struct.unpack_from('<I', record, attribute)[0] != 0x70:
            attribute += struct.unpack_from('<I', record, attribute + 4)[0]
        value = attribute + struct.unpack_from('<H', record, attribute + 20)[0]
        f.seek(at + value + 10)
        f.write(b'\x01\x00')
PY
}

bystanders() {
	truncate -s 16M ext4 && mkfs.ext4 -q -L ext4 ext4 && dirty ext4
	truncate -s 16M ext3 && mkfs.ext3 -q -L ext3 ext3 && dirty ext3
	truncate -s 300M xfs && mkfs.xfs -q -L xfs xfs && dirty xfs
	truncate -s 128M btrfs && mkfs.btrfs -q -L btrfs btrfs && dirty btrfs
	truncate -s 16M ntfs && mkfs.ntfs -q -F -Q -L ntfs ntfs 2>/dev/null && dirty ntfs &&
		mark_ntfs_dirty ntfs
	truncate -s 16M vfat && mkfs.vfat -n VFAT vfat >/dev/null
	printf '\1' | dd of=vfat bs=1 seek=37 conv=notrunc status=none
	truncate -s 64M f2fs && mkfs.f2fs -q -l f2fs f2fs >/dev/null
	truncate -s 16M swap && mkswap -L swap swap >/dev/null
	printf 'S1SUSPEND\0' | dd of=swap bs=1 seek=4086 conv=notrunc status=none
	printf 'LUKS\272\276\0\2' >luks && truncate -s 16M luks
}
