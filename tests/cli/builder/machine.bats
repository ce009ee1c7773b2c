#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An image holds programs for its kernel's machine alone: what is for another one is refused by
# name, and check says so.
# ELF files for other machines are those of this one with another e_machine (elf.h: 183 AARCH64, 243
# RISCV).
# shellcheck disable=SC2154 # output, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	real_programs
	own_system
	profile 'root overlay' 'module ext4 virtio_blk' 'firmware none'
}

# machine OCTAL FILE...: rewrites e_machine
machine() {
	bytes=$1
	shift
	for file; do
		printf '%b' "\\0$bytes\\0000" | dd of="$file" bs=1 seek=18 conv=notrunc status=none
	done
}

# kernel_for OCTAL: the modules of the system, the compressed one too
kernel_for() {
	modules=$S/usr/lib/modules/$KVER/kernel
	unxz "$modules/fs/ext4/ext4.ko.xz"
	find "$modules" -name '*.ko' >list
	while read -r module; do machine "$1" "$module"; done <list
	xz -9 --check=crc32 "$modules/fs/ext4/ext4.ko"
}

@test "a kernel for a machine that we have no programs for is refused by its name" {
	kernel_for 363
	run "$M" build -q -p ./t.profile -r "$S" -o out.img
	assert_failure 1
	assert_output "mkvinitrd: kernel $KVER is one for riscv64: mkvinitrd has programs for amd64 and arm64 alone"
	[ ! -e out.img ]
}

@test "a kernel for arm64 gets the programs for arm64, or the command that builds them" {
	kernel_for 267
	run "$M" build -q -p ./t.profile -r "$S" -o out.img
	assert_failure 1
	assert_output "mkvinitrd: kernel $KVER is one for arm64, and '$PWD/applets/arm64' has no programs for it: build them with 'make ARCH=arm64'"
	cp -a applets arm64
	mv arm64 applets/
	machine 267 applets/arm64/*
	build
	cmp applets/arm64/bootplan <(member bin/bootplan)
	run -0 "$M" check out.img
	assert_output --partial 'out.img: ok'
}

@test "a program of another machine is refused, with the line that asks for it" {
	cp applets/busybox foreign
	machine 267 foreign
	cp foreign "$S/usr/bin/foreign"
	for line in 'busybox ./foreign' 'file /bin/extra ./foreign 0755' \
		'binary /usr/bin/foreign'; do
		profile 'root overlay' 'module ext4' "$line"
		run "$M" build -q -p ./t.profile -r "$S" -o out.img
		assert_failure 3
		assert_line --regexp \
			"^t.profile:3(:[0-9]+)?: error: '.*/?foreign' is a program for arm64, and kernel $KVER is one for amd64: name a program for amd64\$"
	done
	# data, and what a coprocessor runs, may be for anyone
	mkdir -p "$S/usr/lib/firmware/dsp"
	cp foreign "$S/usr/lib/firmware/dsp/core.elf"
	profile 'root overlay' 'module ext4' 'file /share/data ./foreign 0644' \
		'firmware dsp/core.elf'
	build
}

@test "check names programs for another machine than the modules, compressed or not" {
	build
	"$M" unpack -C tree out.img
	pack() { (cd tree && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >bad.img; }
	find tree/lib/modules -name '*.ko*' ! -name 'ext4*' -delete
	rm -r tree/etc/mkvinitrd
	machine 267 tree/bin/busybox
	pack
	run "$M" check bad.img
	assert_failure 1
	assert_line --partial "foreign-program at offset 0x0: '/bin/busybox' is a program for arm64, and the image's modules are for amd64; use one for amd64"
	# programs of the 32-bit predecessor run
	machine 003 tree/bin/busybox
	pack
	run -0 "$M" check bad.img
}

# banner VERSION: what every kernel says first
banner() {
	head -c 70000 /dev/zero
	printf 'Linux version %%s\0Linux version %s (maker@host) (cc) #1 SMP\0' "$1"
	head -c 5000 /dev/zero
}

@test "a kernel of any machine is named by its image: plain, compressed, in an EFI zboot image" {
	profile 'module loop'
	banner "$KVER" >Image
	gzip -nk Image
	zstd -q Image
	le32() { printf '%b' "\\0$(printf %03o $(($1 & 255)))\\0$(printf %03o $(($1 >> 8 & 255)))\\0$(printf %03o $(($1 >> 16 & 255)))\\0000"; }
	{
		printf 'MZ\0\0zimg'
		le32 128
		le32 "$(stat -c %s Image.zst)"
		head -c 112 /dev/zero
		cat Image.zst
		head -c 64 /dev/zero
	} >zboot
	for kernel in Image Image.gz Image.zst zboot; do
		run -0 --separate-stderr "$M" plan -q -p ./t.profile -r "$S" -k "./$kernel"
		assert_line --index 0 --partial "# kernel $KVER,"
	done
	head -c 5000 Image >other
	run "$M" plan -q -p ./t.profile -r "$S" -k ./other
	assert_failure 1
	assert_output --partial "'./other' is not a Linux kernel image"
}
