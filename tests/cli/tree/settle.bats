#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# settle.sh: what a boot loader that does not read the journal of a file system finds after a power
# cut
# bats file_tags=unsanitized
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir mnt work bin
	truncate -s 64M fs
	mke2fs -q -t ext4 fs
	mount -o loop,commit=300 fs mnt
	cat >settle <<-SCRIPT
		#!/bin/sh
		sysroot=\$1 work=$PWD/work
		. "$TOP/scripts/lib/settle.sh"
		settle "$PWD/mnt"
	SCRIPT
}

teardown() {
	# a process that waits for it could not be killed
	fsfreeze --unfreeze mnt 2>/dev/null || true
	umount mnt
}

# on_disk NAME: debugfs reads as GRUB does
on_disk() {
	debugfs -R "stat /$1" fs 2>&1 | grep -q 'Type: regular'
}

@test "a new file and a new name are on the disk itself, not only in the journal" {
	echo one >mnt/a
	sync mnt/a
	sh settle ''
	on_disk a
	mv mnt/a mnt/b
	sync mnt
	sh settle ''
	on_disk b
	timeout 10 touch mnt/still-writable
}

@test "whoever is killed while the file system is frozen leaves it writable" {
	cat >bin/fsfreeze <<-'SCRIPT'
		#!/bin/sh
		case $1 in --freeze) /sbin/fsfreeze "$@" && touch work/was-frozen && kill -KILL "$PPID" && exit 0 ;; esac
		exec /sbin/fsfreeze "$@"
	SCRIPT
	chmod +x bin/fsfreeze
	PATH=$PWD/bin:$PATH run sh settle ''
	assert_failure 137
	[ -e work/was-frozen ]
	timeout 10 touch mnt/still-writable
}

@test "what somebody else has frozen stays so; what cannot be frozen and a sysroot are no error" {
	fsfreeze --freeze mnt
	sh settle ''
	run ! fsfreeze --freeze mnt # it is
	fsfreeze --unfreeze mnt
	sh settle /a/sysroot
	printf '#!/bin/sh\nexit 1\n' >bin/fsfreeze
	chmod +x bin/fsfreeze
	PATH=$PWD/bin:$PATH sh settle ''
}
