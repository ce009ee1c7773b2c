#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# Debian roots of tests (tests/lib/bootstrap), from a private archive.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	load archive
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	private_archive
	unset APT_CONFIG
	binary_package one 1.0 '' usr/share/one
	binary_package two 1.0 '' usr/share/two
	binary_package two 1:1.1~rc+1 '' usr/share/two
	publish bookworm
}

# bootstrap TARGET: mmdebstrap of this archive, which nothing inside of the root installs
bootstrap() {
	"$root/tests/lib/bootstrap" --variant=custom --mode=chrootless --include=one,two --architectures=amd64 \
		--aptopt='APT::Sandbox::User "root"' \
		bookworm "$1" "deb [trusted=yes] copy:$PWD/archive bookworm main"
}

@test "the newest of each is taken where the mirror has it" {
	run -0 bootstrap tree
	run -0 cat tree/usr/share/one tree/usr/share/two
	assert_line 'one 1.0'
	assert_line 'two 1:1.1~rc+1'
}

@test "a version that is listed and not there is passed over for another; no trace of it is left" {
	rm archive/pool/two_1.1~rc+1_amd64.deb
	for target in tree root.tar; do
		run -0 bootstrap $target
		assert_output 'bootstrap: the mirror does not have two 1.1~rc+1: trying other versions'
	done
	run -0 cat tree/usr/share/two
	assert_output 'two 1.0'
	run -0 bsdtar -xOf root.tar ./usr/share/two
	assert_output 'two 1.0'
	run -0 find tree/etc/apt -name '*missing*'
	refute_output
}

@test "no version is there: the error is apt's, and it ends" {
	rm archive/pool/two_*.deb
	run -25 bootstrap tree
	assert_line 'bootstrap: the mirror does not have two 1.1~rc+1: trying other versions'
	assert_line 'bootstrap: the mirror does not have two 1.0: trying other versions'
	assert_line --regexp '^E: .*two'
}
