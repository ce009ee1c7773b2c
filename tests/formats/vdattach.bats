#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vdattach against sfdisk, sgdisk, qemu-img, qemu-io, nbdcopy's peers and the kernel.
load vdattach

@test "MBR with logical partitions: the same as sfdisk" {
	make_mbr_disk disk
	diff <(by_sfdisk disk 512) <(by_us disk)
	run vd info disk
	assert_output --partial 'PARTUUID=12345678-06'
	run vd check disk
	assert_success
}

@test "GPT: the same as sfdisk, with names and PARTUUIDs" {
	make_gpt_disk disk
	diff <(by_sfdisk disk 512 | sort) <(by_us disk | sort)
	diff <(sfdisk -J disk | jq \
		-r '.partitiontable.partitions[] | "\(.uuid) \(.type) \(.name)"' | tr 'A-Z' 'a-z' |
		sort) \
		<(vd info --json disk | jq -r '.partitions[] | "\(.uuid) \(.type) \(.label)"' |
			tr 'A-Z' 'a-z' | sort)
}

@test "GPT with 4096-byte sectors is recognised by itself; an MBR needs --sector-size" {
	truncate -s 64M gpt mbr
	echo 'start=256, size=2000, name=one
	start=4096, size=1000, name=two' | sectors 4096 gpt sfdisk -q --no-reread --no-tell-kernel -X gpt
	echo 'start=256, size=2000' | sectors 4096 mbr sfdisk -q --no-reread --no-tell-kernel -X dos
	diff <(by_sfdisk gpt 4096) <(by_us gpt)
	diff <(by_sfdisk mbr 4096) <(by_us mbr -b 4096)
}

@test "GPT written by sgdisk on a 4096-byte-sector device" {
	truncate -s 64M disk
	sectors 4096 disk sgdisk -n 1:256:+8M -n 2:0:0 >/dev/null
	run vd info --json disk
	assert_output --partial '"sector-size": 4096'
	diff <(by_sfdisk disk 4096) <(by_us disk)
}

@test "hybrid MBR: GPT wins" {
	make_gpt_disk disk
	diff <(by_us disk) <(sgdisk -h 1:2:EE disk >/dev/null && by_us disk)
	run vd info disk
	assert_output --partial 'gpt (hybrid)'
}

@test "a damaged primary GPT: the backup is used, with a warning" {
	make_gpt_disk disk
	by_us disk >before
	# in the reserved field, which is never X by chance
	printf X | dd of=disk bs=1 seek=$((512 + 20)) conv=notrunc status=none
	diff before <(by_us disk 2>/dev/null)
	run vd check disk
	assert_failure 1
	assert_output --partial 'primary table is damaged'
	sgdisk -Z disk >/dev/null 2>&1 || true
	run vd info disk
	assert_output --partial 'partition table: none'
}

@test "a file system without a partition table has none" {
	for kind in 'mkfs.vfat -F 32' 'mkfs.ext4 -q -F' 'mkfs.ntfs -q -F -f'; do
		rm -f disk
		truncate -s 64M disk
		$kind ./disk >/dev/null 2>&1
		run vd info disk
		assert_success
		assert_output --partial 'partition table: none'
	done
}

# -- formats ---------------------------------------------------------------

@test "fixed VHD by qemu-img: size, contents, check" {
	make_gpt_disk disk
	fill disk 1 30 60
	for options in subformat=fixed,force_size=on subformat=fixed; do
		qemu-img convert -f raw -O vpc -o "$options" disk disk.vhd
		run vd check disk.vhd
		assert_success
		want=$(qemu-img info -f vpc --output=json disk.vhd | jq '."virtual-size"')
		run vd info --json disk.vhd
		assert_equal "$(jq -r '"\(.format) \(.variant) \(."virtual-size")"' <<<"$output")" \
			"vhd fixed $want"
		vd cat -o ours disk.vhd
		qemu-img convert -f vpc -O raw disk.vhd theirs
		cmp ours theirs
		diff <(by_us disk) <(by_us disk.vhd)
	done
}

@test "every other format is refused by its name, never attached as raw" {
	for format in qed parallels; do
		qemu-img create -q -f "$format" "disk.$format" 8M
		run vd "disk.$format"
		assert_failure 1
		assert_output --regexp \
			"format '$format'.* recognised, but this version cannot read it"
	done
	all_detached "$BATS_TEST_TMPDIR"
}

@test "what the guest of a raw disk writes into it does not change what it is" {
	truncate -s 8M secret disk
	printf 'not for guests' | dd of=secret conv=notrunc status=none
	start_server disk
	# no guest has more than the disk: a header of its own making
	qemu-img create -q -f qcow2 -F raw -b secret forged 8M
	qemu-io -f raw -c 'write -s forged 0 192k' "$url" >/dev/null
	kill "$pid"
	wait "$pid"
	pid=
	run -1 vd cat -o out disk
	assert_output --partial 'was attached as a raw disk before, and looks like qcow2 now'
	vd cat -f raw -o out disk
	cmp out disk
	run -0 vd cat -f qcow2 -o out disk
	# another image in the same file is another image
	qemu-img create -q -f qcow2 disk 8M
	run -0 vd info disk
	assert_output --partial qcow2
}

@test "a VHD that was cut short or damaged is not attached for writing" {
	truncate -s 8M disk
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
	cp disk.vhd damaged.vhd
	printf X | dd of=damaged.vhd bs=1 seek=$((8 * 1024 * 1024 + 200)) conv=notrunc status=none
	run vd damaged.vhd
	assert_failure 1
	assert_output --partial 'checksum'
	run vd check damaged.vhd
	assert_failure 1
	# the footer moved forward: a disk larger than what lies before it
	tail -c 512 disk.vhd >footer
	truncate -s 4M short.vhd
	cat footer >>short.vhd
	run vd info short.vhd
	assert_failure 1
	assert_output --partial 'the file holds only 4194304'
}

@test "a raw image of odd size is rounded down, with a warning" {
	truncate -s $((1024 * 1024 + 100)) disk
	run vd info disk
	assert_success
	assert_output --partial 'last 100 bytes are left out'
	assert_output --partial 'virtual size: 1048576'
}

# -- map, cat, serve -------------------------------------------------------

@test "map gives the extents of qemu-img map" {
	make_gpt_disk disk
	fill disk 1 17 40
	diff <(qemu-img map -f raw --output=json disk |
		jq -c '.[]|[.start,.length,.zero,.data,.offset]') \
		<(vd map --json disk | jq -c '.[]|[.start,.length,.zero,.data,.offset]')
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
	diff <(qemu-img map -f vpc --output=json disk.vhd |
		jq -c '.[]|[.start,.length,.zero,.offset]') \
		<(vd map --json disk.vhd | jq -c '.[]|[.start,.length,.zero,.offset]')
	run vd map disk
	assert_line --regexp '^17825792 +65536 +17825792 +disk$'
}

@test "cat writes a partition, sparse into a file, whole into a pipe" {
	make_mbr_disk disk
	fill disk 1 16 22
	vd cat -p 5 -o part disk
	cmp part <(dd if=disk bs=512 skip=32768 count=10240 status=none)
	cmp part <(vd cat -p 5 disk)
	[ "$(stat -c %b part)" -lt 1000 ]
	vd cat disk | cmp - disk
	# an older, longer file is replaced
	yes | head -c 9000000 >part
	vd cat -p PARTUUID=12345678-05 -o part disk
	cmp part <(vd cat -p 5 disk)
}

@test "cat stops at the first error and says where" {
	yes | head -c 4M >file
	truncate -s 4M file
	device=$(losetup --show -f file)
	truncate -s 1M file
	run bash -c "'$HOST/bin/vdattach' cat -f raw '$device' >out"
	losetup -d "$device"
	assert_failure 1
	assert_output --partial 'at offset 1048576'
	assert_equal "$(stat -c %s out)" 1048576
	yes | head -c 1M | cmp - out
	run bash -c "'$HOST/bin/vdattach' cat file >/dev/full"
	assert_failure 1
	assert_output --partial 'No space left'
	run vd cat -o file file
	assert_failure 1
	assert_output --partial 'is the image itself'
	assert_equal "$(stat -c %s file)" 1048576
}

@test "usage errors exit 2, failures 1, with one line that names the culprit" {
	truncate -s 1M disk
	for args in '' '--bogus disk' 'info' 'info a b' 'list x' '-p' '-b 1024 disk' 'serve disk' \
		suspend; do
		# shellcheck disable=SC2086
		run vd $args
		assert_failure 2
		assert_line --index 1 "Try 'vdattach --help'."
	done
	run vd -e nonsense disk
	assert_failure 1
	assert_output --partial "unknown exporter 'nonsense', expected one of loop, "
	run vd -f nonsense disk
	assert_failure 1
	run vd /nonexistent
	assert_failure 1
	assert_output "vdattach: cannot open '/nonexistent': No such file or directory"
	mkfifo fifo
	run vd info fifo
	assert_failure 1
	assert_output --partial 'neither a regular file nor a block device'
	run vd suspend nonsense
	assert_failure 1
	assert_output --regexp "^vdattach: (expected one of '.*', found 'nonsense'|this kernel cannot sleep .*)\$"
	run vd --help
	assert_success
	run vd --version
	assert_output --regexp '^vdattach [0-9]'
}

@test "text from images is escaped on a terminal and valid in JSON" {
	qemu-img create -q -f vmdk a.vmdk 4M
	sed -i $'s/monolithicSparse/mono\x1b]0;x\x07\xff\xc2\x9bxx/' a.vmdk
	run vd info a.vmdk
	assert_success
	assert_output --partial 'format: vmdk (mono\033]0;x\007\377\302\233xx)'
	vd info --json a.vmdk | jq -e '.variant' >variant
	for image in $'p\x1b[31m\x07' $'p\xff'; do
		truncate -s 4M "$image"
		qemu-img create -q -f qcow2 -b "$image" -F raw child.qcow2
		run vd info child.qcow2
		assert_success
		refute_output --regexp $'[\x01-\x09\x0b-\x1f\x7f]'
		vd info --json child.qcow2 | iconv -f UTF-8 -t UTF-8 |
			jq -e '.parents[0].image' >name
		rm "$image"
		run -1 vd info child.qcow2
		refute_output --regexp $'[\x01-\x09\x0b-\x1f\x7f]'
		iconv -f UTF-8 -t UTF-8 <<<"$output" >text
	done
}
