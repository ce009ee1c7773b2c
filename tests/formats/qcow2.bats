#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# QCOW and QCOW2 against qemu-img and qemu-io, in both directions.

load lib

# A disk of 8 MiB and a bit, with holes, text that compresses and bytes that do not.
make_disk() { # FILE
	truncate -s $((8 * 1024 * 1024 + 3 * 512)) "$1"
	seq 1 60000 | dd of="$1" bs=64k seek=3 conv=notrunc iflag=fullblock status=none
	openssl enc -aes-128-ctr -nosalt -K 01 -iv 02 -in /dev/zero 2>/dev/null |
		dd of="$1" bs=64k seek=40 count=17 conv=notrunc iflag=fullblock status=none
	printf 'the last sector' | dd of="$1" bs=512 seek=$((8 * 2048 + 2)) conv=notrunc status=none
}

# What we read is what qemu-img reads, and qemu-img's check and ours find nothing.
same_as_qemu() { # IMAGE
	rm -f ours theirs
	vd cat -o ours "$1"
	qemu-img convert -O raw "$1" theirs
	cmp ours theirs
	run vd check "$1"
	assert_success
	assert_output --partial ' 0 errors, 0 leaks'
}

# Takes the name of the backing file's format out of the header: extension e2792aca, by the specification.
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

@test "extended L2 entries: read, not written" {
	make_disk disk
	by_options disk '-o extended_l2=on,cluster_size=128k' '-c -o extended_l2=on'
	qemu-img create -q -f qcow2 -o extended_l2=on image 16M
	qemu-io -f qcow2 -c 'write -P 1 64k 2k' -c 'write -P 2 70k 10k' -c 'write -z 72k 4k' -c 'write -P 3 15M 1M' image >/dev/null
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
	qemu-io -f qcow2 -c 'write -z 192k 64k' -c 'write -z -u 300k 200k' -c 'discard 3M 128k' image >/dev/null
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
	qemu-img create -q -f qcow --object secret,id=s,data=x -o encrypt.format=aes,encrypt.key-secret=s image2 1M
	run vd info image2
	assert_failure 1
	assert_output --partial 'encrypted'
}

# -- written by us ---------------------------------------------------------

start_server() {
	mkfifo ready
	"$HOST/bin/vdattach" serve -s "$BATS_TEST_TMPDIR/socket" "$@" >ready 3>&- &
	pid=$!
	read -r url <ready
	rm ready
}

stop_server() {
	kill -TERM "$pid"
	wait "$pid"
	pid=
}

# The same writes to a raw copy by qemu and to the image by us: contents equal, checks clean.
write_both() { # IMAGE
	local i command=()
	vd cat -o model "$1"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		command+=(-c "write -P $((i * 17)) $((RANDOM * 128)) $((RANDOM * 4 + 512))")
		command+=(-c "write -P $((i * 17 + 1)) $((RANDOM * 128))  512")
		[ $((i % 5)) != 0 ] || command+=(-c flush)
	done
	qemu-io -f raw "${command[@]}" model >/dev/null
	start_server "$1"
	qemu-io -f raw "${command[@]}" -c flush "$url" >/dev/null
	stop_server
	run qemu-img check "$1"
	assert_success
	qemu-img compare -f raw model "$1"
	same_as_qemu "$1"
	cmp model ours
}

@test "written by us: every version, cluster size and refcount width; qemu-img check is clean" {
	make_disk disk
	truncate -s 9M disk
	for options in '-o compat=0.10' '-o cluster_size=512' '-o cluster_size=4k,refcount_bits=1' '-o cluster_size=2M' \
		'-o refcount_bits=64,cluster_size=512' '-c' '-c -o compression_type=zstd,cluster_size=8k'; do
		rm -f image
		# shellcheck disable=SC2086 # words
		qemu-img convert -f raw -O qcow2 $options disk image
		write_both image
		rm -f model
	done
}

@test "written by us: a child; the parent is not touched" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 -o cluster_size=4k disk base
	sha256sum base >sums
	qemu-img create -q -f qcow2 -F qcow2 -b base image 9M
	write_both image
	sha256sum --quiet -c sums
}

@test "written by us: snapshots keep what they had, also when qemu goes back to one" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 -c disk image
	truncate -s 9M disk
	qemu-img resize -q image 9M
	qemu-img snapshot -c one image
	write_both image
	qemu-img snapshot -c two image
	mv model two
	write_both image
	qemu-img snapshot -a two image
	qemu-img compare -f raw -F qcow2 two image
	qemu-img snapshot -a one image
	qemu-img compare -f raw -F qcow2 disk image
	qemu-img check -q image
}

@test "written by us: bitmaps are given up, as the format wants it" {
	make_disk disk
	truncate -s 9M disk
	qemu-img convert -f raw -O qcow2 disk image
	qemu-img bitmap --add image first
	start_server image
	qemu-io -f raw -c 'write -P 1 0 1M' -c flush "$url" >/dev/null
	stop_server
	run qemu-img info --output=json image
	refute_output --partial '"name": "first"'
	run vd check image
	assert_output --partial ' 0 errors'
}

@test "a corrupt image is not written" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 disk image
	printf '\2' | dd of=image bs=1 seek=79 conv=notrunc status=none
	run vd serve -s "$BATS_TEST_TMPDIR/socket" image
	assert_failure 1
	assert_output --partial 'qemu-img check -r all'
}

# killed IMAGE COMMAND...: qemu-io is killed after its commands, with an image that has lazy refcounts
killed() {
	local image=$1 commands=() command
	shift
	for command; do commands+=(-c "$command"); done
	qemu-io -f qcow2 "${commands[@]}" -c 'sigraise 9' "$image" >/dev/null 2>&1 || true
	[ "$(dd if="$image" bs=1 skip=79 count=1 status=none | od -An -tu1 | tr -d ' ')" = 1 ]
}

@test "not closed by qemu, with lazy refcounts: repaired when it is opened for writing" {
	make_disk disk
	for options in cluster_size=64k cluster_size=512 cluster_size=4k,refcount_bits=64 cluster_size=2M refcount_bits=1; do
		for snapshot in no yes; do
			[ "$snapshot$options" != yesrefcount_bits=1 ] || continue
			rm -f image
			qemu-img convert -f raw -O qcow2 -o "lazy_refcounts=on,$options" disk image
			[ $snapshot = no ] || qemu-img snapshot -c one image
			killed image 'write -P 7 1M 3M' 'write -P 9 700k 512' 'write -z 5M 64k' flush 'write -P 3 6M 200k'
			# only read: as it is
			vd cat -o before image
			sum=$(sha256sum <image)
			vd info image >/dev/null
			[ "$(sha256sum <image)" = "$sum" ]
			qemu-img convert -U -f qcow2 -O raw image theirs
			cmp before theirs
			start image
			grep -q 'was not closed properly: repaired' served.log
			stop
			qemu-img check -q image
			run vd check image
			assert_output --partial ' 0 errors, 0 leaks'
			vd cat -o after image
			cmp before after
			start_server image
			qemu-io -f raw -c 'write -P 1 2M 1M' -c flush "$url" >/dev/null
			stop_server
			qemu-img check -q image
			qemu-io -f qcow2 -c 'read -P 1 2M 1M' -c 'read -P 7 1M 1M' image >/dev/null
			[ $snapshot = no ] || qemu-img convert -l one -O raw image theirs
			[ $snapshot = no ] || cmp theirs disk
		done
	done
}

@test "not closed and damaged: not written, with the reason" {
	make_disk disk
	qemu-img convert -f raw -O qcow2 -o lazy_refcounts=on disk image
	killed image 'write -P 7 1M 3M'
	# the first refcount block is said to be far behind the end: offset by the specification
	python3 - image <<-'EOF'
		import struct, sys
		with open(sys.argv[1], 'r+b') as f:
		    f.seek(48)
		    table, = struct.unpack('>Q', f.read(8))
		    f.seek(table)
		    f.write(struct.pack('>Q', 1 << 40))
	EOF
	sum=$(sha256sum <image)
	run vd serve -s "$BATS_TEST_TMPDIR/socket" image
	assert_failure 1
	assert_output --partial 'not closed properly, and damaged'
	assert_output --partial 'is not inside the file'
	assert_output --partial 'qemu-img check -r all'
	[ "$(sha256sum <image)" = "$sum" ]
}

@test "clusters that nothing refers to are free after the first write" {
	make_disk disk
	for options in cluster_size=64k cluster_size=512 refcount_bits=1; do
		qemu-img convert -f raw -O qcow2 -o $options disk image
		# what is written goes into clusters whose entry is lost: L1 is cleared behind qemu's back
		qemu-img create -q -f qcow2 -o $options image 8M
		qemu-io -f qcow2 -c 'write -P 7 0 3M' image >/dev/null
		python3 - image <<-'EOF'
			import struct, sys
			with open(sys.argv[1], 'r+b') as f:
			    f.seek(36)
			    entries, offset = struct.unpack('>IQ', f.read(12))
			    f.seek(offset)
			    f.write(bytes(8 * entries))
		EOF
		run qemu-img check -q image
		assert_failure 3
		before=$(stat -c %b image)
		start_server image
		qemu-io -f raw -c 'read -P 0 0 3M' "$url" >/dev/null
		qemu-io -f raw -c 'write -P 1 4M 512' -c flush "$url" >/dev/null
		stop_server
		qemu-img check -q image
		qemu-io -f qcow2 -c 'read -P 0 0 3M' -c 'read -P 1 4M 512' image >/dev/null
		# the host has its space back
		[ "$(stat -c %b image)" -lt $((before - 4096)) ]
	done
}
