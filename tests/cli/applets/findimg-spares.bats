#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg and what it must not write to: hibernated and dirty Windows volumes, a suspended Linux.
# shellcheck disable=SC2154 # output, stderr: by bats
load findimg

@test "a hibernated Windows may be read, never written to" {
	truncate -s 16M ntfs && mkfs.ntfs -q -F -Q ntfs 2>/dev/null
	attach ntfs
	ntfs-3g "$loop" work
	printf HIBR | dd of=work/hiberfil.sys bs=8k conv=sync status=none
	echo image >work/image
	umount work
	losetup -d "$loop"
	sha256sum ntfs >sums
	devices=''
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q 'holds a hibernated Windows.*shut Windows down' <<<"$stderr"
	find_only -t 0 --state "$PWD/state" /image
	assert_equal "$status" 0
	grep -q 'warning: .*hibernated Windows' <<<"$stderr"
	assert_equal "$(<"$(value FILE)")" image
	umount mnt
	losetup -d "$(sed -n 's/^loop //p' state)"
	losetup -d "$loop"
	sha256sum -c --quiet sums
}

# ntfs_volume FILE: an NTFS volume with /image in it
ntfs_volume() {
	truncate -s 16M "$1" && mkfs.ntfs -q -F -Q "$1" 2>/dev/null
	ntfs-3g "$1" work
	echo image >work/image
	umount work
}

@test "ntfs-3g is a storage daemon: spared by name and from memory shortage, not ended by signals, gone after the unmount" {
	grep -qw ntfs3 /proc/filesystems && skip 'this kernel mounts NTFS itself'
	ntfs_volume ntfs
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 0
	pid=$(pgrep -f "^@ntfs-3g .*$loop $PWD/mnt")
	# not every machine that tests run on lets root do that
	(echo -1000 >/proc/self/oom_score_adj) 2>/dev/null &&
		assert_equal "$(<"/proc/$pid/oom_score_adj")" -1000
	kill -TERM "$pid" && kill -HUP "$pid" && kill -INT "$pid"
	echo more >mnt/written
	umount mnt
	timeout 60 tail --pid="$pid" -f /dev/null
	losetup -d "$loop"
	ntfsfix -n ntfs
	assert_equal "$(ntfscat ntfs written)" more
}

@test "an NTFS volume marked dirty is read, never written to" {
	ntfs_volume ntfs
	mark_ntfs_dirty ntfs
	sha256sum ntfs >sums
	attach ntfs
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q 'marked dirty.*chkdsk' <<<"$stderr"
	find_only -t 0 /image
	assert_equal "$status" 0
	assert_equal "$(<"$(value FILE)")" image
	umount mnt
	losetup -d "$loop"
	sha256sum -c --quiet sums
}

@test "beside a suspended Linux only a clean file system is written to" {
	ext4_image part data image
	dirty part
	truncate -s 32M disk
	printf '1M,8M,S\n9M,16M,L\n' | sfdisk -q --label gpt disk
	truncate -s 8M part-swap && mkswap part-swap >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of=part-swap bs=1 seek=4086 conv=notrunc status=none
	dd if=part-swap of=disk bs=1M seek=1 conv=notrunc status=none
	dd if=part of=disk bs=1M seek=9 conv=notrunc status=none
	attach disk -P
	partx -u "$loop"
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q "'${loop}p2' may belong to the hibernated Linux of '${loop}p1'" <<<"$stderr"
	find_only -t 0 /image
	assert_equal "$status" 0
	umount mnt
	# by whatever name, and without a mount as well
	find_only -t 0 -w -H "UUID=$(blkid -p -o value -s UUID part)" /image
	assert_equal "$status" 1
	run --separate-stderr "$findimg" --only "$loop" -t 0 -w -H "${loop}p2"
	assert_equal "$status" 1
	grep -q "resume=${loop}p1.*mkswap ${loop}p1" <<<"$stderr"
}

@test "a suspended Linux on another disk counts too" {
	ext4_image part data image
	dirty part
	truncate -s 8M swap && mkswap swap >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of=swap bs=1 seek=4086 conv=notrunc status=none
	attach swap
	sleeping=$loop
	attach part
	run --separate-stderr "$findimg" --only "$loop,$sleeping" -t 0 -m "$PWD/mnt" -w /image
	assert_equal "$status" 1
	grep -q "'$loop' may belong to the hibernated Linux of '$sleeping'" <<<"$stderr"
	mkswap "$sleeping" >/dev/null 2>&1
	run --separate-stderr "$findimg" --only "$loop,$sleeping" -t 0 -m "$PWD/mnt" -w /image
	assert_equal "$status" 0
	umount mnt
}

# sleeping_swapfile FILE PATH: a file system of a hibernated Linux, with its memory in PATH of it
sleeping_swapfile() {
	rm -rf tree
	mkdir -p "tree/$(dirname "$2")" tree/etc
	echo image >tree/image
	echo "$2 none swap sw 0 0" >tree/etc/fstab
	dd if=/dev/zero of="tree/$2" bs=1M count=2 status=none
	mkswap "tree/$2" >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of="tree/$2" bs=1 seek=4086 conv=notrunc status=none
	truncate -s 16M "$1"
	mkfs.ext4 -q -d tree "$1"
	dirty "$1"
}

@test "a Linux that is suspended to a swap file: it and what it may have mounted are not written to, and not touched" {
	sleeping_swapfile part /data/memory/of-it
	ext4_image other other
	dirty other
	ext4_image clean clean
	attach clean
	free=$loop
	attach other
	second=$loop
	attach part
	sha256sum part other >sums
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q "'$loop' may belong to the hibernated Linux of the swap file '/data/memory/of-it' on '$loop'" <<<"$stderr"
	run --separate-stderr "$findimg" --only "$devices" -t 0 -w -H "$second"
	assert_equal "$status" 1
	grep -q "'$second' may belong to the hibernated Linux of the swap file '/data/memory/of-it' on '$loop'" <<<"$stderr"
	find_only -t 0 /image
	assert_equal "$status" 0
	umount mnt
	sha256sum -c --quiet sums
	run --separate-stderr "$findimg" --only "$devices" -t 0 -w -H "$free"
	assert_equal "$status" 0
}

@test "a swap file is recognised in the usual directories as well, and one that nobody sleeps in is none" {
	sleeping_swapfile part /swap.img
	: >tree/etc/fstab
	mkfs.ext4 -q -F -d tree part
	dirty part
	attach part
	find_only -t 0 -w /image
	assert_equal "$status" 1
	grep -q "swap file '/swap.img'" <<<"$stderr"
	losetup -d "$loop"
	mkswap tree/swap.img >/dev/null 2>&1
	mkfs.ext4 -q -F -d tree part
	dirty part
	attach part
	find_only -t 0 -w /image
	assert_equal "$status" 0
	umount mnt
}
