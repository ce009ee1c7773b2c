#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# What the model tests' random writes, discards, zeroings, flushes and full disks leave, looked at
# by qemu-img: it reads the same disk and finds nothing wrong. The other formats' model images are
# of kinds that qemu does not read (small blocks, sector bitmaps, descriptors without geometry);
# their own tests compare what we wrote with qemu.

load lib

# same_for_qemu PROGRAM FORMAT CASE...
same_for_qemu() {
	local program=$1 format=$2 image n=0
	shift 2
	cd "$BATS_TEST_TMPDIR"
	MODEL_DUMP=$PWD CRASH_WORKLOADS=6 CRASH_SEED=77 \
		"$HOST/tests/unit/vdattach/$format/$program" >log 2>&1
	for kind; do
		for dir in "$kind "*; do
			cd "$dir"
			image=$(cat name)
			qemu-img convert -f "$format" -O raw "$image" got
			cmp disk.expected got
			qemu-img check -q -f "$format" "$image" ||
				[ $? = 63 ] # no check for this format
			cd ..
			n=$((n + 1))
		done
	done
	[ "$n" = $((6 * $#)) ]
}

@test "model: QCOW2" {
	same_for_qemu test_qcow2_crash qcow2 'version 2' 'version 3' '64 KiB clusters' snapshot \
		'full tables' 'raw parent' 'extended L2' 'data file'
}

@test "model: VHDX" {
	same_for_qemu test_vhdx_crash vhdx dynamic
}
