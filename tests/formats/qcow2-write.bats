#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# QCOW2 images written by us, and repaired, against qemu-img and qemu-io.

load qcow2

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
	for options in '-o compat=0.10' '-o cluster_size=512' '-o cluster_size=4k,refcount_bits=1' \
		'-o cluster_size=2M' \
		'-o refcount_bits=64,cluster_size=512' '-c' \
		'-c -o compression_type=zstd,cluster_size=8k'; do
		rm -f image
		# shellcheck disable=SC2086 # words
		qemu-img convert -f raw -O qcow2 $options disk image
		write_both image
		rm -f model
	done
}

@test "written by us: extended L2 entries, fresh, of a child, under a snapshot, compressed" {
	make_disk disk
	truncate -s 9M disk
	for options in '-o extended_l2=on' '-o extended_l2=on,cluster_size=16k,refcount_bits=1' \
		'-o extended_l2=on,cluster_size=2M' '-c -o extended_l2=on'; do
		rm -f image
		# shellcheck disable=SC2086 # words
		qemu-img convert -f raw -O qcow2 $options disk image
		write_both image
	done
	qemu-img create -q -f qcow2 -F raw -b disk -o extended_l2=on child
	write_both child
	qemu-img snapshot -c one child
	mv model one
	write_both child
	write_both child
	qemu-img snapshot -a one child
	qemu-img compare -f raw -F qcow2 one child
}

# What lies in a data file where nothing is mapped is none of the guest's business.
fill_holes() { # FILE
	python3 - "$1" <<-'EOF'
		import sys
		with open(sys.argv[1], 'r+b') as f:
		    for at in range(0, 9 << 20, 65536):
		        f.seek(at)
		        if not any(f.read(65536)):
		            f.seek(at)
		            f.write(b'stale---' * 8192)
	EOF
}

@test "written by us: an external data file, raw and not; a raw one is the disk, byte for byte, and no longer" {
	make_disk disk
	for options in '' ',data_file_raw=on' ',data_file_raw=on,extended_l2=on' \
		',cluster_size=2M,data_file_raw=on'; do
		rm -f image image.data
		qemu-img convert -f raw -O qcow2 -o "data_file=image.data$options" disk image
		case $options in *raw*) ;; *) fill_holes image.data ;; esac
		size=$(stat -c %s image.data)
		write_both image
		case $options in *raw*) cmp -n "$(stat -c %s model)" model image.data ;; esac
		[ "$(stat -c %s image.data)" -le "$size" ]
	done
	run qemu-img info --output=json image
	assert_output --partial '"data-file-raw": true'
}

@test "a data file that is the image itself is refused" {
	qemu-img create -q -f qcow2 -o data_file=other.data image 1M
	python3 - <<-'EOF'
		data = open('image', 'rb').read(4096)
		open('image', 'r+b').write(data.replace(b'other.data', b'image\0\0\0\0\0'))
	EOF
	run vd info image
	assert_failure 1
	python3 - <<-'EOF'
		data = open('image', 'rb').read(4096)
		open('image', 'r+b').write(data.replace(b'image\0\0\0\0\0', b'././/image'))
	EOF
	run vd info image
	assert_failure 1
	assert_output --partial 'names itself as its data file'
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

# killed IMAGE COMMAND...: qemu-io is killed after its commands, with an image that has lazy
# refcounts
killed() {
	local image=$1 commands=() command
	shift
	for command; do commands+=(-c "$command"); done
	qemu-io -f qcow2 "${commands[@]}" -c 'sigraise 9' "$image" >/dev/null 2>&1 || true
	[ "$(dd if="$image" bs=1 skip=79 count=1 status=none | od -An -tu1 | tr -d ' ')" = 1 ]
}

@test "not closed by qemu, with lazy refcounts: repaired when it is opened for writing" {
	make_disk disk
	for options in cluster_size=64k cluster_size=512 cluster_size=4k,refcount_bits=64 \
		cluster_size=2M refcount_bits=1; do
		for snapshot in no yes; do
			[ "$snapshot$options" != yesrefcount_bits=1 ] || continue
			rm -f image
			qemu-img convert -f raw -O qcow2 -o "lazy_refcounts=on,$options" disk image
			[ $snapshot = no ] || qemu-img snapshot -c one image
			killed image 'write -P 7 1M 3M' 'write -P 9 700k 512' 'write -z 5M 64k' \
				flush 'write -P 3 6M 200k'
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
		# what is written goes into clusters whose entry is lost: L1 is cleared behind
		# qemu's back
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
