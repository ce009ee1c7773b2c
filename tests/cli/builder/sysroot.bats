#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Sysroots of every layout (lib, usr/lib, both, links of either kind) give the same image.
# shellcheck disable=SC2154 # output, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	profile 'root overlay' 'module ext4 virtio_blk r8169' 'firmware auto' 'microcode auto' \
		'binary /usr/bin/tool'
	"$M" plan -q -p ./t.profile -r "$S" | members >merged
	own_system
}

# The lines of a plan; usr/lib64 is another name only where the system has it.
members() {
	sed -e 1d -e '/^usr\/lib64 /d'
}

# same [ARG...]: the only kernel is found, and the plan is that of the merged system
same() {
	run --separate-stderr "$M" plan -q -p ./t.profile -r "$S" "$@"
	assert_success
	diff merged <(echo "$output" | members)
}

@test "packages of a merged system, unpacked into an empty directory, have usr/lib only" {
	grep -q lib/firmware/rtl_nic/rtl8168g-2.fw merged
	grep -q AuthenticAMD.bin merged
	grep -q lib/libinner.so.1 merged
	rm "$S/lib" "$S/bin" "$S/lib64"
	same
	same -k "$KVER"
	sed -i 's|/usr/bin/tool|/sbin/tool|' t.profile
	run --separate-stderr "$M" plan -q -p ./t.profile -r "$S"
	assert_success
	assert_line --partial 'lib/libinner.so.1'
}

@test "a system with lib and usr/lib as separate directories" {
	rm "$S/lib" "$S/bin" "$S/lib64"
	mkdir "$S/lib" "$S/bin"
	mv "$S/usr/lib/modules" "$S/usr/lib/firmware" "$S/usr/lib/private" "$S/lib"
	mv "$S/usr/bin/tool" "$S/bin"
	mv "$S/usr/lib64" "$S"
	same
	# what an uninstalled kernel left behind, and the same version in both
	mkdir -p "$S/usr/lib/modules/$KVER" "$S/lib/modules/5.10.0-old/updates"
	same
	mkdir "$S/usr/lib/modules/6.99"
	: >"$S/usr/lib/modules/6.99/modules.dep"
	run "$M" plan -q -p ./t.profile -r "$S" -k 6.98
	assert_failure
	assert_output --partial '-k can be one of: 5.10.0-old, 6.1.0-golden, 6.99'
}

@test "firmware and microcode in both lib and usr/lib" {
	rm "$S/lib"
	mkdir -p "$S/lib/firmware/rtl_nic" "$S/lib/firmware/intel-ucode"
	mv "$S/usr/lib/firmware/rtl_nic" "$S/lib/firmware"
	same
	printf '\001\0\0\0%016d\001\0\0\0%024d' 0 0 >"$S/lib/firmware/intel-ucode/06-01-01"
	run --separate-stderr "$M" plan -q -p ./t.profile -r "$S"
	assert_line --partial AuthenticAMD.bin
	assert_line --partial GenuineIntel.bin
}

@test "absolute links are those of the sysroot, wherever they stand" {
	rm "$S/lib" "$S/bin" "$S/lib64"
	ln -s /usr/lib "$S/lib"
	ln -s /usr/bin "$S/bin"
	ln -s /usr/lib64 "$S/lib64"
	mkdir "$S/store"
	mv "$S/usr/lib/modules/$KVER" "$S/store/kernel"
	ln -s /store/kernel "$S/usr/lib/modules/$KVER"
	mv "$S/usr/lib/firmware" "$S/store/firmware"
	ln -s /store/firmware "$S/usr/lib/firmware"
	mv "$S/store/kernel/kernel/drivers/block" "$S/store/block"
	ln -s /store/block "$S/store/kernel/kernel/drivers/block"
	mv "$S/store/kernel/kernel/fs/ext4/ext4.ko.xz" "$S/store"
	ln -s /store/ext4.ko.xz "$S/store/kernel/kernel/fs/ext4/ext4.ko.xz"
	mv "$S/store/firmware/rtl_nic" "$S/store/rtl"
	ln -s /store/rtl "$S/store/firmware/rtl_nic"
	mv "$S/store/firmware/amd-ucode/microcode_amd.bin" "$S/store/amd.bin"
	ln -s /store/amd.bin "$S/store/firmware/amd-ucode/microcode_amd.bin"
	mv "$S/usr/lib/private" "$S/store/private"
	ln -s /store/private "$S/usr/lib/private"
	real_programs
	build
	[ "$("$M" cat out.img lib/private/libouter.so.1 | md5sum)" = \
		"$(md5sum <"$S/store/private/libouter.so.1")" ]
	diff <("$M" ls out.img | grep -v '^store') <(
		rm -rf "$S"
		cp -a "$BATS_FILE_TMPDIR/sysroot" "$S"
		"$M" build -q -p ./t.profile -r "$S" -o other.img && "$M" ls other.img
	)
}

@test "a firmware glob follows links of the sysroot" {
	mkdir -p "$S/store/wifi"
	echo one >"$S/store/wifi/a-1.fw"
	echo two >"$S/store/wifi/a-2.fw"
	ln -s /store/wifi "$S/usr/lib/firmware/wifi"
	profile 'module loop' 'firmware wifi/a-*.fw'
	real_programs
	build
	[ "$("$M" cat out.img lib/firmware/wifi/a-1.fw lib/firmware/wifi/a-2.fw)" = $'one\ntwo' ]
}
