#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Dynamic and differencing VHD against qemu-img and qemu-io; chains and what may be followed.

load lib

# difference FILE SIZE ID PARENT_ID RELATIVE ABSOLUTE: an empty differencing VHD, by the
# specification.
# Ids are one hexadecimal digit; a name may be empty.
difference() {
	python3 - "$@" <<-'EOF'
		import struct, sys
		path, size, own, parent, relative, absolute = sys.argv[1:]
		size = int(size)
		def sign(b, at):
		    b[at:at + 4] = bytes(4)
		    b[at:at + 4] = struct.pack(">I", ~sum(b) & 0xffffffff)
		    return bytes(b)
		footer = bytearray(512)
		struct.pack_into(">8sIIQI4s", footer, 0, b"conectix", 2, 0x10000, 512, 0, b"win ")
		struct.pack_into(">QQ", footer, 40, size, size)
		struct.pack_into(">I", footer, 60, 4)
		footer[68:84] = bytes.fromhex(own * 32)
		footer = sign(footer, 64)
		n = (size + 0x1fffff) >> 21
		table = b"\xff" * ((n * 4 + 511) // 512 * 512)
		header = bytearray(1024)
		struct.pack_into(">8sQQIII", header, 0, b"cxsparse", 2**64 - 1, 1536, 0x10000, n, 2 << 20)
		header[40:56] = bytes.fromhex(parent * 32)
		data = b""
		for i, (code, name) in enumerate(((b"W2ku", absolute), (b"W2ru", relative))):
		    text = name.encode("utf-16-le")
		    if text:
		        struct.pack_into(">4sIIIQ", header, 576 + 24 * i, code, 512, len(text), 0, 1536 + len(table) + len(data))
		        data += text.ljust(512, b"\0")
		open(path, "wb").write(footer + sign(header, 36) + table + data + footer)
	EOF
}

# set_id FILE DIGIT: gives a VHD another id, in both footers.
set_id() {
	python3 - "$@" <<-'EOF'
		import struct, sys
		f = open(sys.argv[1], "r+b")
		size = f.seek(0, 2)
		for at in (0, size - 512):
		    f.seek(at)
		    b = bytearray(f.read(512))
		    if b[:8] != b"conectix":
		        continue
		    b[68:84] = bytes.fromhex(sys.argv[2] * 32)
		    b[64:68] = bytes(4)
		    b[64:68] = struct.pack(">I", ~sum(b) & 0xffffffff)
		    f.seek(at)
		    f.write(b)
	EOF
}

raw_io() { # FILE COMMAND...
	local file=$1 command args=()
	shift
	for command; do args+=(-c "$command"); done
	qemu-io -f raw "${args[@]}" "$file"
}

same_as_qemu() { # FILE
	qemu-img convert -f vpc -O raw "$1" want.raw
	vd cat -o got.raw "$1"
	cmp got.raw want.raw
}

@test "dynamic images of qemu-img read the same, with every option of it" {
	for options in subformat=dynamic subformat=dynamic,force_size=on subformat=fixed; do
		rm -f disk.vhd
		qemu-img create -q -f vpc -o "$options" disk.vhd 37M
		qemu-io -f vpc -c 'write -P 1 0 512' -c 'write -P 2 3M 5M' \
			-c 'write -P 3 33554432 1536' disk.vhd >io
		same_as_qemu disk.vhd
		run -0 vd check disk.vhd
		assert_output --partial '0 errors, 0 leaks, 0 warnings'
	done
}

# as_windows FILE: lays an empty VHD out as Windows 8 does: what locators reserve, then the footer
# where the bitmap of a block would lie whose data begin with a page.
as_windows() {
	python3 - "$@" <<-'EOF'
		import struct, sys
		b = bytearray(open(sys.argv[1], "rb").read())
		footer, end = b[-512:], 2048
		if footer[60:64] == struct.pack(">I", 4):
		    texts = []
		    for at in (1088, 1112):
		        length, offset = struct.unpack_from(">I4xQ", b, at + 8)
		        texts.append(bytes(b[offset:offset + length]))
		    for at, text, offset, space in ((1088, texts[0], 4096, 4096), (1112, texts[1], 12288, 65536)):
		        b = b.ljust(offset, b"\0")[:offset] + text
		        struct.pack_into(">I", b, at + 4, space)
		        struct.pack_into(">Q", b, at + 16, offset)
		        end = offset + space
		    b[548:552] = bytes(4)
		    b[548:552] = struct.pack(">I", ~sum(b[512:1536]) & 0xffffffff)
		at = (end + 4095) // 4096 * 4096 + 4096 - 512
		open(sys.argv[1], "wb").write(bytes(b[:end]).ljust(at, b"\0") + footer)
	EOF
}

@test "what Windows leaves free before the footer, and reserves for the names of parents, is no leak" {
	qemu-img create -q -f vpc -o force_size=on base.vhd 40M
	as_windows base.vhd
	[ "$(stat -c %s base.vhd)" = 8192 ]
	run -0 vd check base.vhd
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	set_id base.vhd a
	difference child.vhd $((40 << 20)) b a './base.vhd' 'C:\\vm\\base.vhd'
	as_windows child.vhd
	[ "$(stat -c %s child.vhd)" = 81920 ]
	run -0 vd check child.vhd
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	# blocks go behind what is reserved
	start child.vhd
	nbd_io 'write -P 7 3M 1M'
	stop
	vd cat -o got.raw child.vhd
	io raw got.raw 'read -P 0 0 3M' 'read -P 7 3M 1M'
	cmp -n $((65536 - 512)) -i $((12288 + 512)):0 child.vhd /dev/zero
	run -0 vd check child.vhd
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	# a block that nothing refers to is one
	head -c 2M /dev/zero >>base.vhd
	tail -c 512 <(head -c 8192 base.vhd) >>base.vhd
	run -2 vd check base.vhd
	assert_output --partial 'unreferenced (leaked)'
}

@test "what we write qemu-img reads; its writes afterwards we read" {
	qemu-img create -q -f vpc -o subformat=dynamic,force_size=on disk.vhd 64M
	truncate -s 64M model.raw
	writes=('write -P 17 0 4096' 'write -P 18 9M 3M' 'write -P 19 67108352 512'
		'write -P 20 2096640 1024'
		'flush' 'write -P 21 20M 64k' 'write -P 22 1M 512')
	start disk.vhd
	nbd_io "${writes[@]}" >io
	stop
	raw_io model.raw "${writes[@]}" >io
	qemu-img compare -f vpc -F raw disk.vhd model.raw
	run -0 vd check disk.vhd
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	qemu-io -f vpc -c 'write -P 33 40M 3M' -c 'write -P 34 512 512' disk.vhd >io
	raw_io model.raw 'write -P 33 40M 3M' 'write -P 34 512 512' >io
	start disk.vhd
	nbd_io 'write -P 35 50M 1M' >io
	stop
	raw_io model.raw 'write -P 35 50M 1M' >io
	same_as_qemu disk.vhd
	cmp got.raw model.raw
	# only what was written takes space: 10 blocks of 2 MiB and less than one more
	[ "$(stat -c %s disk.vhd)" -lt $((23 << 20)) ]
}

@test "a large empty image costs nothing: 2040 GiB opened, written at its end, and read" {
	qemu-img create -q -f vpc -o subformat=dynamic,force_size=on disk.vhd 2040G
	HOST=$MUSL start disk.vhd # the program of the boot, not one with sanitizers in it
	nbd_io 'write -P 7 2039G 64k' 'read -P 7 2039G 64k' 'read -P 0 1000G 1M' >io
	resident=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	stop
	[ "$(stat -c %s disk.vhd)" -lt $((8 << 20)) ]
	[ "$resident" -lt 16384 ]
	qemu-io -f vpc -r -c 'read -P 7 2039G 64k' disk.vhd >io
}

chain() {
	mkdir -p vm
	qemu-img create -q -f vpc -o subformat=dynamic,force_size=on vm/base.vhd 16M
	qemu-io -f vpc -c 'write -P 1 0 16M' vm/base.vhd >io
	set_id vm/base.vhd a
	difference vm/one.vhd $((16 << 20)) b a '.\base.vhd' 'D:\gone\base.vhd'
	difference vm/two.vhd $((16 << 20)) c b '' 'C:\vm\one.vhd'
	truncate -s 16M model.raw
	raw_io model.raw 'write -P 1 0 16M' >io
}

@test "a chain of differences: parents by relative and by Windows path, written sector by sector" {
	chain
	start vm/one.vhd
	nbd_io 'write -P 2 512 512' 'write -P 3 5M 4M' >io
	stop
	raw_io model.raw 'write -P 2 512 512' 'write -P 3 5M 4M' >io
	sum=$(sha256sum vm/base.vhd vm/one.vhd)
	start vm/two.vhd
	nbd_io 'write -P 4 1024 1024' 'flush' 'write -P 5 7M 512' 'write -P 6 2048 512' >io
	stop
	raw_io model.raw 'write -P 4 1024 1024' 'write -P 5 7M 512' 'write -P 6 2048 512' >io
	vd cat -o got.raw vm/two.vhd
	cmp got.raw model.raw
	[ "$sum" = "$(sha256sum vm/base.vhd vm/one.vhd)" ]
	run -0 vd check vm/two.vhd
	assert_output --partial '0 errors, 0 leaks, 0 warnings'
	run -0 vd info --json vm/two.vhd
	[ "$(jq -r '.parents | map(.image | split("/")[-1]) | join(" ")' <<<"$output")" = \
		'one.vhd base.vhd' ]
	# depth says which image of the chain has it
	run -0 vd map --json vm/two.vhd
	[ "$(jq -c 'map(.depth) | unique' <<<"$output")" = '[0,1,2]' ]
}

@test "-S names the chain: base, then each difference, whatever the images call each other" {
	chain
	mkdir elsewhere
	mv vm/one.vhd elsewhere/1
	mv vm/two.vhd elsewhere/2
	vd cat -o got.raw -S elsewhere/1 -S elsewhere/2 vm/base.vhd
	cmp got.raw model.raw
	# the base may be listed too
	vd cat -o got.raw -S vm/base.vhd -S elsewhere/1 -S elsewhere/2 vm/base.vhd
	cmp got.raw model.raw
	run -1 vd cat -o got.raw -S elsewhere/2 -S elsewhere/1 vm/base.vhd
	assert_output --partial 'has the id aaaa'
	run -1 vd cat elsewhere/1
	assert_output --partial 'cannot be opened'
	cp vm/base.vhd copy.vhd
	run -1 vd cat -S copy.vhd vm/base.vhd
	assert_output --partial 'continues no other image'
}

@test "a missing or foreign parent is refused by name, and never replaced by zeros" {
	chain
	# under another name it is known by its id
	mv vm/base.vhd vm/hidden
	vd cat -o want.raw vm/one.vhd
	mv vm/hidden .
	run -1 vd cat -o got.raw vm/one.vhd
	assert_output --partial "base.vhd', which is not there"
	qemu-img create -q -f vpc vm/base.vhd 16M
	run -1 vd cat -o got.raw vm/one.vhd
	assert_output --partial 'expected aaaaaaaa'
	truncate -s 16M vm/base.vhd
	rm vm/base.vhd
	truncate -s 16M vm/base.vhd
	run -1 vd info vm/one.vhd
	assert_output --partial 'base.vhd'
}

@test "parents are followed below the image's directory only, or below --parents" {
	chain
	mkdir -p vm/inner
	difference vm/inner/out.vhd $((16 << 20)) d a '..\base.vhd' ''
	run -1 vd info vm/inner/out.vhd
	assert_output --partial "which is not below '$BATS_TEST_TMPDIR/vm/inner'"
	run -0 vd info --parents vm vm/inner/out.vhd
	difference vm/abs.vhd $((16 << 20)) d a '' "$BATS_TEST_TMPDIR/vm/base.vhd"
	run -0 vd info vm/abs.vhd
	# as on a partition mounted at DIR
	difference vm/inner/abs.vhd $((16 << 20)) d a '' '/vm/base.vhd'
	run -0 vd info --parents . vm/inner/abs.vhd
	difference vm/inner/drive.vhd $((16 << 20)) d a '' 'E:\vm\base.vhd'
	run -0 vd info --parents . vm/inner/drive.vhd
	# no way out through links, to devices, to URLs
	ln -s ../base.vhd vm/inner/base.vhd
	difference vm/inner/link.vhd $((16 << 20)) d a 'base.vhd' ''
	run -1 vd info vm/inner/link.vhd
	assert_output --partial 'which is not below'
	mkfifo vm/fifo
	for name in fifo 'json:{"driver":"null-co"}' nbd://localhost/ /dev/zero /proc/self/fd/0; do
		difference vm/bad.vhd $((16 << 20)) d f "$name" ''
		run -1 timeout 60 "$HOST/bin/vdattach" info vm/bad.vhd
	done
}

@test "attach by loop says which images the loop device cannot take" {
	qemu-img create -q -f vpc -o subformat=dynamic disk.vhd 16M
	run -1 vd attach -e loop disk.vhd
	assert_output --partial "vhd image: the kernel's loop device takes only disks that are one run of a file"
}

@test "a server that is killed loses what was not flushed, and nothing else" {
	qemu-img create -q -f vpc -o subformat=dynamic,force_size=on disk.vhd 32M
	start disk.vhd
	nbd_io 'write -P 9 1M 64k' 'flush' 'write -P 10 9M 64k' >io
	kill -9 "$pid"
	wait "$pid" || true
	pid=
	run vd check disk.vhd
	refute_output --partial 'error:'
	vd cat -o got.raw disk.vhd
	raw_io got.raw 'read -P 9 1M 64k' >io
	qemu-io -f vpc -r -c 'read -P 9 1M 64k' disk.vhd >io
}
