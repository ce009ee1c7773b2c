#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# Roots of 4 GiB and more on drives and discs: minutes of reading and writing, so only with --all.
load ../../lib/env
bats_require_minimum_version 1.5.0

bats_load_library bats-support
bats_load_library bats-assert
load usb

setup() {
	media_setup
	truncate -s 4097M big.ext4
	mke2fs -q -F -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 big.ext4
}

teardown() {
	media_teardown
}

@test "a root of 4 GiB fits on a drive" {
	run "$TOP/scripts/usb" -r "$KERNEL" -q drive.img big.ext4 </dev/null
	assert_success
	start=$(sfdisk -d drive.img | sed -n 's/^[^ ]*2 : start= *\([0-9]*\).*/\1/p')
	root=$(mtype -i drive.img@@1M ::/boot/grub/menu.cfg |
		sed -n 's|.*vi.image=\(/live/big-[0-9a-f]*.ext4\).*|\1|p' | head -n 1)
	assert_equal "$(debugfs -R "stat $root" "drive.img?offset=$((start * 512))" 2>/dev/null | sed -n 's/.*Size: //p' | head -n 1)" 4296015872
}

@test "a root of 4 GiB is in a disc image whole" {
	run "$TOP/scripts/iso" -r "$KERNEL" -q -o cd.iso big.ext4 </dev/null
	assert_success
	assert_equal "$(xorriso -indev cd.iso -find /live -type f -exec lsdl 2>/dev/null | awk '{ print $5 }')" 4296015872
}
