# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of QCOW2 share.

load lib

# A disk of 8 MiB and a bit, with holes, text that compresses and bytes that do not.
make_disk() { # FILE
	truncate -s $((8 * 1024 * 1024 + 3 * 512)) "$1"
	seq 1 60000 | dd of="$1" bs=64k seek=3 conv=notrunc iflag=fullblock status=none
	openssl enc -aes-128-ctr -nosalt -K 01 -iv 02 -in /dev/zero 2>/dev/null |
		dd of="$1" bs=64k seek=40 count=17 conv=notrunc iflag=fullblock status=none
	printf 'the last sector' | dd of="$1" bs=512 seek=$((8 * 2048 + 2)) conv=notrunc status=none
}

# What we read is what qemu-img reads, and qemu-img's check and ours find nothing.
same_as_qemu() { # IMAGE
	rm -f ours theirs
	vd cat -o ours "$1"
	qemu-img convert -O raw "$1" theirs
	cmp ours theirs
	run vd check "$1"
	assert_success
	assert_output --partial ' 0 errors, 0 leaks'
}
