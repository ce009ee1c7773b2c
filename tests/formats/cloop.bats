#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# cloop images by cloop-utils and other writers of the format.

load lib

setup() {
	cd "$BATS_TEST_TMPDIR"
	truncate -s $((2 * 1024 * 1024 + 512)) disk
	seq 1 60000 | dd of=disk bs=64k seek=3 conv=notrunc iflag=fullblock status=none
	printf 'the end' | dd of=disk bs=512 seek=4096 conv=notrunc status=none
}

@test "made by create_compressed_fs: the same as qemu-img reads" {
	for options in '-B 65536' '-B 4096 -L 1' '-B 131072 -L 0' '-B 512k' '-B 65536 -L -1'; do
		rm -f image ours
		# shellcheck disable=SC2086 # words
		create_compressed_fs -q $options disk image >log 2>&1
		vd cat -o ours image
		qemu-img convert -f cloop -O raw image theirs
		cmp ours theirs
		cmp -n "$(stat -c %s disk)" ours disk
		run vd check image
		assert_success
	done
	run vd info image
	assert_output --partial 'format: cloop (version 2)'
}

@test "damaged: check says where, cat stops" {
	create_compressed_fs -q -B 65536 disk image >log 2>&1
	size=$(stat -c %s image)
	printf 'XXXXXXXX' | dd of=image bs=1 seek=$((size - 60)) conv=notrunc status=none
	run vd check image
	assert_failure 1
	assert_output --partial 'block 32 at offset'
	run vd cat -o ours image
	assert_failure 1
	truncate -s $((size / 2)) image
	run vd check image
	assert_failure 1
	assert_output --partial 'not inside the data'
}
