#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# Packages that tests unpack and do not install (scripts/lib/debian-packages.sh), with a private
# archive.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	load archive
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	private_archive
	cat >unpack <<-END
		#!/bin/sh
		set -eu
		here=$root/scripts cache=$cache
		. "\$here/lib/debian-packages.sh"
		unpack_packages bookworm one two
		echo "\$tree"
	END
	chmod +x unpack
	binary_package one 1.0 '' usr/share/one
	binary_package two 1.0 '' usr/share/two
	binary_package two 1.1 '' usr/share/two
	publish bookworm
}

@test "the newest of each, in one tree, for every shell; once it is there no mirror is asked" {
	for shell in dash 'busybox ash'; do
		rm -rf "$cache"
		run -0 --separate-stderr $shell ./unpack
		run -0 cat "$output/usr/share/one" "$output/usr/share/two"
		assert_line 'one 1.0'
		assert_line 'two 1.1'
	done
	rm -r archive parts/test.list
	run -0 ./unpack
}

@test "the newest version is listed but missing: the one before is taken, and a message says why" {
	rm archive/pool/two_1.1*
	run -0 ./unpack
	assert_line --regexp '^unpack: two 1.0 taken: two 1.1: .*[Nn]o.* found'
	run -0 cat "$(./unpack)/usr/share/two"
	assert_output 'two 1.0'
}

@test "another recipe and no network: the packages of before" {
	./unpack
	echo '# another' >>unpack
	no_network
	run -0 ./unpack
	assert_line --regexp '^unpack: two 1.1 taken from the cache: no package lists of bookworm: .*onnect'
	run -0 cat "$(./unpack)/usr/share/one"
	assert_output 'one 1.0'
}

@test "nothing to be had: the package and what was tried; nothing is left" {
	rm archive/pool/two_*
	run -1 ./unpack
	assert_line --regexp '^unpack: package two is not available: two 1.1: .*; two 1.0: .*; the cache has none. Name another mirror'
	run -0 find "$cache" -name '.new*'
	assert_output ''
	run -0 find "$cache" -maxdepth 1 -name 'unpack-*'
	assert_output ''
}
