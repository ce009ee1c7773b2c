#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What holds for every format that is written: the exit status of check, and the memory of a disk of
# 2 TiB.

load lib

# entry FILE FORMAT VALUE: the table entry of block 1 becomes VALUE: "none", or "first" = where
# block 0 is.
entry() {
	python3 - "$@" <<-'EOF'
		import sys
		path, kind, value = sys.argv[1:]
		with open(path, 'r+b') as f:
		    def number(at, n, order):
		        f.seek(at)
		        return int.from_bytes(f.read(n), order)
		    def put(table, n, order, none):
		        new = number(table, n, order) if value == 'first' else none
		        f.seek(table + n)
		        f.write(new.to_bytes(n, order))
		    if kind == 'vpc':
		        put(number(512 + 16, 8, 'big'), 4, 'big', 0xffffffff)
		    elif kind == 'vdi':
		        put(number(0x154, 4, 'little'), 4, 'little', 0xffffffff)
		    elif kind == 'vmdk':
		        for directory in number(48, 8, 'little'), number(56, 8, 'little'):
		            put(number(directory * 512, 4, 'little') * 512, 4, 'little', 0)
		    elif kind == 'vhdx':
		        f.seek(192 << 10)
		        at = f.read(65536).index(bytes.fromhex('6677c22d23f600429d64115e9bfd4a08'))
		        put(number((192 << 10) + at + 16, 8, 'little'), 8, 'little', 0)
		    elif kind == 'qcow2':
		        l1 = number(number(40, 8, 'big'), 8, 'big') & 0xfffffffffffe00
		        put(l1, 8, 'big', 0)
	EOF
}

@test "check: 0 clean, 1 errors, 2 leaks only" {
	while read -r format block options; do
		rm -f disk
		# shellcheck disable=SC2086 # words
		qemu-img create -q -f "$format" $options disk 64M
		qemu-io -f "$format" -c "write -P 1 0 $block" -c "write -P 2 $block $block" \
			-c "write -P 3 16M 64k" disk >io.log
		run -0 vd check disk
		cp disk leak
		entry leak "$format" none
		run -2 vd check leak
		assert_output --partial ' 0 errors, '
		cp disk crossed
		entry crossed "$format" first
		run -1 vd check -r crossed
		# an image with leaks is written to, one with two blocks in one place is not
		: >served
		timeout 60 "$HOST/bin/vdattach" serve --once -s "$PWD/socket" leak >served 3>&- &
		pid=$!
		until grep -q nbd served ||
			! kill -0 "$pid" 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
		qemu-io -f raw -c 'write -P 4 40M 1M' -c flush "nbd+unix:///?socket=$PWD/socket" \
			>io.log
		wait "$pid"
		pid=
		qemu-io -f "$format" -c "read -P 1 0 $block" -c 'read -P 4 40M 1M' \
			-c 'read -P 3 16M 64k' leak >io.log
		if [ "$format" != qcow2 ]; then
			run -1 vd serve -s socket crossed
			assert_output --partial 'read-only (-r)'
		fi
	done <<-'EOF'
		vpc 2M
		vdi 1M
		vmdk 64k
		vhdx 1M -o block_size=1M
		qcow2 64k
	EOF
}

@test "discard gives space back, zeros are zeros, and qemu finds nothing wrong" {
	for format in vpc vdi vmdk vhdx qcow2; do
		rm -f disk model
		qemu-img create -q -f "$format" disk 64M
		truncate -s 64M model
		: >served
		"$HOST/bin/vdattach" serve -s "$PWD/socket" disk >served 3>&- &
		pid=$!
		until grep -q nbd served ||
			! kill -0 "$pid" 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
		url="nbd+unix:///?socket=$PWD/socket"
		qemu-io -f raw -c 'write -P 1 0 32M' -c flush "$url" >io.log
		before=$(stat -c %b disk)
		qemu-io -d unmap -f raw -c 'discard 4M 16M' -c 'write -z -u 21000k 300k' \
			-c 'write -z -u 40M 8M' -c flush "$url" >io.log
		[ "$(stat -c %b disk)" -lt $((before - 30000)) ]
		# less than a block of the host at the edges is left as it was
		qemu-io -f raw -c 'write -z -u 4M 4k' -c 'write -z -u 20476k 4k' \
			-c 'write -P 2 10M 100k' -c flush "$url" >io.log
		kill "$pid"
		wait "$pid"
		pid=
		qemu-io -f raw -c 'write -P 1 0 32M' -c 'write -z 4M 16M' \
			-c 'write -z 21000k 300k' -c 'write -P 2 10M 100k' model >io.log
		qemu-img compare -q -f "$format" -F raw disk model
		run -0 vd check disk
		qemu-img check -q -f "$format" disk || [ $? = 63 ] # no check for this format
	done
}

# With all of its memory locked, as it is when the root depends on it. Nothing is flushed between
# the writes; the tables of VHDX and QCOW2 have no room for all that these change.
# bats test_tags=unsanitized
@test "2 TiB in every format: less than 16 MiB, and all that is written far apart is there" {
	while read -r format size options; do
		rm -rf disk*
		# shellcheck disable=SC2086 # words
		qemu-img create -q -f "$format" $options disk "$size"
		: >served
		"$MUSL/bin/vdattach" serve -s "$PWD/socket" disk >served 3>&- &
		pid=$!
		until grep -q nbd served ||
			! kill -0 "$pid" 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
		awk -v size="$size" 'BEGIN {
			for (i = 0; i < 500; i++) print "read " i * 4 "G 4k"
			for (i = 0; i < 500; i++) print "write -P " i % 250 + 1 " " i * 4 + 1 "G 4k"
			for (i = 0; i < 500; i++) print "write -z -u " i * 4 + 2 "G 2M"
			print "flush"
		}' | qemu-io -f raw "nbd+unix:///?socket=$PWD/socket" >io.log
		[ "$(grep -c 'wrote ' io.log)" = 1000 ]
		run -1 grep failed io.log
		virtual=$(awk '/VmSize/ { print $2 }' "/proc/$pid/status")
		kill "$pid"
		wait "$pid"
		pid=
		echo "$format $options: $virtual KiB"
		[ "$virtual" -lt 16384 ]
		run -0 vd check -q disk
		awk 'BEGIN { for (i = 0; i < 500; i++) print "read -P " i % 250 + 1 " " i * 4 + 1 "G 4k" }' |
			qemu-io -r -f "$format" disk >io.log
		[ "$(grep -c 'read ' io.log)" = 500 ]
		run -1 grep failed io.log
	done <<-'EOF'
		vpc 2040G
		vdi 2T
		vmdk 2040G
		vmdk 2T -o subformat=twoGbMaxExtentSparse
		vhdx 2T
		vhdx 2T -o block_size=1M
		qcow2 2T
		qcow2 2T -o cluster_size=2M
		qcow2 2T -o cluster_size=4k
	EOF
}
