#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# attach by loop on this kernel: partitions, links, writers, detach; and free, which proves that a
# device is free.
load vdattach

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
		diff <(by_sfdisk $image $size | sort -n |
			grep -v '^3 15728640 ') <(by_kernel "$device" | grep -v '^3 15728640 ')
		run blockdev --getss "$device"
		assert_output $size
		vd detach "$device"
	done
}

@test "attach, mount, write, detach: the file systems are clean and the data is there" {
	make_mbr_disk disk
	for image in disk disk.vhd; do
		[ $image = disk ] ||
			qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk \
				disk.vhd
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
		all_detached "$BATS_TEST_TMPDIR"
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
	assert_equal "$(jq -r --arg d "$device" '.[] | select(.device == $d).image' <<<"$output")" \
		"$BATS_TEST_TMPDIR/disk"
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
	for spec in PARTLABEL=root 5 \
		"PARTUUID=$(sgdisk -i 5 disk | sed -n 's/^Partition unique GUID: //p')"; do
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
	all_detached "$BATS_TEST_TMPDIR"
}

@test "attach: a partition that the kernel cannot hold beside the others gets a device of its own" {
	truncate -s 8M disk
	sfdisk -q disk <<<'start=2048, size=4096, type=83'
	# entry 2 overlaps entry 1: start 4096, 2048 sectors
	printf '\0\0\0\0\x83\0\0\0\0\x10\0\0\0\x08\0\0' |
		dd of=disk bs=1 seek=462 conv=notrunc status=none
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
	all_detached "$BATS_TEST_TMPDIR"
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
	all_detached "$BATS_TEST_TMPDIR"
	[ ! -e links ]
}

# -- command line ----------------------------------------------------------

# bats test_tags=unsanitized
@test "a daemon that does not answer is named by list, each time, and no second writer is let in" {
	truncate -s 8M disk
	cat >silent.py <<-'PY'
		import signal, socket
		server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		server.bind("\0vdattach/nbd99/123")
		server.listen(8)
		open("listens", "w")
		signal.pause()
	PY
	# a network namespace has abstract names of its own
	cat >ask.sh <<-'SH'
		python3 silent.py 3>&- &
		silent=$!
		trap 'kill $silent' EXIT
		until [ -e listens ]; do kill -0 $silent && read -rt 0.05 <> <(:); done
		asking=()
		for _ in $(seq 10); do
			"$HOST/bin/vdattach" list >/dev/null 2>&1 3>&- &
			asking+=($!)
		done
		wait "${asking[@]}"
		timeout 30 "$HOST/bin/vdattach" list
		timeout 30 "$HOST/bin/vdattach" serve -f raw -s socket disk
	SH
	run -1 unshare -n bash ask.sh
	assert_line --partial '/dev/nbd99: its daemon has not answered for 5 s'
	assert_line --partial 'the daemon of /dev/nbd99 does not answer and may have it attached for writing'
}
