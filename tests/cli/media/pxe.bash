# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of mkvinitrd pxe: a root, and what is made for it.

setup() {
	cd "$BATS_TEST_TMPDIR"
	TOP=$BATS_TEST_DIRNAME/../../..
	export MKVINITRD=$HOST/mkvinitrd
	mkdir -p tree/bin
	cp /bin/true tree/bin/true
	kernel=$("$TOP/scripts/kernels" 6.12)
	"$TOP/scripts/pack" -q tree root.tar.xz
}

# pxe ARGUMENT...: with a small initramfs
pxe() {
	printf 'root tmpfs\n' >tiny.profile
	run "$TOP/scripts/pxe" -p ./tiny.profile -r "$kernel" -o srv "$@"
}

# served PATTERN: the file of that name in the directory
served() {
	compgen -G "srv/$1"
}
