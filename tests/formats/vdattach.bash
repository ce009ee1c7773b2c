# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vdattach against sfdisk, sgdisk, qemu-img, qemu-io, nbdcopy's peers and the kernel.

load lib

setup() {
	cd "$BATS_TEST_TMPDIR"
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}
}

teardown() {
	cd /
	if [ -n "${pid:-}" ]; then kill "$pid" 2>/dev/null || true; fi
	if mountpoint -q "$BATS_TEST_TMPDIR/mnt"; then umount "$BATS_TEST_TMPDIR/mnt"; fi
	# what a failed test left attached
	losetup -ln -O NAME,BACK-FILE | while read -r device file; do
		case $file in "$BATS_TEST_TMPDIR"/*) losetup -d "$device" ;; esac
	done
	if mountpoint -q "$BATS_TEST_TMPDIR/ro"; then umount "$BATS_TEST_TMPDIR/ro"; fi
}

# sectors SIZE FILE COMMAND [ARG]...: runs COMMAND ARG.. on a device over FILE with sectors of SIZE
# bytes
sectors() {
	local status=0 device
	device=$(losetup -b "$1" --show -f "$2")
	shift 2
	"$@" "$device" || status=$?
	losetup -d "$device"
	return $status
}

# Number, start and length in bytes as another tool sees them.
by_sfdisk() { # FILE SECTOR_SIZE
	sectors "$2" "$1" sfdisk -J | jq -r --argjson s "$2" \
		'.partitiontable.partitions[] | "\(.node | capture("p(?<n>[0-9]+)$").n) \(.start * $s) \(.size * $s)"'
}

by_us() { # FILE [OPTION]...
	vd info --json "$@" | jq -r '.partitions[] | "\(.number) \(.start) \(.length)"'
}

# Text at known places, so that offsets that are wrong show.
fill() { # FILE MEGABYTE...
	local file=$1 at
	shift
	for at; do
		yes "megabyte $at of the disk" |
			dd of="$file" bs=64k count=1 seek=$((at * 16)) conv=notrunc \
				iflag=fullblock status=none
	done
}

make_mbr_disk() {
	rm -f "$1"
	truncate -s 64M "$1"
	sfdisk -q "$1" <<-TABLE
		label: dos
		label-id: 0x12345678
		start=2048, size=20480, type=83
		start=22528, size=8192, type=c
		start=30720, size=90000, type=5
		start=32768, size=10240, type=83
		start=45056, size=10240, type=82
		start=57344, size=4096, type=83
	TABLE
}

make_gpt_disk() {
	rm -f "$1"
	truncate -s 64M "$1"
	sgdisk -n 1:2048:+10M -c 1:'EFI system' -t 1:ef00 -n 5:0:+20M -c 5:root -n 2:0:0 -c 2:rest \
		"$1" >/dev/null
}
