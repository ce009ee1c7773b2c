#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# VDI against qemu-img and qemu-io; what those cannot do (snapshots, other block sizes) by the
# specification.

load lib

# vdi FILE TYPE SIZE BLOCK_SIZE EXTRA ID PARENT_ID [ENTRY=SLOT|zero]...: an image by VDICore.h.
# Types: 1 dynamic, 2 fixed, 4 differencing. Ids are two hexadecimal digits. Slots hold 0x50 + slot.
vdi() {
	python3 - "$@" <<-'EOF'
		import struct, sys
		path, kind, size, block, extra, own, parent = sys.argv[1:8]
		size, block, extra = int(size), int(block), int(extra)
		n = -(-size // block)
		data = (512 + n * 4 + 511) // 512 * 512
		entries, top = {}, 0
		for word in sys.argv[8:]:
		    i, slot = word.split("=")
		    entries[int(i)] = 0xfffffffe if slot == "zero" else int(slot)
		    if slot != "zero":
		        top = max(top, int(slot) + 1)
		h = bytearray(512)
		h[:20] = b"<<< by the test >>>\n"
		struct.pack_into("<IIIII", h, 0x40, 0xbeda107f, 0x10001, 0x190, int(kind), 0)
		struct.pack_into("<II", h, 0x154, 512, data)
		struct.pack_into("<II", h, 0x168, 512, 0)
		struct.pack_into("<QIIII", h, 0x170, size, block, extra, n, top)
		h[0x188:0x198] = bytes.fromhex(own * 16)
		h[0x198:0x1a8] = bytes.fromhex(own * 16)
		h[0x1a8:0x1b8] = bytes.fromhex(parent * 16)
		h[0x1b8:0x1c8] = bytes.fromhex(parent * 16)
		table = b"".join(struct.pack("<I", entries.get(i, 0xffffffff)) for i in range(n))
		with open(path, "wb") as f:
		    f.write(h + table)
		    for slot in range(top):
		        f.seek(data + slot * (block + extra))
		        f.write(b"\xee" * extra + bytes([0x50 + slot]) * block)
	EOF
}

@test "images of qemu-img read the same, static and dynamic" {
	for options in static=off static=on; do
		rm -f disk.vdi
		qemu-img create -q -f vdi -o "$options" disk.vdi 37M
		io vdi disk.vdi 'write -P 1 0 512' 'write -P 2 3M 5M' 'write -P 3 33554432 1536'
		qemu-img convert -f vdi -O raw disk.vdi want.raw
		vd cat -o got.raw disk.vdi
		cmp got.raw want.raw
		run -0 vd check disk.vdi
		assert_output --partial '0 errors, 0 leaks, 0 warnings'
	done
}

@test "what we write qemu-img reads and finds clean; its writes afterwards we read" {
	qemu-img create -q -f vdi disk.vdi 64M
	truncate -s 64M model.raw
	writes=('write -P 17 0 4096' 'write -P 18 9M 3M' 'write -P 19 67108352 512'
		'write -P 20 2096640 1024'
		'flush' 'write -P 21 20M 64k' 'write -P 22 1M 512')
	start disk.vdi
	nbd_io "${writes[@]}"
	stop
	io raw model.raw "${writes[@]}"
	qemu-img check -q -f vdi disk.vdi
	qemu-img compare -f vdi -F raw disk.vdi model.raw
	run -0 vd check disk.vdi
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	io vdi disk.vdi 'write -P 33 40M 3M' 'write -P 34 512 512'
	io raw model.raw 'write -P 33 40M 3M' 'write -P 34 512 512'
	start disk.vdi
	nbd_io 'write -P 35 50M 1M'
	stop
	io raw model.raw 'write -P 35 50M 1M'
	vd cat -o got.raw disk.vdi
	cmp got.raw model.raw
	qemu-img check -q -f vdi disk.vdi
}

@test "block sizes from 128 KiB to 128 MiB and bytes in front of each block" {
	for block in $((128 << 10)) $((256 << 10)) $((8 << 20)) $((128 << 20)); do
		for extra in 0 512; do
			vdi disk.vdi 1 $((block + block / 2)) "$block" "$extra" aa 00 1=0
			truncate -s 0 model.raw
			truncate -s $((block + block / 2)) model.raw
			io raw model.raw "write -P 0x50 $block $((block / 2))" \
				"write -P 7 $((block - 512)) 1024" 'write -P 8 512 512'
			start disk.vdi
			nbd_io "write -P 7 $((block - 512)) 1024" 'write -P 8 512 512'
			stop
			vd cat -o got.raw disk.vdi
			cmp got.raw model.raw
			run -0 vd check disk.vdi
			assert_output --partial '0 errors, 0 leaks'
		done
	done
}

@test "a snapshot finds its parent by UUID among the files beside it; zero blocks hide the parent's" {
	mkdir -p vm/other
	vdi vm/base.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0 1=1 2=2 7=3
	vdi 'vm/{snap shot}.vdi' 4 $((8 << 20)) $((1 << 20)) 0 bb aa 1=0 2=zero
	vdi vm/last.vdi 4 $((8 << 20)) $((1 << 20)) 0 cc bb
	echo text >vm/a.txt
	: >vm/empty
	truncate -s 8M model.raw
	io raw model.raw 'write -P 0x50 0 2M' 'write -P 0x53 7M 1M'
	vd cat -o got.raw vm/last.vdi
	cmp got.raw model.raw
	start vm/last.vdi
	nbd_io 'write -P 9 100k 512' 'write -P 9 2500k 512' 'write -P 9 4M 512'
	stop
	io raw model.raw 'write -P 9 100k 512' 'write -P 9 2500k 512' 'write -P 9 4M 512'
	vd cat -o got.raw vm/last.vdi
	cmp got.raw model.raw
	run -0 vd info --json vm/last.vdi
	[ "$(jq -r '.parents | map(.image | split("/")[-1]) | join(",")' <<<"$output")" = \
		'{snap shot}.vdi,base.vdi' ]
	run -0 vd check vm/last.vdi
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
}

@test "more slots than blocks: read, and the free ones are used for new blocks" {
	vdi disk.vdi 1 $((4 << 20)) $((1 << 20)) 0 aa 00 0=9 2=6
	truncate -s 4M model.raw
	io raw model.raw 'write -P 0x59 0 1M' 'write -P 0x56 2M 1M'
	qemu-img convert -f vdi -O raw disk.vdi want.raw
	cmp model.raw want.raw
	vd cat -o got.raw disk.vdi
	cmp got.raw model.raw
	run -2 vd check disk.vdi
	assert_output --partial '8 of 10 slots for blocks are unreferenced (leaked)'
	size=$(stat -c %s disk.vdi)
	start disk.vdi
	nbd_io 'write -P 9 1M 1M' 'write -P 8 3M 512' 'write -P 7 100k 512'
	stop
	io raw model.raw 'write -P 9 1M 1M' 'write -P 8 3M 512' 'write -P 7 100k 512'
	vd cat -o got.raw disk.vdi
	cmp got.raw model.raw
	[ "$(stat -c %s disk.vdi)" = "$size" ]
	qemu-img convert -f vdi -O raw disk.vdi want.raw
	cmp model.raw want.raw
}

@test "VirtualBox's directory Snapshots: parents by UUID in it and above it, and only those" {
	mkdir -p vm/Snapshots
	vdi vm/base.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0 1=1 2=2 7=3
	vdi 'vm/Snapshots/{bb}.vdi' 4 $((8 << 20)) $((1 << 20)) 0 bb aa 1=0 2=zero
	vdi 'vm/Snapshots/{cc}.vdi' 4 $((8 << 20)) $((1 << 20)) 0 cc bb
	vdi vm/current.vdi 4 $((8 << 20)) $((1 << 20)) 0 dd bb
	truncate -s 8M model.raw
	io raw model.raw 'write -P 0x50 0 2M' 'write -P 0x53 7M 1M'
	for image in 'vm/Snapshots/{cc}.vdi' vm/current.vdi; do
		vd cat -o got.raw "$image"
		cmp got.raw model.raw
	done
	# so it does where the user starts in that directory
	(cd vm/Snapshots && vd cat -o ../../got.raw '{cc}.vdi')
	cmp got.raw model.raw
	run -0 vd info --json 'vm/Snapshots/{cc}.vdi'
	[ "$(jq -r '.parents | map(.image | split("/vm/")[1]) | join(",")' <<<"$output")" = \
		'Snapshots/{bb}.vdi,base.vdi' ]

	# --parents is the user's word on where they are
	run -1 vd info --parents=vm/Snapshots 'vm/Snapshots/{cc}.vdi'
	assert_output --partial 'is not among the files beside it'
	run -0 vd info --parents=vm 'vm/Snapshots/{cc}.vdi'
	mv vm/Snapshots vm/snapshots
	run -1 vd info 'vm/snapshots/{cc}.vdi'
	assert_output --partial 'is not among the files beside it'
}

@test "what an image in a directory Snapshots names is not followed out of it" {
	mkdir -p vm/Snapshots
	qemu-img create -q -f raw vm/secret.raw 1M
	(cd vm/Snapshots && qemu-img create -q -f qcow2 -b ../secret.raw -F raw child.qcow2)
	run -1 vd info vm/Snapshots/child.qcow2
	assert_output --partial 'allow its directory with --parents'
	vdi vm/base.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0
	mv vm/base.vdi vm/Snapshots/outside.vdi
	ln -s ../../elsewhere.vdi vm/base.vdi
	mv vm/Snapshots/outside.vdi elsewhere.vdi
	vdi vm/Snapshots/child.vdi 4 $((8 << 20)) $((1 << 20)) 0 bb aa
	run -1 vd info vm/Snapshots/child.vdi
	assert_output --partial 'is not among the files beside it'
}

@test "a parent that is missing, or was written to since, is refused" {
	mkdir vm
	vdi vm/base.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0
	vdi vm/child.vdi 4 $((8 << 20)) $((1 << 20)) 0 bb aa
	run -0 vd info vm/child.vdi
	mv vm/base.vdi .
	run -1 vd cat -o got.raw vm/child.vdi
	assert_output --partial 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa, is not among the files beside it'
	start base.vdi
	nbd_io 'write -P 9 0 512'
	stop
	mv base.vdi vm
	run -1 vd serve -s socket vm/child.vdi
	assert_output --partial 'was written to after it was made'
	run -0 vd cat -r -o got.raw vm/child.vdi
	assert_output --partial 'was written to after it was made'
}

modification_uuid() {
	od -An -tx1 -j 408 -N 16 "$1"
}

@test "a fixed image is attached through the kernel's loop device" {
	qemu-img create -q -f vdi -o static=on disk.vdi 300M
	before=$(modification_uuid disk.vdi)
	run -0 vd attach disk.vdi
	device=$output
	# children notice that it is written to
	[ "$(modification_uuid disk.vdi)" != "$before" ]
	printf 'here' | dd of="$device" bs=512 seek=7 conv=notrunc status=none
	sync "$device"
	vd detach "$device"
	io vdi disk.vdi 'read -P 0x68 3584 1'
	qemu-img check -q -f vdi disk.vdi
}

@test "a large empty image costs little: 2 TiB opened, written at its end, and read" {
	qemu-img create -q -f vdi disk.vdi 2048G
	HOST=$MUSL start disk.vdi # the program of the boot, not one with sanitizers in it
	nbd_io 'write -P 7 2047G 64k' 'read -P 7 2047G 64k' 'read -P 0 1000G 1M'
	resident=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	stop
	[ "$resident" -lt 16384 ]
	io vdi disk.vdi 'read -P 7 2047G 64k'
}

@test "damage is reported by check and never written to" {
	vdi disk.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0 1=1 2=0
	run -1 vd check -r disk.vdi
	assert_output --partial 'block 2 is in slot 0, where another block is already'
	run -1 vd serve -s socket disk.vdi
	assert_output --partial 'attach it read-only'
	vdi disk.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0 1=1
	truncate -s -1M disk.vdi
	run -1 vd cat -r -o got.raw disk.vdi
	assert_output --partial 'at offset 1048576: disk.vdi: VDI block map: block 1 is in slot 1, beyond the end'
	run -1 vd check -r disk.vdi
	assert_output --partial 'block 1 is in slot 1, beyond the end'
	vdi disk.vdi 1 $((8 << 20)) $((1 << 20)) 0 aa 00 0=0 1=2
	run -2 vd check disk.vdi
	assert_output --partial 'unreferenced (leaked)'
}
