#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# QCOW and QCOW2 as qemu-img and qemu-io make them.

load qcow2

# Takes the name of the backing file's format out of the header: extension e2792aca, by the
# specification.
forget_backing_format() { # IMAGE
	python3 - "$1" <<-'EOF'
		import sys
		with open(sys.argv[1], 'r+b') as f:
		    at = f.read(4096).find(bytes.fromhex('e2792aca'))
		    if at >= 0:
		        f.seek(at)
		        f.write(b'\x12\x34\x56\x78')
	EOF
}

by_options() { # DISK OPTIONS...
	local disk=$1 options
	shift
	for options; do
		rm -f image
		# shellcheck disable=SC2086 # words
		qemu-img convert -f raw -O qcow2 $options "$disk" image
		same_as_qemu image
		cmp -n "$(stat -c %s "$disk")" ours "$disk"
	done
}

@test "versions, cluster sizes, refcount widths" {
	make_disk disk
	by_options disk '-o compat=0.10' '-o compat=1.1' '-o cluster_size=512' '-o cluster_size=4k' \
		'-o cluster_size=2M' '-o refcount_bits=1' '-o refcount_bits=2' '-o refcount_bits=4' \
		'-o refcount_bits=8' '-o refcount_bits=32' '-o refcount_bits=64,cluster_size=1k' \
		'-o lazy_refcounts=on'
}

@test "compressed clusters, zlib and zstd" {
	make_disk disk
	by_options disk '-c' '-c -o compat=0.10' '-c -o cluster_size=512' '-c -o cluster_size=2M' \
		'-c -o compression_type=zstd' '-c -o compression_type=zstd,cluster_size=4k'
	run vd info image
	assert_output --partial 'format: qcow2 (version 3)'
}

@test "preallocation" {
	make_disk disk
	for how in metadata falloc full; do
		rm -f image
		qemu-img create -q -f qcow2 -o preallocation=$how image 8M
		same_as_qemu image
		qemu-io -f qcow2 -c 'write -P 7 1M 300k' -c 'write -P 9 7M 512' image >/dev/null
		same_as_qemu image
	done
}

@test "extended L2 entries" {
	make_disk disk
	by_options disk '-o extended_l2=on,cluster_size=128k' '-c -o extended_l2=on'
	qemu-img create -q -f qcow2 -o extended_l2=on image 16M
	qemu-io -f qcow2 -c 'write -P 1 64k 2k' -c 'write -P 2 70k 10k' -c 'write -z 72k 4k' \
		-c 'write -P 3 15M 1M' image >/dev/null
	same_as_qemu image
	# data in subclusters of a cluster that is nowhere: not to be taken from the header
	l1=$(od -An -td8 --endian=big -j40 -N8 image)
	l2=$(($(od -An -td8 --endian=big -j$((l1)) -N8 image) & 0xfffffffffffe00))
	printf '\0\0\0\0\0\0\0\1' | dd of=image bs=1 seek=$((l2 + 8)) conv=notrunc status=none
	run vd cat -o ours image
	assert_failure 1
	assert_output --partial 'subclusters without a cluster'
}

@test "an external data file, raw and not" {
	make_disk disk
	by_options disk '-o data_file=image.data' '-o data_file=image.data,data_file_raw=on'
	rm image.data
	run vd info image
	assert_failure 1
	assert_output --partial "data file 'image.data'"
}

@test "zero clusters, discarded clusters" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk image
	qemu-io -f qcow2 -c 'write -z 192k 64k' -c 'write -z -u 300k 200k' -c 'discard 3M 128k' \
		image >/dev/null
	same_as_qemu image
}

@test "a chain: parent of another cluster size, raw parent, longer and shorter parents" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 -o cluster_size=4k disk base
	qemu-img create -q -f qcow2 -F qcow2 -b base middle 20M
	qemu-io -f qcow2 -c 'write -P 5 100k 10k' -c 'write -z 256k 64k' middle >/dev/null
	qemu-img create -q -f qcow2 -F qcow2 -b middle top 4M
	qemu-io -f qcow2 -c 'write -P 6 101k 1k' top >/dev/null
	same_as_qemu middle
	same_as_qemu top
	qemu-img create -q -f qcow2 -F raw -b file:disk top2 30M
	qemu-io -f qcow2 -c 'write -P 6 7k 1k' top2 >/dev/null
	same_as_qemu top2
	# a raw parent stays raw, whatever its guest wrote into it
	dd if=base of=disk bs=64k count=1 conv=notrunc status=none
	same_as_qemu top2
	rm base
	run vd info top
	assert_failure 1
	assert_output --partial base
}

@test "a parent that is named by options of qemu is followed, a remote one refused by name" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk 'b "ase.qcow2'
	local name='json:{"driver":"qcow2","file":{"driver":"file","filename":"b \"ase.qcow2"}}'
	for name in "$name" 'json:{"file.filename":"b \u0022ase.qcow2", "driver":"qcow2"}' \
		'json:{"driver":"raw","file":{"driver":"file","filename":"disk"},"offset":0}'; do
		qemu-img create -q -f qcow2 -u -b "$name" \
			-F "$(grep -o 'raw\|qcow2' <<<"$name" | tail -n 1)" child 64M
		qemu-img convert -O raw child expected
		vd cat -o out child
		cmp out expected
		vd check child
	done
	for name in 'json:{"driver":"raw","file":{"driver":"https","url":"https://h/x"}}' \
		nbd://h/x ssh://h/x; do
		qemu-img create -q -f qcow2 -u -b "$name" -F raw child 64M
		run vd info child
		assert_failure 1
		assert_output --regexp 'https|nbd|ssh'
	done
	for name in 'json:' 'json:{' \
		'json:{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}' \
		'json:{"file.filename":"x"' 'json:{"file":{"filename":"\u0000"}}'; do
		qemu-img create -q -f qcow2 -u -b "$name" -F raw child 64M
		run vd info child
		assert_failure 1
	done
}

@test "whoever writes to an image with bitmaps is told that they become invalid" {
	qemu-img create -q -f qcow2 image 16M
	qemu-img bitmap --add image b0
	run vd info image
	refute_output --partial bitmap
	timeout 60 "$HOST/bin/vdattach" serve --once -s "$PWD/socket" image >url 2>told 3>&- &
	pid=$!
	until [ -s url ]; do sleep 0.05; done
	qemu-io -f raw -c 'write -P 1 0 64k' "$(cat url)" >io.log
	wait "$pid"
	grep -q '1 persistent bitmaps become invalid' told
	# their clusters are leaks then, as for qemu after any program that does not know them
	run qemu-img check -q image
	assert_failure 3
	assert_output --partial 'all bitmaps are now considered inconsistent'
}

@test "a chain has 64 images at most" {
	truncate -s 1M 1
	for i in {2..65}; do
		qemu-img create -q -f qcow2 -b $((i - 1)) \
			-F "$([ "$i" = 2 ] && echo raw || echo qcow2)" "$i"
	done
	qemu-io -f raw -c 'write -P 7 4k 4k' 1 >io.log
	vd cat -o out 64
	cmp out 1
	run vd info 65
	assert_failure 1
	assert_output --partial 'a chain of more than 64 images'
}

@test "a parent whose format is only guessed names no other file, unless the user says so" {
	make_disk disk
	qemu-img create -q -f qcow2 -F raw -b disk middle 20M
	qemu-img create -q -f qcow2 -F qcow2 -b middle top 20M
	forget_backing_format top
	run -1 vd cat -o ours top
	assert_output --partial "names the file 'disk', but that it is qcow2 is only guessed"
	vd cat --parents . -o ours top
	qemu-img convert -O raw top theirs
	cmp ours theirs
	vd cat -S middle -S top -o ours disk
	cmp ours theirs
	# what names no other file gives nothing away
	qemu-img convert -f raw -O qcow2 disk middle
	vd cat -o ours top
	qemu-img convert -O raw top theirs
	cmp ours theirs
}

@test "internal snapshots: the active state is read, check counts all" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk image
	qemu-img snapshot -c one image
	qemu-io -f qcow2 -c 'write -P 5 100k 300k' image >/dev/null
	qemu-img snapshot -c two image
	qemu-io -f qcow2 -c 'write -P 6 200k 100k' image >/dev/null
	same_as_qemu image
	qemu-img snapshot -d one image
	same_as_qemu image
}

@test "persistent bitmaps are counted" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk image
	qemu-img bitmap --add image first
	qemu-img bitmap --add -g 64k image second
	qemu-io -f qcow2 -c 'write -P 6 200k 100k' image >/dev/null
	same_as_qemu image
}

@test "check finds leaks (2) and errors (1) where qemu-img does" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 -o cluster_size=64k disk image
	# refcount block at 0x20000: 16 bits each
	cp image leak
	printf '\0\2' | dd of=leak bs=1 seek=$((0x20000 + 2 * 8)) conv=notrunc status=none
	run vd check leak
	assert_failure 1 # COPIED flag is set, refcount is 2
	cp image leak
	truncate -s %64k leak
	truncate -s +64k leak
	n=$(($(stat -c %s leak) / 65536 - 1))
	printf '\0\1' | dd of=leak bs=1 seek=$((0x20000 + 2 * n)) conv=notrunc status=none
	run qemu-img check -q leak
	assert_failure 3
	run vd check leak
	assert_failure 2
	assert_output --partial 'leaked'
	cp image broken
	printf '\0\0' | dd of=broken bs=1 seek=$((0x20000 + 2 * 7)) conv=notrunc status=none
	run qemu-img check -q broken
	assert_failure 2
	run vd check broken
	assert_failure 1
}

@test "marked dirty or corrupt: read, not written" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk image
	for bit in 1 2; do
		printf "\\$bit" | dd of=image bs=1 seek=79 conv=notrunc status=none
		vd cat -o ours image
		cmp ours disk
	done
	run vd info image
	assert_success
}

@test "encrypted and unknown: refused by name" {
	# crypt_method by hand: qemu-img times its key derivation, which fails on some machines
	qemu-img create -q -f qcow2 image 1M
	printf '\002' | dd of=image bs=1 seek=35 conv=notrunc status=none
	run vd info image
	assert_failure 1
	assert_output --partial 'encrypted qcow2 (LUKS)'
	qemu-img create -q -f qcow2 image 1M
	printf '\200' | dd of=image bs=1 seek=72 conv=notrunc status=none
	run vd info image
	assert_failure 1
	assert_output --partial 'unknown incompatible features'
}

@test "qcow version 1: plain, compressed, with a parent; an encrypted one is refused" {
	make_disk disk
	truncate -s 8M disk # qemu-img compresses whole clusters only
	for options in '' -c; do
		rm -f image
		# shellcheck disable=SC2086 # may be nothing
		# qemu-img 7.2 writes all of a compressed one and then fails without a message
		qemu-img convert -f raw -O qcow $options disk image || [ -n "$options" ]
		rm -f ours
		vd cat -o ours image
		cmp -n "$(stat -c %s disk)" ours disk
		run vd check image
		assert_success
	done
	qemu-img create -q -f qcow -F raw -b disk top 8M
	qemu-io -f qcow -c 'write -P 6 101k 1k' top >/dev/null
	rm -f ours
	vd cat -o ours top
	qemu-img convert -f qcow -O raw top theirs
	cmp ours theirs
	qemu-img create -q -u -f qcow -F raw -b file:disk top 8M
	rm -f ours
	vd cat -o ours top
	cmp ours disk
	qemu-img create -q -f qcow --object secret,id=s,data=x \
		-o encrypt.format=aes,encrypt.key-secret=s image2 1M
	run vd info image2
	assert_failure 1
	assert_output --partial 'encrypted'
}
