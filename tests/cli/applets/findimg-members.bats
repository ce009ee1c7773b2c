#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# File systems over several disks, and copies of the file system that they lie on.
# shellcheck disable=SC2154 # output, stderr: by bats
load findimg

# two_disks: a btrfs over the files one and two, which holds /vm/root.img; attached, $first and
# $loop are its devices
two_disks() {
	local a b
	truncate -s 128M one two
	a=$(losetup -f --show one)
	b=$(losetup -f --show two)
	mkfs.btrfs -q -d raid1 -m raid1 -L data "$a" "$b" >log 2>&1 || fail "$(cat log)"
	mount "$a" work
	mkdir work/vm
	echo image >work/vm/root.img
	umount work
	btrfs device scan --forget "$a"
	losetup -d "$a" "$b"
	attach_in_order one two
}

@test "a btrfs over two disks is one file system, whichever of its devices is named" {
	two_disks
	sha256sum one two >sums
	for spec in any LABEL=data "$first" "$loop"; do
		find_only -t 0 -H "$spec" /vm/root.img
		assert_equal "$spec: $status" "$spec: 0"
		assert_equal "$(<"$(value FILE)")" image
		case $spec in "$loop") ;; *) assert_equal "$(value DEVICE) $(value MEMBER)" \
			"$first $loop" ;; esac
		refute [ -n "$stderr" ]
		umount mnt
	done
	# one that was slow in an earlier search, and is not now
	printf '%s\n' "$first" "$loop" >known.silent
	find_only -t 0 --degraded --state "$PWD/known" -H LABEL=data /vm/root.img
	assert_equal "$status" 0
	refute [ -n "$stderr" ]
	refute [ -e known.silent ]
	umount mnt
	find_only -t 0 /nothing
	assert_equal "$status" 3
	grep -q "device 2 of the btrfs of ${first#/dev/}" <<<"$stderr"
	for device in ${devices//,/ }; do assert_equal "$(<"/sys/block/$device/ro")" 0; done
	sync
	sha256sum -c --quiet sums
	find_only -t 0 -w --state "$PWD/state" -H LABEL=data /vm/root.img
	assert_equal "$(<state)" "device $first
device $loop
mount $PWD/mnt"
	touch mnt/written
	umount mnt
	# what is only found is known to the kernel, so that it can be mounted
	run --separate-stderr "$findimg" --only "$devices" -t 0 -H LABEL=data
	assert_success
	mount -t btrfs -o ro "$(value DEVICE)" work
}

# bcachefs FILE DEVICES: the superblock of one device of them, without a checksum. Debian has no
# program that makes it.
bcachefs() {
	truncate -s 8M "$1"
	python3 - "$1" "$2" <<'PY'
import struct, sys, uuid
magic = bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef")
user = uuid.UUID("6d6b7669-6e69-7472-6400-0000000000bc").bytes
with open(sys.argv[1], "r+b") as f:
    f.seek(4096)
    f.write(struct.pack("<16x2H4x16s16s16s32s2QH2BI", 25, 25, magic, uuid.uuid4().bytes, user, b"data", 8, 1, 8, 0, int(sys.argv[2]), 0))
PY
}

@test "a bcachefs over several devices is refused by name, and one of a single device asks for its driver" {
	bcachefs one 3
	attach one
	find_only -t 0 -H UUID=6d6b7669-6e69-7472-6400-0000000000bc /vm/root.img
	grep -q 'a bcachefs of 3 devices' <<<"$stderr"
	find_only -t 0 -H LABEL=data /vm/root.img
	assert_equal "$status" 3
	grep -q 'a bcachefs of 3 devices: this version mounts those of one device only' <<<"$stderr"
	bcachefs one 1
	find_only -t 0 -H LABEL=data /vm/root.img
	assert_equal "$status" 3
	grep -q "no driver for bcachefs (module 'bcachefs' is not in the image)" <<<"$stderr"
}

@test "a btrfs waits for its second disk, and is used without it on demand only" {
	two_disks
	losetup -d "$loop"
	# a number that no test of another file is given while this one is free
	local late=/dev/loop$((RANDOM % 1000 + 2000))
	devices=${first#/dev/},${late#/dev/}
	find_only -t 0 -H LABEL=data /vm/root.img
	assert_equal "$status" 3
	grep -q 'only 1 of the 2 devices of this btrfs are here' <<<"$stderr"
	find_only -t 1 --degraded -H LABEL=data /vm/root.img
	assert_equal "$status" 0
	assert_equal "$(value INCOMPLETE)" 1
	grep -q "'$first': only 1 of the 2 devices of this btrfs are here; it is used degraded" \
		<<<"$stderr"
	umount mnt
	mkfifo errors
	"$findimg" --only "$devices" -m "$PWD/mnt" -t 60 -H LABEL=data /vm/root.img >out 2>errors &
	background=$!
	read -r line <errors
	[[ $line == *"waiting "* ]]
	losetup "$late" two
	wait "$background"
	background=''
	assert_equal "$(cat mnt/vm/root.img)" image
}

@test "a copy of a disk of a btrfs is named instead of being mixed in" {
	two_disks
	cp one copy
	attach copy
	find_only -t 0 -H LABEL=data /vm/root.img
	assert_equal "$status" 3
	read -r lower higher < <(printf '%s\n' "${first#/dev/}" "${loop#/dev/}" | sort -V |
		paste -sd ' ')
	grep -q "device 1 of this btrfs is there twice, as $lower and as $higher: remove the copy" \
		<<<"$stderr" || fail "$stderr"
}
