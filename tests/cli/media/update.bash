# shellcheck shell=bash disable=SC2034,SC2154 # variables of the tests, and of bats
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of `mkvinitrd update`: a system below the directory sys, with small images. lsblk
# and findfs are fakes where the root of the command line is on layers that this machine does not
# have.

setup_file() {
	KERNEL=$("$BATS_TEST_DIRNAME/../../lib/small-kernel" "$BATS_FILE_TMPDIR")
	export KERNEL KVER=${KERNEL##*/}
	cd "$BATS_FILE_TMPDIR" || return
	mkdir -p model/boot/grub model/lib model/etc/kernel model/etc/mkvinitrd/presets \
		model/var/lib
	cp -a "$KERNEL/lib/modules" model/lib/
	cp -L "$KERNEL/vmlinuz" "model/boot/vmlinuz-$KVER"
	echo 'root=LABEL=nowhere rootfstype=ext4 ro quiet' >model/etc/kernel/cmdline
	: >model/boot/grub/grub.cfg
	# small images, for tests of replacing; empty files turn the shipped presets off
	: >model/etc/mkvinitrd/presets/default.preset
	: >model/etc/mkvinitrd/presets/fallback.preset
	printf 'profile %s\noutput /boot/a-%%k.img\n' "$PWD/small.profile" \
		>model/etc/mkvinitrd/presets/a.preset
	printf 'profile %s\noutput /boot/b-%%k.img\nline param b=1\n' "$PWD/small.profile" \
		>model/etc/mkvinitrd/presets/b.preset
	printf 'root disk\nmodule ext4 virtio_blk\nfile /note.txt note.txt\n' >small.profile
	echo one >note.txt
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD=$HOST/mkvinitrd TMPDIR=$BATS_TEST_TMPDIR/tmp
	cd "$BATS_TEST_TMPDIR"
	mkdir tmp bin
	cp -a "$BATS_FILE_TMPDIR/model" sys
	echo one >"$BATS_FILE_TMPDIR/note.txt"
	A=sys/boot/a-$KVER.img B=sys/boot/b-$KVER.img STATE=sys/var/lib/mkvinitrd/update
}

update() {
	run --separate-stderr "$TOP/scripts/update" -r sys "$@"
}

change() { echo "$1" >"$BATS_FILE_TMPDIR/note.txt"; }

# holds IMAGE TEXT: it is complete, and of the set that has TEXT
holds() {
	"$HOST/mkvinitrd" check -q "$1" &&
		assert_equal "$("$HOST/mkvinitrd" cat "$1" note.txt)" "$2"
}

# no_waste: no temporary file of ours
no_waste() {
	run find sys tmp -name '.*' -o -path '*tmp/*' -o -name '*.new' -o -name journal
	assert_output ''
}

# layers LINE...: the root is found, on these layers (NAME TYPE FSTYPE UUID)
layers() {
	printf '%s\n' '#!/bin/sh' 'echo /dev/null' >bin/findfs
	{ printf '#!/bin/sh\ncat <<X\n' && printf '%s\n' "$@" && echo X; } >bin/lsblk
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}
