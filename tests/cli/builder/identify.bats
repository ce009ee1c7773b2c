#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# mkvinitrd identify: what a file is comes from its content, made here by other people's tools.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR"
	M=$HOST/mkvinitrd
	mkdir -p r/sbin
	echo init >r/sbin/init
}

# is FILE KIND COMPRESSION FORMAT MODE: as a shell reads it, and as JSON
is() {
	local file kind compression format mode virtual_size label uuid
	eval "$("$M" identify --shell "$1")"
	assert_equal "$file|$kind|$compression|$format|$mode" "$1|$2|$3|$4|$5"
	run --separate-stderr "$M" identify --json "$1"
	assert_success
	assert_equal "$(jq -r '[.file, .kind, .compression // "", .format // "", .mode] | join("|")' <<<"$output")" "$1|$2|$3|$4|$5"
	assert_equal "$(jq -r '.virtual_size // ""' <<<"$output")" "$virtual_size"
}

@test "archives in every compressor that unpackroot knows, whatever their name is" {
	tar -C r -cf root.bin .
	is root.bin tar '' '' tmpfs
	for tool in zstd xz gzip bzip2; do
		"$tool" -c root.bin >"root.$tool.sqfs"
		is "root.$tool.sqfs" tar "$tool" '' tmpfs
	done
	(cd r && find . | cpio -o -H newc --quiet) | xz >root.cpio.xz
	is root.cpio.xz cpio xz '' tmpfs
	tar --format=v7 -C r -cf v7.tar .
	is v7.tar tar '' '' tmpfs
}

@test "compressed images: squashfs with its compressor, erofs, cloop" {
	for comp in gzip xz zstd lzo lz4; do
		mksquashfs r "$comp.img" -quiet -no-progress -comp "$comp"
		is "$comp.img" squashfs "$comp" '' overlay
	done
	mkfs.erofs --quiet e.img r >/dev/null
	is e.img erofs '' '' overlay
	mke2fs -q -d r small.ext4 2M
	create_compressed_fs small.ext4 c.img
	is c.img cloop '' '' overlay
}

@test "file systems with label and UUID; quotes in a label do not leave their assignment" {
	mke2fs -q -t ext4 -L "it's \$(id)" -U 12345678-1234-1234-1234-123456789abc x.img 8M
	is x.img ext4 '' raw loop
	eval "$("$M" identify --shell x.img)"
	# shellcheck disable=SC2154 # by the eval
	assert_equal "$label $uuid $virtual_size" \
		"it's \$(id) 12345678-1234-1234-1234-123456789abc 8388608"
	truncate -s 320M x.xfs b.img
	mkfs.xfs -q x.xfs
	is x.xfs xfs '' raw loop
	mkfs.btrfs -q b.img
	is b.img btrfs '' raw loop
	truncate -s 20M l.img
	echo secret | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 \
		--pbkdf-force-iterations 1000 l.img -
	is l.img luks '' raw loop
}

@test "disk images in every format, by qemu-img; their size is that of the disk" {
	truncate -s 40M disk.raw
	printf 'label: gpt\n,\n' | sfdisk -q disk.raw
	is disk.raw disk '' raw loop
	for pair in qcow2:qcow2 vpc:vhd vhdx:vhdx vdi:vdi vmdk:vmdk; do
		qemu-img convert -O "${pair%:*}" disk.raw "d.${pair#*:}"
		is "d.${pair#*:}" disk '' "${pair#*:}" loop
	done
	qemu-img convert -O vpc -o subformat=fixed,force_size=on disk.raw fixed
	is fixed disk '' vhd loop
	eval "$("$M" identify --shell d.vdi)"
	assert_equal "$virtual_size" 41943040
}

@test "what is no root is refused in one line that says what it is" {
	refused() {
		run --separate-stderr "$M" identify "$1"
		assert_failure 1
		assert_equal "$output" ''
		assert_equal "${#stderr_lines[@]}" 1
		assert_regex "$stderr" "$2"
		run --separate-stderr "$M" identify --json "$1"
		assert_failure 1
		assert_equal "$(jq -r .kind <<<"$output")" null
	}
	echo hello >notes.txt
	refused notes.txt "'notes.txt' is text, which cannot be a root: expected a squashfs"
	: >empty
	refused empty 'is empty'
	truncate -s 20M zeros
	refused zeros 'is zeros at its start'
	xz -k zeros
	refused zeros.xz 'xz-compressed data other than an archive'
	tar -C r -c . | lz4 -q >r.tar.lz4
	refused r.tar.lz4 'archive compressed by lz4'
	refused "$(command -v sha256sum)" 'an ELF program'
	refused r "'r' is a directory.*mkvinitrd pack"
	refused /dev/null 'neither a regular file nor a block device'
	refused nothing 'No such file'
	truncate -s 40M fat
	mkfs.vfat fat >/dev/null
	refused fat 'vfat file system'
	xorriso -as mkisofs -quiet -o cd.iso r 2>/dev/null
	refused cd.iso 'take the compressed image in it'
	mkdir -p blobs/sha256
	echo '{"imageLayoutVersion":"1.0.0"}' >oci-layout
	tar -cf oci.tar blobs oci-layout
	refused oci.tar 'container image.*mkvinitrd pack'
}

@test "a truncated image is no root" {
	head -c 300000 /dev/urandom >r/blob
	mksquashfs r a.sqfs -quiet -no-progress
	mkfs.erofs --quiet a.erofs r >/dev/null
	mke2fs -q -t ext4 -d r a.ext4 8M
	qemu-img create -q -f vpc -o subformat=fixed d.vhd 10M
	for file in a.sqfs a.erofs a.ext4; do
		truncate -s 200000 "$file"
		run "$M" identify "$file"
		assert_failure 1
		assert_output --regexp \
			"'$file' is a truncated .*: it should have [0-9]+ bytes and has 200000"
	done
}

@test "--mode refuses what that mode cannot take, and names the one that can" {
	mksquashfs r a.sqfs -quiet -no-progress
	tar -C r -cf a.tar .
	run "$M" identify --mode tmpfs a.sqfs
	assert_failure 1
	assert_output --partial "'a.sqfs' is a squashfs, which mode tmpfs cannot take (mode overlay can): expected a tar or cpio archive"
	run "$M" identify --mode=loop a.tar
	assert_failure 1
	mke2fs -q -t ext4 -d r a.ext4 8M
	run "$M" identify --mode=overlay a.ext4
	assert_success
	assert_output --partial 'mode overlay'
	run "$M" identify --mode=disk a.ext4
	assert_failure 2
}

@test "several files: each is told, and the status is that of the worst" {
	tar -C r -cf a.tar .
	echo hello >notes.txt
	run --separate-stderr "$M" identify --json a.tar notes.txt a.tar
	assert_failure 1
	assert_equal "$(jq -r .kind <<<"$output" | paste -s -d ' ')" 'tar null tar'
	chmod 0 a.tar
	run setpriv --reuid 65534 --clear-groups "$M" identify a.tar
	assert_failure 1
	assert_output --partial 'Permission denied'
}
