#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# why: from a member of the image back to the line of the profile.
# shellcheck disable=SC2154 # output, lines: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	real_programs
	profile 'module ext4 r8169' 'firmware auto'
	build
}

@test "a module's dependency: the chain ends at the line of the profile" {
	run "$M" why out.img mbcache
	assert_success
	assert_line --index 0 --regexp '^/lib/modules/.*/mbcache.ko: needed by ext4$'
	assert_line --index 1 --regexp \
		"^  /lib/modules/.*/ext4.ko: needed by profile t.profile:1 'module ext4'$"
}

@test "a weak dependency leads to the module that may ask for it" {
	own_system
	echo 'weakdep virtio-blk fs-erofs' >"$S/usr/lib/modules/$KVER/modules.weakdep"
	profile 'module virtio_blk'
	build
	run "$M" why out.img erofs
	assert_line --index 0 --partial 'weak dependency of virtio_blk'
	assert_line --index 1 --partial "needed by profile t.profile:1 'module virtio_blk'"
}

@test "firmware leads to its module" {
	run "$M" why out.img /lib/firmware/rtl_nic/rtl8168g-2.fw
	assert_success
	assert_line --index 0 --partial ': firmware of r8169'
	assert_line --index 1 --regexp "r8169.ko: needed by profile t.profile:1 'module r8169'"
}

@test "a module by name in either spelling, a file by its last part" {
	run "$M" why out.img crc32c-generic
	assert_line --index 0 --partial 'soft dependency of ext4'
	run "$M" why out.img busybox
	assert_line --index 0 '/bin/busybox: skeleton'
}

@test "passwords in addresses are shown by neither plan nor why, nor in messages about the profile" {
	profile 'module ext4' 'image http://lab:se3cret@10.0.2.2/root.sqfs' \
		'verify http://lab:an0ther@10.0.2.2/'
	run plan
	assert_failure
	assert_output --partial 'http://lab:*******@10.0.2.2/'
	refute_output --regexp 'se3cret|an0ther'
	profile 'module ext4' 'image http://lab:se3cret@10.0.2.2/root.sqfs'
	for format in text json list; do
		run plan -v --format=$format
		assert_success
		refute_output --partial se3cret
	done
	build
	for file in bin/busybox ext4 etc/mkvinitrd/defaults; do
		run "$M" why out.img $file
		assert_success
		refute_output --partial se3cret
	done
	# what the boot needs is in the image all the same
	member etc/mkvinitrd/defaults | grep -q se3cret
}

@test "a path that leads through links of the image" {
	run "$M" why out.img /usr/bin/busybox
	assert_success
	assert_line --index 0 '/usr/bin/busybox: by links of the image this is /bin/busybox'
	assert_line --index 1 '/bin/busybox: skeleton'
}

@test "it works on another machine: nothing but the image is read" {
	cp out.img /dev/shm/why-$$.img
	(cd / && env -i "$M" why /dev/shm/why-$$.img jbd2) >answer
	rm /dev/shm/why-$$.img
	grep -q 'needed by ext4' answer
}

@test "no such member, and an image of another generator" {
	run "$M" why out.img nothing-like-it
	assert_failure 1
	assert_output --partial "has no member or module 'nothing-like-it'"
	mkdir tree && echo x >tree/init
	(cd tree && echo init | cpio -o -H newc --quiet) >foreign.img
	run "$M" why foreign.img init
	assert_failure 1
	assert_output --partial 'does not record why its members are there'
}

@test "names and reasons of a hostile image reach no terminal as they are" {
	esc=$(printf '\033')
	mkdir -p hostile/etc/mkvinitrd
	printf 'a\t\tneeded by b%s[2J\nb%s[2J\tp%s:1\tprofile '\''x%s]0;t\007'\''\n' "$esc" "$esc" \
		"$esc" "$esc" >hostile/etc/mkvinitrd/why
	: >hostile/a
	ln -s "real$esc" hostile/link
	: >"hostile/real$esc"
	(cd hostile && find . -mindepth 1 | cpio -o -H newc --quiet) >hostile.img
	for what in a "b$esc[2J" /link; do
		run "$M" why hostile.img "$what"
		assert_success
		run ! grep -q "$esc" <<<"$output"
	done
}
