#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# VMDK against qemu-img and qemu-io, in each kind that qemu-img makes; VirtualBox's chains by their
# descriptors.

load lib

same_as_qemu() { # FILE
	qemu-img convert -f vmdk -O raw "$1" want.raw
	vd cat -o got.raw "$1"
	cmp got.raw want.raw
}

# A disk with text, noise and holes, of a size that is no multiple of a grain.
make_raw() {
	truncate -s $((37 * 1048576 - 5 * 512)) raw.img
	for at in 0 3 9 20 36; do
		yes "megabyte $at of the disk" |
			dd of=raw.img bs=64k count=5 seek=$((at * 16)) conv=notrunc \
				iflag=fullblock status=none
	done
	openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null |
		dd of=raw.img bs=512 count=333 seek=30001 conv=notrunc iflag=fullblock status=none
}

# descriptor FILE SED_SCRIPT: edits the descriptor inside a sparse file, which keeps its place and
# size.
descriptor() {
	dd if="$1" bs=512 skip=1 count=20 status=none | tr -d '\0' | sed "$2" >text
	truncate -s 10240 text
	dd if=text of="$1" bs=512 seek=1 conv=notrunc status=none
}

@test "each kind and option of qemu-img reads the same and checks clean" {
	make_raw
	for options in subformat={monolithicSparse,monolithicFlat,twoGbMaxExtentSparse,twoGbMaxExtentFlat,streamOptimized} \
		zeroed_grain=on compat6=on adapter_type=lsilogic hwversion=7; do
		rm -rf vm
		mkdir vm
		qemu-img convert -O vmdk -o "$options" raw.img vm/disk.vmdk
		vd cat -o got.raw vm/disk.vmdk
		cmp got.raw raw.img
		run -0 vd check vm/disk.vmdk
		assert_output --partial '0 errors, 0 leaks, 0 warnings'
		[[ $options != subformat=* ]] || vd info vm/disk.vmdk |
			grep -q "vmdk (${options#*=})"
	done
}

@test "a split disk of more than 2 GiB: read, and written over the border of its files" {
	for kind in Sparse Flat; do
		rm -rf vm
		mkdir vm
		qemu-img create -q -f vmdk -o "subformat=twoGbMaxExtent$kind" vm/disk.vmdk 5G
		io vmdk vm/disk.vmdk 'write -P 1 2047M 2M' 'write -P 2 4G 64k'
		start vm/disk.vmdk
		nbd_io 'read -P 1 2047M 2M' 'read -P 2 4G 64k' 'write -P 3 4095M 2M' \
			'write -P 4 2147483136 1024' 'write -P 5 5368708608 512'
		stop
		io vmdk vm/disk.vmdk 'read -P 1 2047M 1023k' 'read -P 4 2147483136 1024' \
			'read -P 3 4095M 2M' 'read -P 5 5368708608 512'
		run -0 vd check vm/disk.vmdk
		assert_output --partial '0 errors, 0 leaks, 0 warnings'
	done
}

@test "what we write qemu-img reads and finds clean; its writes afterwards we read" {
	for options in subformat=monolithicSparse zeroed_grain=on subformat=monolithicFlat; do
		rm -f disk.vmdk disk-flat.vmdk model.raw
		qemu-img create -q -f vmdk -o "$options" disk.vmdk 64M
		truncate -s 64M model.raw
		writes=('write -P 17 0 4096' 'write -P 18 9M 3M' 'write -P 19 67108352 512'
			'write -P 20 2096640 1024'
			'flush' 'write -P 21 20M 64k' 'write -P 22 1M 512')
		start disk.vmdk
		nbd_io "${writes[@]}"
		stop
		io raw model.raw "${writes[@]}"
		qemu-img check -q -f vmdk disk.vmdk
		qemu-img compare -q -f vmdk -F raw disk.vmdk model.raw
		run -0 vd check disk.vmdk
		assert_output --partial '0 errors, 0 leaks, 0 warnings'
		io vmdk disk.vmdk 'write -P 33 40M 3M' 'write -P 34 512 512'
		io raw model.raw 'write -P 33 40M 3M' 'write -P 34 512 512'
		start disk.vmdk
		nbd_io 'write -P 35 50M 1M'
		stop
		io raw model.raw 'write -P 35 50M 1M'
		same_as_qemu disk.vmdk
		cmp got.raw model.raw
	done
}

@test "a chain of snapshots by parentFileNameHint, written; the parents stay as they are" {
	make_raw
	mkdir vm
	qemu-img convert -O vmdk raw.img vm/base.vmdk
	(cd vm && qemu-img create -q -f vmdk -b base.vmdk -F vmdk one.vmdk)
	io vmdk vm/one.vmdk 'write -P 7 1000k 100k'
	(cd vm && qemu-img create -q -f vmdk -o zeroed_grain=on -b one.vmdk -F vmdk two.vmdk)
	io vmdk vm/two.vmdk 'write -z 9M 128k' 'write -P 8 20M 3072'
	same_as_qemu vm/two.vmdk
	sum=$(sha256sum vm/base.vmdk vm/one.vmdk)
	cp want.raw model.raw
	start vm/two.vmdk
	nbd_io 'write -P 9 9500000 512' 'write -P 9 3M 512' 'write -P 9 30M 70000'
	stop
	io raw model.raw 'write -P 9 9500000 512' 'write -P 9 3M 512' 'write -P 9 30M 70000'
	same_as_qemu vm/two.vmdk
	cmp got.raw model.raw
	[ "$sum" = "$(sha256sum vm/base.vmdk vm/one.vmdk)" ]
	run -0 vd info --json vm/two.vmdk
	[ "$(jq -r '.parents | map(.image | split("/")[-1]) | join(",")' <<<"$output")" = \
		'one.vmdk,base.vmdk' ]
	# whoever writes to a parent is noticed by its children, in qemu too
	start vm/one.vmdk
	nbd_io 'write -P 9 0 512'
	stop
	run -1 vd info vm/two.vmdk
	assert_output --partial 'continues content id'
	run -1 qemu-io -f vmdk -r -c 'read 0 512' vm/two.vmdk
	rm vm/base.vmdk
	run -1 vd info vm/one.vmdk
	assert_output --partial "base.vmdk', which is not there"
}

@test "mkimg of FreeBSD: the descriptor in the file does not name it" {
	qemu-img create -q -f vmdk disk.vmdk 16M
	io vmdk disk.vmdk 'write -P 1 1M 64k'
	descriptor disk.vmdk 's/"disk.vmdk"/""/'
	grep -q 'SPARSE ""' text
	vd cat -o got.raw disk.vmdk
	io raw got.raw 'read -P 0 0 1M' 'read -P 1 1M 64k'
	run -0 vd check disk.vmdk
	printf '%s\n' '# Disk DescriptorFile' version=1 CID=1 parentCID=ffffffff \
		'createType="monolithicFlat"' 'RW 2048 FLAT ""' >flat.vmdk
	run -1 vd info flat.vmdk
	assert_output --partial "names '', expected the path of a file"
}

@test "VirtualBox's children, which have their parent's UUID only, find it; without it they are refused" {
	mkdir vm
	qemu-img create -q -f vmdk vm/base.vmdk 16M
	io vmdk vm/base.vmdk 'write -P 1 1M 64k'
	qemu-img create -q -f vmdk vm/child.vmdk 16M
	io vmdk vm/child.vmdk 'write -P 2 2M 64k'
	descriptor vm/base.vmdk "\$a ddb.uuid.image=\"11111111-2222-3333-4444-555555555555\""
	descriptor vm/child.vmdk "\$a ddb.uuid.parent=\"11111111-2222-3333-4444-555555555555\""
	vd cat -o got.raw vm/child.vmdk
	io raw got.raw 'read -P 1 1M 64k' 'read -P 2 2M 64k'
	rm vm/base.vmdk
	run -1 vd cat -o got.raw vm/child.vmdk
	assert_output --partial '11111111-2222-3333-4444-555555555555, is not among the files'
}

@test "a child in VirtualBox's directory Snapshots finds a parent above that is in pieces" {
	mkdir -p vm/Snapshots
	qemu-img create -q -f vmdk -o subformat=twoGbMaxExtentSparse vm/base.vmdk 16M
	io vmdk vm/base.vmdk 'write -P 1 1M 64k'
	qemu-img create -q -f vmdk vm/Snapshots/child.vmdk 16M
	io vmdk vm/Snapshots/child.vmdk 'write -P 2 2M 64k'
	# qemu pads what it has written to with zeros
	sed -i "/^ddb.adapterType/a ddb.uuid.image=\"11111111-2222-3333-4444-555555555555\"" \
		vm/base.vmdk
	descriptor vm/Snapshots/child.vmdk \
		"\$a ddb.uuid.parent=\"11111111-2222-3333-4444-555555555555\""
	vd cat -o got.raw vm/Snapshots/child.vmdk
	io raw got.raw 'read -P 1 1M 64k' 'read -P 2 2M 64k'
}

@test "streams are read-only and say so; damage in one grain is found and nothing comes after it" {
	make_raw
	qemu-img convert -O vmdk -o subformat=streamOptimized raw.img disk.vmdk
	start disk.vmdk
	run -1 qemu-io -f raw -c 'write 0 512' "nbd+unix:///?socket=$BATS_TEST_TMPDIR/socket"
	stop
	grep -q 'can only be read' served.log
	size=$(stat -c %s disk.vmdk)
	printf '\377\377\377\377' | dd of=disk.vmdk bs=1 seek=$((size / 2)) conv=notrunc status=none
	run -1 vd check disk.vmdk
	assert_output --partial 'VMDK grain'
	run -1 vd cat -o got.raw disk.vmdk
	truncate -s $((size / 2)) disk.vmdk
	run -1 vd cat -o got.raw disk.vmdk
	# tables behind the grains, found by the footer
	cp "$BATS_TEST_DIRNAME/../fuzz/vdattach/corpus-vmdk/stream" disk.vmdk
	same_as_qemu disk.vmdk
	io raw got.raw 'read -P 1 0 4k' 'read -P 6 20k 4k' 'read -P 0 4k 16k'
	# what a transfer in larger units adds
	for more in 512 $((65536 - 1536)); do
		cp disk.vmdk padded.vmdk
		truncate -s +$more padded.vmdk
		vd cat -o padded.raw padded.vmdk
		cmp padded.raw want.raw
	done
	truncate -s -512 disk.vmdk
	run -1 vd info disk.vmdk
	assert_output --partial 'cut short'
}

@test "ESX: bases and snapshots in VMFSSPARSE and SESPARSE extents, read only" {
	make_raw
	qemu-img convert -O vmdk -o subformat=monolithicFlat raw.img base.vmdk
	truncate -s $((37 * 1048576 - 5 * 512)) delta.img
	openssl enc -aes-128-ctr -K 01 -iv 00 -in /dev/zero 2>/dev/null |
		dd of=delta.img bs=512 count=4500 seek=18001 conv=notrunc iflag=fullblock \
			status=none
	for kind in cowd sesparse; do
		"$BATS_TEST_DIRNAME/vmdk-esx" $kind delta.img $kind
		same_as_qemu $kind.vmdk
		cmp got.raw delta.img
		"$BATS_TEST_DIRNAME/vmdk-esx" $kind delta.img $kind base.vmdk
		same_as_qemu $kind.vmdk
		run -1 cmp -s got.raw delta.img
		run -0 vd check $kind.vmdk
		assert_output --partial '0 errors, 0 leaks'
		start $kind.vmdk
		run -1 qemu-io -f raw -c 'write 0 512' \
			"nbd+unix:///?socket=$BATS_TEST_TMPDIR/socket"
		stop
	done
	io raw got.raw 'read -P 0 1M 4k'
	vd cat -o got.raw cowd-delta.vmdk
	cmp got.raw delta.img
	run -1 vd info sesparse-delta.vmdk
	assert_output --partial 'attach its descriptor'
	printf '\1' | dd of=sesparse-delta.vmdk bs=1 seek=536 conv=notrunc status=none
	run -1 vd info sesparse.vmdk
	assert_output --partial 'journal'
	# VMware 3 marks what has no parent; the rest is not to be shown as if it had none
	printf '\2' | dd of=cowd-delta.vmdk bs=1 seek=8 conv=notrunc status=none
	run -1 vd info cowd-delta.vmdk
	assert_output --partial 'attach its descriptor'
	mkdir elsewhere
	mv base.vmdk elsewhere
	run -1 vd cat cowd.vmdk
	assert_output --partial "'base.vmdk', which is not there"
}

@test "a flat image is attached through the kernel's loop device" {
	qemu-img create -q -f vmdk -o subformat=monolithicFlat disk.vmdk 16M
	before=$(grep -a ^CID= disk.vmdk)
	run -0 vd attach disk.vmdk
	device=$output
	# children notice that it is written to
	grep -aq ^CID= disk.vmdk
	[ "$(grep -a ^CID= disk.vmdk)" != "$before" ]
	printf 'here' | dd of="$device" bs=512 seek=7 conv=notrunc status=none
	sync "$device"
	vd detach "$device"
	io vmdk disk.vmdk 'read -P 0x68 3584 1'
}

@test "extents outside the directory of the image, and devices, are never opened" {
	qemu-img create -q -f vmdk -o subformat=monolithicFlat disk.vmdk 16M
	mkdir vm
	for name in ../disk-flat.vmdk /dev/zero "$BATS_TEST_TMPDIR/disk-flat.vmdk" \
		nbd://localhost; do
		sed "s|FLAT \"[^\"]*\"|FLAT \"$name\"|" disk.vmdk >vm/disk.vmdk
		run -1 vd info vm/disk.vmdk
		assert_output --partial "$name"
	done
}

@test "a large empty image costs little: 2040 GiB opened, written at its end, and read" {
	qemu-img create -q -f vmdk disk.vmdk 2040G
	HOST=$MUSL start disk.vmdk # the program of the boot, not one with sanitizers in it
	nbd_io 'write -P 7 2039G 64k' 'read -P 7 2039G 64k' 'read -P 0 1000G 1M'
	resident=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	stop
	[ "$resident" -lt 16384 ]
	io vmdk disk.vmdk 'read -P 7 2039G 64k'
}

@test "a split disk of 2 TiB: a thousand files in little memory" {
	qemu-img create -q -f vmdk -o subformat=twoGbMaxExtentSparse disk.vmdk 2T
	ulimit -S -n 256
	HOST=$MUSL start disk.vmdk
	nbd_io 'write -P 7 2047G 64k' 'write -P 8 1T 4k' 'read -P 7 2047G 64k' 'read -P 0 1000G 1M'
	resident=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	stop
	[ "$resident" -lt 16384 ]
	ulimit -S -n "$(ulimit -H -n)"
	io vmdk disk.vmdk 'read -P 7 2047G 64k' 'read -P 8 1T 4k' 'read -P 0 3G 1M'
	run -0 vd check disk.vmdk
}

# split DIRECTORY: a disk of three sparse extents in it
split() {
	mkdir "$1"
	truncate -s 5G "$1/raw"
	for gib in 0 3 4; do
		dd if=/dev/urandom of="$1/raw" bs=1M seek=${gib}K count=1 conv=notrunc status=none
	done
	qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse "$1/raw" "$1/disk.vmdk"
}

# recode DIRECTORY ENCODING CODEC NAME: the extents are called NAME, in the descriptor in that
# encoding
recode() {
	python3 - "$@" <<-'END'
		import glob, os, sys
		directory, encoding, codec, name = sys.argv[1:]
		text = open(f'{directory}/disk.vmdk', 'rb').read()
		for path in glob.glob(f'{directory}/disk-s*.vmdk'):
		    piece = os.path.basename(path)
		    text = text.replace(piece.encode(), (name + piece[4:]).encode(codec))
		    os.rename(path, f'{directory}/{name}{piece[4:]}')
		text = text.replace(b'version=1\n', b'version=1\nencoding="%s"\n' % encoding.encode())
		open(f'{directory}/disk.vmdk', 'wb').write(text)
	END
}

@test "extents are found by names in the encoding of the descriptor" {
	while read -r encoding codec name; do
		split "$encoding"
		recode "$encoding" "$encoding" "$codec" "$name"
		vd cat -o out "$encoding/disk.vmdk"
		qemu-img compare -q -f raw -F raw out "$encoding/raw" # which skips holes
		rm -r "$encoding" out
	done <<-'END'
		GBK gbk 系统盘
		Big5 big5 系統碟
		Shift_JIS shift_jis ソフトｶﾅ表
		EUC-KR euc_kr 시스템
		windows-1251 cp1251 Диск
		windows-1253 cp1253 Δίσκος
	END
}

@test "of two files that a name may mean neither is used, unless they are one" {
	split one
	recode one GBK gbk 系统盘
	ln one/系统盘-s002.vmdk one/数据盘-s002.vmdk
	vd info one/disk.vmdk >info
	rm one/数据盘-s002.vmdk
	cp one/系统盘-s002.vmdk one/数据盘-s002.vmdk
	run vd info one/disk.vmdk
	assert_failure 1
	assert_output --partial '系统盘-s002.vmdk'
	assert_output --partial '数据盘-s002.vmdk'
	mv one/数据盘-s002.vmdk one/Диск-s002.vmdk
	vd info one/disk.vmdk >info
}

@test "one extent of a split disk is no disk, unless -f asks for it" {
	split one
	run vd info one/disk-s001.vmdk
	assert_failure 1
	assert_output --partial "one extent of the VMDK disk 'disk.vmdk'"
	vd info -f vmdk one/disk-s001.vmdk >info
	rm one/disk.vmdk
	vd info one/disk-s001.vmdk >info
}
