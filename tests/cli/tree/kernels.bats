#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# scripts/kernels with a private archive of small packages.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	load archive
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	private_archive
	kernels=$cache/kernels
}

kernels() { "$root/scripts/kernels" "$@"; }

# one_package KVER VERSION: as Debian 12 has it
one_package() {
	binary_package "linux-image-$1" "$2" 'kmod, linux-base (>= 4.3~)' "boot/vmlinuz-$1" \
		"boot/config-$1" \
		"boot/System.map-$1" "lib/modules/$1/kernel/fs/one.ko"
}

# split_packages KVER VERSION: as Linux 7 has it, with merged directories
split_packages() {
	local dir=usr/lib/modules/$1
	binary_package "linux-image-$1" "$2" \
		"dracut | initramfs-tools (>= 0.1), linux-base-$1 (= $2), linux-binary-$1 (= $2), linux-modules-$1 (= $2)" \
		usr/share/doc/one
	binary_package "linux-base-$1" "$2" '' "$dir/config" "$dir/System.map"
	binary_package "linux-binary-$1" "$2" "linux-base-$1 (= $2)" "$dir/vmlinuz"
	binary_package "linux-modules-$1" "$2" "kmod, linux-base-$1 (= $2)" "$dir/kernel/fs/one.ko"
}

# works_as_root DIRECTORY KVER VERSION
works_as_root() {
	for file in vmlinuz "boot/vmlinuz-$2" "boot/config-$2" "boot/System.map-$2" \
		"lib/modules/$2/modules.dep" \
		"lib/modules/$2/kernel/fs/one.ko"; do
		[ -e "$1/$file" ] || fail "no $1/$file"
	done
	[[ $(cat "$1/vmlinuz") == *" $3" ]]
	[[ $(ls "$1/lib/modules") == "$2" ]]
}

# nothing_left: no half-made kernel
nothing_left() {
	run -0 find "$kernels" -mindepth 1 -maxdepth 1 ! -name '[0-9]*' ! -name 'current*'
	assert_output ''
}

@test "the newest of a series, in one package, and never one of another kind" {
	one_package 6.1.0-9-amd64 6.1.9-1
	one_package 6.1.0-10-amd64 6.1.10-1
	one_package 6.1.0-11-cloud-amd64 6.1.11-1
	one_package 6.1.0-11-rt-amd64 6.1.11-1
	one_package 6.1.0-11-amd64-unsigned 6.1.11-1
	one_package 6.12.1+deb12-amd64 6.12.1-1
	publish bookworm
	run -0 --separate-stderr kernels 6.1
	assert_output "$kernels/6.1.0-10-amd64"
	works_as_root "$output" 6.1.0-10-amd64 6.1.10-1
	run -0 --separate-stderr kernels 6.1-cloud 6.12
	assert_line -n 0 "$kernels/6.1.0-11-cloud-amd64"
	assert_line -n 1 "$kernels/6.12.1+deb12-amd64"
	nothing_left
}

@test "merged directories and split packages, with the newest security build of the same kernel" {
	split_packages 7.2.13+deb14-amd64 7.2.13-1
	split_packages 7.2.13+deb14-amd64 7.2.13-2
	publish sid
	run -0 --separate-stderr kernels current
	assert_output "$kernels/7.2.13+deb14-amd64"
	works_as_root "$output" 7.2.13+deb14-amd64 7.2.13-2
	run -0 readlink "$kernels/current"
	assert_output 7.2.13+deb14-amd64
	run -0 --separate-stderr kernels 7.2
	assert_output "$kernels/7.2.13+deb14-amd64"
}

@test "of the newest, listed and not there, the version before it is taken; then the kernel before it" {
	one_package 6.1.0-9-amd64 6.1.9-1
	one_package 6.1.0-10-amd64 6.1.10-1
	one_package 6.1.0-10-amd64 6.1.10-2
	publish bookworm
	rm archive/pool/linux-image-6.1.0-10-amd64_6.1.10-2_amd64.deb
	run -0 kernels 6.1
	assert_line "$kernels/6.1.0-10-amd64"
	assert_line 'kernels: 6.1 is linux-image-6.1.0-10-amd64 6.1.10-1 of bookworm'
	rm -r "$kernels/6.1.0-10-amd64" archive/pool/linux-image-6.1.0-10-amd64_6.1.10-1_amd64.deb
	run -0 kernels 6.1
	assert_line "$kernels/6.1.0-9-amd64"
	assert_line --regexp '^kernels: 6.1 is linux-image-6.1.0-9-amd64 6.1.9-1 of bookworm, since .*6.1.10-2: .*; .*6.1.10-1: '
	nothing_left
}

@test "current: a part of sid's is missing, trixie-backports has none, trixie's is taken; which one is said" {
	one_package 6.12.9+deb13-amd64 6.12.9-1
	publish trixie
	mv archive/pool/* .
	one_package 6.12.99-rt-amd64 6.12.99-1
	publish trixie-backports
	split_packages 7.2.13+deb14-amd64 7.2.13-1
	publish sid
	rm archive/pool/linux-modules-*
	mv ./*.deb archive/pool
	run -0 kernels current
	assert_line 'kernels: current is linux-image-6.12.9+deb13-amd64 6.12.9-1 of trixie'
	assert_line "$kernels/6.12.9+deb13-amd64"
	nothing_left
}

@test "a series in the cache stays as it is, without any mirror" {
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	publish sid
	kernels 6.1 current
	one_package 6.1.0-10-amd64 6.1.10-1
	publish bookworm
	run -0 --separate-stderr kernels 6.1
	assert_output "$kernels/6.1.0-9-amd64"
	rm parts/test.list
	run -0 kernels 6.1 current
	assert_line "$kernels/6.1.0-9-amd64"
	assert_line 'kernels: current is 6.1.0-9-amd64, which the cache has'
}

@test "none to be had: the series, what was tried, and what to do" {
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	rm archive/pool/*
	run -1 kernels 6.1
	assert_line --regexp '^kernels: kernel 6.1 is not available \(bookworm: linux-image-6.1.0-9-amd64 6.1.9-1: .*; trixie: .*; trixie-backports: .*; sid: .*\), and the cache .* has none. Name a mirror'
	run -1 kernels 9.9
	assert_line --partial 'kernel 9.9 is not available (bookworm: no such package;'
	no_network
	run -1 kernels current
	assert_line --regexp 'kernel current is not available \(sid: .*onnect'
	nothing_left
	run -2 kernels newest
}

@test "a series that Debian does not have: which ones it has" {
	one_package 6.1.0-9-amd64 6.1.9-1
	one_package 6.12.1+deb12-amd64 6.12.1-1
	one_package 6.13.1-cloud-amd64 6.13.1-1
	one_package 6.14.1-rt-amd64 6.14.1-1
	for suite in bookworm trixie trixie-backports sid; do publish $suite; done
	run -1 kernels 6.99
	assert_line 'kernels: there is no kernel 6.99 in bookworm, trixie, trixie-backports, sid: they have 6.1 6.12'
	run -1 kernels 6.12-cloud
	assert_line 'kernels: there is no kernel 6.12-cloud in bookworm, trixie, trixie-backports, sid: they have 6.13'
}

@test "a cache without space is named, whatever did not fit" {
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	mkdir -p "$cache"
	for size in 8k 24k 40k; do
		# shellcheck disable=SC2016 # variables of the shell inside
		run -1 unshare -m sh -c 'mount -t tmpfs -o size=$1 tmpfs "$2" && exec "$3" 6.1' - $size "$cache" "$root/scripts/kernels"
		assert_line --regexp "^kernels: no space left in the cache $cache \\([01] MiB free\\): free some there, or set XDG_CACHE_HOME"
		refute_output --partial 'mirror'
	done
}

@test "package lists take little room: apt keeps no second form of them" {
	# as apt is where nobody has set it
	echo 'Dir::Etc::parts "/dev/null";' >>apt.conf
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	run -0 kernels 6.1
	run -0 find "$cache" -name '*pkgcache.bin'
	assert_output ''
}

@test "two at once download one" {
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	kernels 6.1 >one 2>err.one 3>&- &
	kernels 6.1 >two 2>err.two
	wait
	cmp one two
	run -0 cat err.one err.two
	assert [ "$(grep -c '6.1 is .* of bookworm$' <<<"$output")" = 1 ]
	nothing_left
}

@test "a download that is interrupted or killed leaves nothing half-made" {
	one_package 6.1.0-9-amd64 6.1.9-1
	publish bookworm
	mkdir bin
	# depmod comes last
	printf '#!/bin/sh\n: >%s/started\nexec sleep 60\n' "$PWD" >bin/depmod
	chmod +x bin/depmod
	for signal in INT TERM KILL; do
		PATH=$PWD/bin:$PATH setsid python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' "$root/scripts/kernels" 6.1 >/dev/null 2>&1 3>&- &
		pid=$!
		timeout 60 sh -c 'until [ -e started ]; do sleep 0.1; done'
		kill -s $signal -- -$pid
		wait $pid || :
		rm started
		assert [ ! -e "$kernels/6.1.0-9-amd64" ]
		[ $signal = KILL ] || nothing_left
	done
	run -0 --separate-stderr kernels 6.1
	works_as_root "$output" 6.1.0-9-amd64 6.1.9-1
	nothing_left
}
