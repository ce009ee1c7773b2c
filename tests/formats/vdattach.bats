#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vdattach against sfdisk, sgdisk, qemu-img, qemu-io, nbdcopy's peers and the kernel.

load lib

setup() {
	cd "$BATS_TEST_TMPDIR"
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}
}

teardown() {
	cd /
	if [ -n "${pid:-}" ]; then kill "$pid" 2>/dev/null || true; fi
	if mountpoint -q "$BATS_TEST_TMPDIR/mnt"; then umount "$BATS_TEST_TMPDIR/mnt"; fi
	# what a failed test left attached
	losetup -ln -O NAME,BACK-FILE | while read -r device file; do
		case $file in "$BATS_TEST_TMPDIR"/*) losetup -d "$device" ;; esac
	done
	if mountpoint -q "$BATS_TEST_TMPDIR/ro"; then umount "$BATS_TEST_TMPDIR/ro"; fi
}

# sectors SIZE FILE COMMAND [ARG]...: runs COMMAND ARG.. on a device over FILE with sectors of SIZE bytes
sectors() {
	local status=0 device
	device=$(losetup -b "$1" --show -f "$2")
	shift 2
	"$@" "$device" || status=$?
	losetup -d "$device"
	return $status
}

# Number, start and length in bytes as another tool sees them.
by_sfdisk() { # FILE SECTOR_SIZE
	sectors "$2" "$1" sfdisk -J | jq -r --argjson s "$2" \
		'.partitiontable.partitions[] | "\(.node | capture("p(?<n>[0-9]+)$").n) \(.start * $s) \(.size * $s)"'
}

by_us() { # FILE [OPTION]...
	vd info --json "$@" | jq -r '.partitions[] | "\(.number) \(.start) \(.length)"'
}

# Text at known places, so that offsets that are wrong show.
fill() { # FILE MEGABYTE...
	local file=$1 at
	shift
	for at; do
		yes "megabyte $at of the disk" | dd of="$file" bs=64k count=1 seek=$((at * 16)) conv=notrunc iflag=fullblock status=none
	done
}

make_mbr_disk() {
	rm -f "$1"
	truncate -s 64M "$1"
	sfdisk -q "$1" <<-TABLE
		label: dos
		label-id: 0x12345678
		start=2048, size=20480, type=83
		start=22528, size=8192, type=c
		start=30720, size=90000, type=5
		start=32768, size=10240, type=83
		start=45056, size=10240, type=82
		start=57344, size=4096, type=83
	TABLE
}

make_gpt_disk() {
	rm -f "$1"
	truncate -s 64M "$1"
	sgdisk -n 1:2048:+10M -c 1:'EFI system' -t 1:ef00 -n 5:0:+20M -c 5:root -n 2:0:0 -c 2:rest "$1" >/dev/null
}

# -- partition tables ------------------------------------------------------

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
	diff <(sfdisk -J disk | jq -r '.partitiontable.partitions[] | "\(.uuid) \(.type) \(.name)"' | tr 'A-Z' 'a-z' | sort) \
		<(vd info --json disk | jq -r '.partitions[] | "\(.uuid) \(.type) \(.label)"' | tr 'A-Z' 'a-z' | sort)
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

@test "a damaged primary GPT: the backup is used and the user told" {
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
		$kind disk >/dev/null 2>&1
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
		assert_equal "$(jq -r '"\(.format) \(.variant) \(."virtual-size")"' <<<"$output")" "vhd fixed $want"
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
		assert_output --regexp "format '$format'.* recognised, but this version cannot read it"
	done
	run losetup -ln -O BACK-FILE
	refute_output --partial "$BATS_TEST_TMPDIR"
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
	diff <(qemu-img map -f raw --output=json disk | jq -c '.[]|[.start,.length,.zero,.data,.offset]') \
		<(vd map --json disk | jq -c '.[]|[.start,.length,.zero,.data,.offset]')
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
	diff <(qemu-img map -f vpc --output=json disk.vhd | jq -c '.[]|[.start,.length,.zero,.offset]') \
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

# Starts a server and waits until it listens; sets pid and url.
start_server() {
	mkfifo ready
	"$HOST/bin/vdattach" serve -s "$BATS_TEST_TMPDIR/socket" "$@" >ready 3>&- &
	pid=$!
	read -r url <ready
	rm ready
}

@test "serve: qemu reads, writes and flushes through NBD" {
	make_gpt_disk disk
	fill disk 1 30
	for image in disk disk.vhd; do
		[ $image = disk ] || qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
		start_server --once $image
		qemu-img compare -f raw -F raw "$url" <(:) 2>/dev/null || true
		wait $pid
		start_server $image
		vd cat -o before $image
		qemu-img compare -f raw -F raw before "$url"
		qemu-io -f raw -c 'write -P 0x5a 5M 1M' -c 'write -f -P 0x77 67108352 512' -c flush -c 'read -P 0x5a 5M 1M' "$url" >io.log
		run grep -c 'Pattern verification failed' io.log
		assert_output 0
		run qemu-io -f raw -c 'write 64M 512' "$url"
		assert_failure
		kill -TERM $pid
		wait $pid
		[ ! -e socket ]
		vd cat $image >after
		printf '\x5a%.0s' {1..16} | cmp -n 16 -i 0:5242880 - after
		printf '\x77%.0s' {1..16} | cmp -n 16 -i 0:67108848 - after
		run vd check $image
		assert_output --partial 'backup' # GPT's: we overwrote it on purpose
		refute_output --partial 'footer'
		make_gpt_disk disk
	done
}

@test "serve: a partition, read-only, several clients at once, nbdkit's and qemu's views agree" {
	make_mbr_disk disk
	fill disk 1 16 22
	start_server -r -p 5 disk
	vd cat -p 5 -o part disk
	run qemu-img info --output=json "$url"
	assert_equal "$(jq '."virtual-size"' <<<"$output")" 5242880
	for i in 1 2 3; do
		qemu-img compare -f raw -F raw part "$url" 3>&- &
		pids[i]=$!
	done
	wait "${pids[@]}"
	run qemu-io -f raw -c 'write 0 512' "$url"
	assert_failure
	kill -INT $pid
	wait $pid
	cmp part <(vd cat -p 5 disk)
}

@test "serve: a stale socket is replaced, a live one is not, a long path is refused" {
	truncate -s 1M disk
	truncate -s 1M other
	start_server disk
	run vd serve -s socket other
	assert_failure 1
	assert_output --partial 'in use'
	# nor is there a second server that writes
	run vd serve -s socket2 disk
	assert_failure 1
	assert_output --partial 'another program uses it'
	kill -KILL $pid
	wait $pid || true
	[ -S socket ]
	start_server disk
	kill -TERM $pid
	wait $pid
	run vd serve -s "$(printf 'x%.0s' {1..200})" disk
	assert_failure 1
	assert_output --partial 'longer than 107'
}

# -- attach ----------------------------------------------------------------

# The kernel's view of every partition of DEVICE, in bytes.
by_kernel() {
	local name=${1#/dev/} dir
	for dir in /sys/class/block/"$name"/"$name"p*; do
		echo "$(cat "$dir/partition") $(($(cat "$dir/start") * 512)) $(($(cat "$dir/size") * 512))"
	done | sort -n
}

@test "attach: the kernel has the partitions that sfdisk sees, 512 and 4096 bytes a sector" {
	make_gpt_disk gpt
	make_mbr_disk mbr
	truncate -s 64M gpt4096
	echo 'start=256, size=2000
	start=4096, size=1000' | sectors 4096 gpt4096 sfdisk -q --no-reread --no-tell-kernel -X gpt
	for image in gpt mbr gpt4096; do
		size=512
		[ $image != gpt4096 ] || size=4096
		device=$(vd $image)
		# of an extended partition the kernel shows only its first sectors
		diff <(by_sfdisk $image $size | sort -n | grep -v '^3 15728640 ') <(by_kernel "$device" | grep -v '^3 15728640 ')
		run blockdev --getss "$device"
		assert_output $size
		vd detach "$device"
	done
}

@test "attach, mount, write, detach: the file systems are clean and the data is there" {
	make_mbr_disk disk
	for image in disk disk.vhd; do
		[ $image = disk ] || qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
		tail -c 512 $image >footer
		part=$(vd -p 6 $image)
		mkfs.ext4 -q -F "$part"
		mkdir -p mnt
		mount "$part" mnt
		echo "hello from $image" >mnt/file
		run vd detach "$part"
		assert_failure 1
		assert_output --partial 'in use'
		umount mnt
		vd detach "$part"
		run losetup -ln -O BACK-FILE
		refute_output --partial "$BATS_TEST_TMPDIR/"
		vd cat -p 6 -o part $image
		e2fsck -fn part
		run debugfs -R 'cat /file' part
		assert_output --partial "hello from $image"
		[ $image = disk ] || cmp footer <(tail -c 512 $image)
	done
}

@test "attach a VHD: the device ends before the footer" {
	truncate -s 8M disk
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk disk.vhd
	device=$(vd disk.vhd)
	run blockdev --getsize64 "$device"
	assert_output $((8 * 1024 * 1024))
	yes | dd of="$device" bs=1M conv=fsync 2>/dev/null || true
	vd detach "$device"
	run vd check disk.vhd
	assert_success
	cmp <(yes | head -c 8M) <(vd cat disk.vhd)
}

@test "free: a mounted device is in use and the place is named, an unmounted one is free" {
	truncate -s 16M disk
	mkfs.ext4 -q -F disk
	device=$(vd disk)
	mkdir -p mnt
	mount "$device" mnt
	run vd free "$device"
	assert_failure 1
	assert_output --partial "mounted on $BATS_TEST_TMPDIR/mnt"
	umount mnt
	run vd free "$device"
	assert_success
	vd detach "$device"
	run vd free disk
	assert_failure 1
	assert_output --partial 'not a block device'
}

@test "attach: links, state file, list, detach by link" {
	make_mbr_disk disk
	truncate -s 1M other
	device=$(vd --state state disk)
	assert_equal "$(readlink links/EntireDisk)" "$device"
	assert_equal "$(readlink links/Partition5)" "${device}p5"
	assert_equal "$(cat state)" "loop $device"
	run vd list
	assert_line "$device rw loop 0 0 67108864 $BATS_TEST_TMPDIR/disk"
	run vd list --json
	assert_equal "$(jq -r --arg d "$device" '.[] | select(.device == $d).image' <<<"$output")" "$BATS_TEST_TMPDIR/disk"
	# a second disk does not take the names away
	second=$(vd --state state other)
	assert_equal "$(readlink links/EntireDisk)" "$device"
	assert_equal "$(tail -n 1 state)" "loop $second"
	vd detach "$second"
	vd detach links/Partition5
	[ ! -e links ]
	run vd detach "$device"
	assert_failure 1
}

@test "attach: PARTUUID, PARTLABEL, whole, and what is not there" {
	make_gpt_disk disk
	for spec in PARTLABEL=root 5 "PARTUUID=$(sgdisk -i 5 disk | sed -n 's/^Partition unique GUID: //p')"; do
		device=$(vd -p "$spec" disk)
		[[ $device == /dev/loop*p5 ]]
		vd detach "$device"
	done
	device=$(vd -p whole disk)
	[[ $device != *p* || ${device##*loop} != *p* ]]
	vd detach "$device"
	run vd -p 9 disk
	assert_failure 1
	assert_output --partial "partition '9' not found: the disk has 1 2 5"
	run vd -p PARTLABEL=nobody disk
	assert_failure 1
	run vd -p nonsense disk
	assert_failure 1
	assert_output --partial 'expected whole, a number'
	run losetup -ln -O BACK-FILE
	refute_output --partial "$BATS_TEST_TMPDIR/"
}

@test "attach: a partition that the kernel cannot hold beside the others gets a device of its own" {
	truncate -s 8M disk
	sfdisk -q disk <<<'start=2048, size=4096, type=83'
	# entry 2 overlaps entry 1: start 4096, 2048 sectors
	printf '\0\0\0\0\x83\0\0\0\0\x10\0\0\0\x08\0\0' | dd of=disk bs=1 seek=462 conv=notrunc status=none
	fill disk 2
	run vd check disk
	assert_failure 1
	assert_output --partial 'partitions 1 and 2 overlap'
	run --separate-stderr vd --state state -p 2 disk
	assert_success
	device=$output
	assert_equal "$(blockdev --getsize64 "$device")" $((2048 * 512))
	cmp "$device" <(vd cat -p 2 disk)
	assert_equal "$(head -n 1 "$device")" 'megabyte 2 of the disk'
	vd detach "$device"
	run losetup -ln -O BACK-FILE
	refute_output --partial "$BATS_TEST_TMPDIR/"
}

@test "attach: no second writer, readers may" {
	truncate -s 1M disk
	device=$(vd disk)
	ln disk alias
	run vd alias
	assert_failure 1
	assert_output --partial "already attached for writing as $device"
	# what others ask for: qemu looks at locks
	run qemu-img resize -q -f raw disk 2M
	assert_failure
	assert_output --partial 'lock'
	reader=$(vd -r disk)
	run blockdev --getro "$reader"
	assert_output 1
	vd detach "$reader"
	vd detach "$device"
}

@test "attach: a read-only host gives a read-only device, with a message" {
	mkdir ro
	truncate -s 1M ro/disk
	mount --bind ro ro
	mount -o remount,bind,ro ro
	run --separate-stderr vd ro/disk
	assert_success
	assert_equal "$(blockdev --getro "$output")" 1
	[[ $stderr == *'read-only, since it cannot be written'* ]]
	vd detach "$output"
}

@test "attach: read-only marks of an earlier user of the loop device do not stick" {
	truncate -s 1M disk
	device=$(losetup --show -f disk)
	blockdev --setro "$device"
	losetup -d "$device"
	device=$(vd disk)
	run blockdev --getro "$device"
	assert_output 0
	vd detach "$device"
}

@test "attach: a failed attach leaves nothing attached" {
	truncate -s 1M disk
	run vd --state /nonexistent/state disk
	assert_failure 1
	run bash -c "'$HOST/bin/vdattach' --links links disk >/dev/full"
	assert_failure 1
	run losetup -ln -O BACK-FILE
	refute_output --partial "$BATS_TEST_TMPDIR/"
	[ ! -e links ]
}

# -- command line ----------------------------------------------------------

@test "usage errors exit 2, failures 1, with one line that names the culprit" {
	truncate -s 1M disk
	for args in '' '--bogus disk' 'info' 'info a b' 'list x' '-p' '-b 1024 disk' 'serve disk'; do
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
	assert_output "vdattach: open '/nonexistent': No such file or directory"
	mkfifo fifo
	run vd info fifo
	assert_failure 1
	assert_output --partial 'neither a regular file nor a block device'
	run vd --help
	assert_success
	run vd --version
	assert_output --regexp '^vdattach [0-9]'
}
