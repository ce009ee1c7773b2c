#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# verifyimg against minisign and veritysetup. What the kernel does with a device that it makes is
# the boot case verified's.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup_file() {
	export V="$HOST/bin/verifyimg"
	cd "$BATS_FILE_TMPDIR" || return 1
	minisign -G -W -p key.pub -s key >/dev/null
	minisign -G -W -p other.pub -s other >/dev/null
	head -c 300000 /dev/urandom >image
	minisign -S -s key -m image -t "$(printf 'ver\033[31m 1')"
	minisign -S -l -s key -m image -x image.old
	sha256sum image >SHA256SUMS
	minisign -S -s key -m SHA256SUMS
	mkdir tree
	cp /etc/passwd image tree
	mksquashfs tree root.sqfs -quiet -no-progress
	mkfs.erofs --quiet root.erofs tree
	mke2fs -q -t ext4 -d tree root.ext4 8M
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	KEY=$(tail -n 1 key.pub) OTHER=$(tail -n 1 other.pub)
}

@test "minisign: what minisign signed is good, of both kinds, and its comment is printed without its escapes" {
	run -0 "$V" minisign "$KEY" image.minisig image
	assert_output 'verifyimg: the signature is good: ver\033[31m 1'
	run -0 "$V" minisign "$KEY" image.old image
	"$V" minisign "$KEY" image.minisig - < <(cat image)
}

@test "minisign: another key, another content, another comment and a damaged signature are refused" {
	run -1 "$V" minisign "$OTHER" image.minisig image
	assert_output --partial 'was signed with another key'
	run -1 "$V" minisign "$KEY" SHA256SUMS.minisig image
	assert_output --partial 'is not what was signed'
	head -c 299999 image >"$BATS_TEST_TMPDIR"/cut
	for signature in image.minisig image.old; do
		run -1 "$V" minisign "$KEY" "$signature" "$BATS_TEST_TMPDIR"/cut
		assert_output --partial 'is not what was signed'
	done
	sed 's/ver/new/' image.minisig >"$BATS_TEST_TMPDIR"/sig
	run -1 "$V" minisign "$KEY" "$BATS_TEST_TMPDIR"/sig image
	assert_output --partial 'is not what was signed'
	for lines in 1 2 3; do
		head -n $lines image.minisig >"$BATS_TEST_TMPDIR"/sig
		run -1 "$V" minisign "$KEY" "$BATS_TEST_TMPDIR"/sig image
		assert_output --partial 'not a signature of minisign'
	done
	run -1 "$V" minisign "${KEY%?}" image.minisig image
	assert_output --partial 'not a public key of minisign'
	run -1 sh -c "cat image | '$V' minisign '$KEY' image.old -"
	assert_output --partial 'needs a file'
}

@test "minisign --sums: the checksum of one file of a signed list" {
	run -0 --separate-stderr "$V" minisign --sums image "$KEY" SHA256SUMS.minisig SHA256SUMS
	assert_output "$(sha256sum <image | cut -c 1-64)"
	run -1 "$V" minisign --sums imag "$KEY" SHA256SUMS.minisig SHA256SUMS
	assert_output --partial "has no line for 'imag'"
}

# hash_of FILE [OPTION...]: makes its tree
hash_of() {
	veritysetup format "$@" | sed -n 's/^Root hash:[[:space:]]*//p'
}

@test "verity: a tree of another image, one that is cut off or damaged, and an image that is cut off are refused by name" {
	hash=$(hash_of root.sqfs tree.hash)
	zeros=$(printf %064d 0)
	run -1 "$V" verity --hashes tree.hash "$zeros" root.sqfs
	assert_output --partial "'tree.hash' does not have the root hash that is trusted"
	head -c 6000 tree.hash >"$BATS_TEST_TMPDIR"/cut
	run -1 "$V" verity --hashes "$BATS_TEST_TMPDIR"/cut "$hash" root.sqfs
	assert_output --partial 'is cut off'
	head -c 8192 root.sqfs >"$BATS_TEST_TMPDIR"/cut
	run -1 "$V" verity --hashes tree.hash "$hash" "$BATS_TEST_TMPDIR"/cut
	assert_output --partial "has 8192 bytes and its hash tree is for $(stat -c %s root.sqfs)"
	run -1 "$V" verity --hashes image "$hash" root.sqfs
	assert_output --partial 'no header of a dm-verity hash tree'
	for at in 8:9 12:7 32:47 64:1 68:3 75:255 80:255; do
		cp tree.hash "$BATS_TEST_TMPDIR"/bad
		byte=$(printf '\\%03o' "${at#*:}")
		printf '%b%b' "$byte" "$byte" |
			dd of="$BATS_TEST_TMPDIR"/bad bs=1 seek=${at%:*} conv=notrunc status=none
		run -1 "$V" verity --hashes "$BATS_TEST_TMPDIR"/bad "$hash" root.sqfs
		assert_output --regexp 'expected version 1|is damaged|is cut off'
	done
	run -2 "$V" verity --hashes tree.hash 12 root.sqfs
}

@test "verity: the tree is found behind squashfs, erofs and ext4, and its lack is reported" {
	zeros=$(printf %064d 0)
	for image in root.sqfs root.erofs root.ext4; do
		cp $image "$BATS_TEST_TMPDIR"/with
		run -1 "$V" verity "$zeros" "$BATS_TEST_TMPDIR"/with
		assert_output --regexp \
			'has no hash tree behind its file system|no header of a dm-verity hash tree'
		size=$((($(stat -c %s $image) + 4095) / 4096 * 4096))
		truncate -s $size "$BATS_TEST_TMPDIR"/with
		hash_of --data-blocks=$((size / 4096)) --hash-offset=$size \
			"$BATS_TEST_TMPDIR"/with "$BATS_TEST_TMPDIR"/with
		run -1 "$V" verity "$zeros" "$BATS_TEST_TMPDIR"/with
		assert_output --partial 'does not have the root hash that is trusted'
	done
	run -1 "$V" verity "$zeros" image
	assert_output --partial 'has no hash tree behind its file system'
}
