# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests of build, plan and why: one small fake system for the file, as the golden cases have it.
# Sets M (mkvinitrd), S (the system, to be copied before it is changed), KVER, and a cache of the
# test's own.
load ../../lib/env

setup_file() {
	"$BATS_TEST_DIRNAME/../../golden/make-sysroot" "$BATS_FILE_TMPDIR/sysroot"
}

builder_setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	S=$BATS_FILE_TMPDIR/sysroot
	KVER=6.1.0-golden
	export MKVINITRD_DATA=$S/opt/data MKVINITRD_APPLETS=$S/opt/applets \
		MKVINITRD_CACHE=$BATS_TEST_TMPDIR/cache
	unset MKVINITRD_PROFILES SOURCE_DATE_EPOCH
	cd "$BATS_TEST_TMPDIR" || return
}

# profile LINE...: writes ./t.profile
profile() {
	printf '%s\n' "$@" >t.profile
}

# own_system: a copy of the system for this test, in S
own_system() {
	cp -a "$S" own
	S=$PWD/own
}

# compress_module PATH: as distributions do, in an own system
compress_module() {
	xz -9 --check=crc32 "$S/usr/lib/modules/$KVER/kernel/$1.ko"
	depmod -b "$S" "$KVER"
}

plan() {
	"$M" plan -p ./t.profile -r "$S" "$@"
}

# The check before the commit wants real programs; these small ones stand for ours.
real_programs() {
	cp -a "$S/opt/applets" applets
	for name in busybox bootplan coldplug findimg overlayroot packroot unpackroot vdattach \
		vdattach-http netfetch verifyimg exitrd e2fsck mke2fs; do
		cp "$(command -v busybox)" "applets/$name"
	done
	export MKVINITRD_APPLETS=$PWD/applets
}

build() {
	"$M" build -q -p ./t.profile -r "$S" -o out.img "$@"
}

# member PATH: its content
member() {
	"$M" cat out.img "$1"
}

# The directories of real kernels, from the cache that all tests share.
kernels() {
	env -u MKVINITRD_CACHE "$BATS_TEST_DIRNAME/../../../scripts/kernels" "$@"
}
