#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# VHDX against qemu-img, qemu-io and nbdkit, and children made by vhdx-child.

load lib

child() {
	python3 "$BATS_TEST_DIRNAME/vhdx-child" "$@"
}

# put FILE BYTE OFFSET LENGTH: LENGTH times BYTE (two hex digits)
put() {
	head -c "$4" /dev/zero | tr '\0' "\\$(printf %o "0x$2")" |
		dd of="$1" bs=64k seek="$3" oflag=seek_bytes conv=notrunc status=none
}

# A disk of 97 MiB and a sector, mostly empty.
make_raw() {
	rm -f raw
	truncate -s 101712384 raw
	put raw 11 0 4096
	put raw 22 1048064 1024
	put raw 33 41943040 3000000
	put raw 44 101711872 512
}

make_image() { # FILE OPTIONS
	qemu-img convert -f raw -O vhdx ${2:+-o "$2"} raw "$1"
}

# The VHDX as qemu sees it is the VHDX as we see it.
assert_same_as_qemu() {
	qemu-img convert -f vhdx -O raw "$1" by-qemu
	vd cat -o by-us "$1"
	cmp by-qemu by-us
}

@test "every subformat and option of qemu-img is read, and found clean" {
	make_raw
	for options in '' subformat=dynamic,block_size=1M subformat=dynamic,block_size=32M \
		subformat=dynamic,block_size=256M,log_size=4M subformat=fixed,block_size=2M \
		subformat=fixed,log_size=16M; do
		rm -f image.vhdx
		make_image image.vhdx "$options"
		vd cat -o by-us image.vhdx
		cmp raw by-us
		run vd check image.vhdx
		assert_success
		assert_output --partial '0 errors, 0 leaks'
	done
	qemu-img create -q -f vhdx -o block_state_zero=off,block_size=1M empty.vhdx 3T
	run vd info --json empty.vhdx
	assert_equal "$(jq -r '.format + " " + .variant + " " + (."virtual-size"|tostring)' <<<"$output")" \
		"vhdx dynamic 3298534883328"
	run vd map empty.vhdx
	assert_equal "${#lines[@]}" 1
}

@test "a fixed image is one run of the file" {
	make_raw
	make_image image.vhdx subformat=fixed,block_state_zero=off
	run vd info image.vhdx
	assert_line 'format: vhdx (fixed)'
	run -0 vd map --json image.vhdx
	offset=$(jq '.[0].offset' <<<"$output")
	assert_equal "$(jq -c '[.[] | .offset - .start] | unique' <<<"$output")" "[$offset]"
	cmp -i "$offset:0" -n 101712384 image.vhdx raw
}

@test "what we write qemu reads, and finds clean; and the other way round" {
	make_raw
	for options in subformat=dynamic,block_size=1M subformat=dynamic,block_size=8M \
		subformat=fixed; do
		make_raw
		rm -f image.vhdx
		make_image image.vhdx "$options"
		for round in 1 2 3; do
			start_server image.vhdx
			for target in "-f raw $url" '-f raw raw'; do
				# shellcheck disable=SC2086 # two words
				qemu-io -c "write -P 0x5$round ${round}000k 100k" \
					-c "write -P 0x6$round 50M $((round * 999))k" -c flush \
					-c "write -P 0x7$round 97M 512" \
					-c "write -f -P 0x8$round $((round * 9))M 4k" \
					$target >/dev/null
			done
			qemu-img compare -f raw -F raw "$url" raw
			stop_server
			run -0 qemu-img check -f vhdx image.vhdx
			qemu-img compare -f vhdx -F raw image.vhdx raw
			run -0 vd check image.vhdx
			for target in '-f vhdx image.vhdx' '-f raw raw'; do
				# shellcheck disable=SC2086 # two words
				qemu-io -c "write -P 0x9$round $((60 + round))M 70k" $target \
					>/dev/null
			done
		done
		vd cat image.vhdx | cmp - raw
	done
}

@test "a server that is killed leaves a log: qemu repairs to what we read without repair" {
	make_raw
	make_image image.vhdx subformat=dynamic,block_size=1M
	start_server image.vhdx
	qemu-io -f raw -c 'write -P 0x5a 20M 3M' -c flush -c 'write -P 0x5b 30M 1M' -c flush \
		"$url" >/dev/null
	kill -KILL "$pid"
	wait "$pid" || true
	rm -f socket
	cp image.vhdx copy.vhdx
	# read-only: seen through the log, nothing written
	vd cat -o by-us image.vhdx
	cmp image.vhdx copy.vhdx
	run vd check image.vhdx
	assert_output --partial 'was not closed properly'
	qemu-img check -q -f vhdx -r all copy.vhdx
	qemu-img compare -f vhdx -F raw copy.vhdx by-us
	put raw 5a 20971520 3145728
	put raw 5b 31457280 1048576
	cmp raw by-us
	# for writing: replayed
	start_server image.vhdx
	stop_server
	run -0 vd check image.vhdx
	refute_output --partial 'was not closed properly'
	assert_same_as_qemu image.vhdx
	cmp raw by-us
}

@test "children: sectors of their own, the rest of the parent's, in a chain" {
	make_raw
	make_image base.vhdx subformat=dynamic,block_size=2M
	child base.vhdx one.vhdx --write 512:1024:0xa1 --write 2097152:2097152:0xa2 \
		--write 101711872:512:0xa3
	# levels, and the ways to name a parent
	child one.vhdx two.vhdx --path 'absolute_win32_path=C:\vm\one.vhdx' \
		--path 'relative_path=.\one.vhdx' \
		--write 1024:512:0xb1 --write 41943040:512:0xb2
	put raw a1 512 1024
	put raw a2 2097152 2097152
	put raw a3 101711872 512
	vd cat -o by-us one.vhdx
	cmp raw by-us
	run vd check one.vhdx
	assert_success
	put raw b1 1024 512
	put raw b2 41943040 512
	vd cat -o by-us two.vhdx
	cmp raw by-us
	run vd info two.vhdx
	assert_line 'format: vhdx (differencing)'
}

@test "children are written: sector by sector, the parent stays as it is" {
	make_raw
	make_image base.vhdx subformat=dynamic,block_size=1M
	child base.vhdx child.vhdx --write 512:1024:0xa1
	put raw a1 512 1024
	sha256sum base.vhdx >base.sum
	start_server child.vhdx
	for target in "-f raw $url" '-f raw raw'; do
		# shellcheck disable=SC2086 # two words
		qemu-io -c 'write -P 0xc1 40M 512' -c 'write -P 0xc2 41943552 5M' -c flush \
			-c 'write -P 0xc3 1047552 2048' $target >/dev/null
	done
	qemu-img compare -f raw -F raw "$url" raw
	stop_server
	vd cat child.vhdx | cmp - raw
	run -0 vd check child.vhdx
	sha256sum -c base.sum
}

@test "a missing parent and another parent are refused by name" {
	make_raw
	make_image base.vhdx block_size=1M
	child base.vhdx child.vhdx
	start_server base.vhdx
	qemu-io -f raw -c 'write -P 1 0 512' "$url" >/dev/null
	stop_server
	run vd cat child.vhdx
	assert_failure 1
	assert_output --partial 'was written to since'
	rm base.vhdx
	run vd cat child.vhdx
	assert_failure 1
	assert_output --partial 'base.vhdx'
	# under another name it is known by its id
	make_image base.vhdx block_size=1M
	child base.vhdx child.vhdx
	mv base.vhdx renamed
	vd cat -o got.raw child.vhdx
	mkdir elsewhere
	mv renamed elsewhere
	make_image base.vhdx block_size=1M
	child base.vhdx child.vhdx --path 'relative_path=json:{"driver":"raw"}'
	mv base.vhdx elsewhere
	run vd cat child.vhdx
	assert_failure 1
}

@test "damaged images are refused with file and offset" {
	make_raw
	make_image good.vhdx block_size=1M
	cp good.vhdx bad.vhdx
	truncate -s 5M bad.vhdx
	run "$HOST/bin/vdattach" serve -s socket bad.vhdx
	assert_failure 1
	assert_output --regexp 'bad.vhdx: VHDX BAT entry [0-9a-f]+ at offset [0-9]+: the block is not inside the file'
	run vd check bad.vhdx
	assert_failure 1
	cp good.vhdx bad.vhdx
	put bad.vhdx ff 65600 4
	put bad.vhdx ff 131136 4
	run vd info bad.vhdx
	assert_failure 1
	assert_output --partial 'both VHDX headers'
}

@test "a fixed image attached through loop: a child of it notices" {
	make_raw
	make_image base.vhdx subformat=fixed,block_state_zero=off,block_size=1M
	child base.vhdx child.vhdx
	vd cat -o by-us child.vhdx
	cmp raw by-us
	device=$(vd -e loop base.vhdx)
	cmp raw "$device"
	printf changed | dd of="$device" bs=7 conv=notrunc status=none
	vd detach "$device"
	printf changed | dd of=raw bs=7 conv=notrunc status=none
	assert_same_as_qemu base.vhdx
	cmp raw by-us
	run vd cat child.vhdx
	assert_failure 1
	assert_output --partial 'was written to since'
}

# Makes the logical sectors of a VHDX ones of 4096 bytes: [MS-VHDX] 2.6.2.4.
set_4096() {
	python3 - "$1" <<-'EOF'
		import sys
		with open(sys.argv[1], 'r+b') as f:
		    data = f.read()
		    table = data.index(b'metadata\0\0')
		    item = data.index(bytes.fromhex('1dbf41816fa90947ba47f233a8faab5f'), table)
		    f.seek(table + int.from_bytes(data[item + 16:item + 20], 'little'))
		    f.write((4096).to_bytes(4, 'little'))
	EOF
}

@test "sectors of 4096 bytes are those of the partition table and of the device" {
	truncate -s 64M raw
	device=$(losetup -b 4096 --show -f raw)
	echo 'start=256, size=1024, type=83' | sfdisk -q "$device"
	losetup -d "$device"
	printf 'first partition' | dd of=raw bs=4096 seek=256 conv=notrunc status=none
	make_image disk.vhdx subformat=fixed,block_state_zero=off,block_size=1M
	set_4096 disk.vhdx
	run -0 vd info --json disk.vhdx
	assert_equal "$(jq -r '.partitions[0] | "\(.start) \(.length)"' <<<"$output")" \
		'1048576 4194304'
	device=$(vd -e loop disk.vhdx)
	run -0 blockdev --getss "$device"
	assert_output 4096
	run -0 head -c 15 "${device}p1"
	assert_output 'first partition'
	vd detach "$device"
}
