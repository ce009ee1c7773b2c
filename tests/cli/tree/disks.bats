#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# scripts/lib/disks.sh: which disks there are and who uses them, from the files of a machine made up
# here, and from real loop devices.
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR"
	LIB=$BATS_TEST_DIRNAME/../../../scripts/lib
}

teardown() {
	umount m 2>/dev/null || :
	[ ! -s loop ] || losetup -d "$(cat loop)" 2>/dev/null || :
}

# call FUNCTION ARGUMENT...: by both shells, which must agree
call() {
	local first
	run dash -euc '. "$0/common.sh"; . "$0/tools.sh"; . "$0/disks.sh"; "$@"' "$LIB" "$@"
	first=$output
	run busybox ash -euc '. "$0/common.sh"; . "$0/tools.sh"; . "$0/disks.sh"; "$@"' "$LIB" "$@"
	assert_output "$first"
}

# device PATH NUMBER BYTES: a disk, partition or volume in sys/
device() {
	mkdir -p "$1/holders" "sys/class/block"
	echo "$2" >"$1/dev"
	echo $(($3 / 512)) >"$1/size"
	echo 0 >"$1/ro"
	ln -s "$PWD/$1" "sys/class/block/${1##*/}"
}

# A USB drive with two partitions, a card, an empty reader, a SATA disk with RAID and LVM on it
machine() {
	export DISKS_ROOT=$PWD
	mkdir -p sys/block proc/self sys/usb1
	: >proc/self/mountinfo
	: >proc/locks
	echo 'Filename Type Size Used Priority' >proc/swaps
	device sys/usb1/sdb 8:16 32000000000
	ln -s ../usb1/sdb sys/block/sdb
	device sys/usb1/sdb/sdb1 8:17 1000000000
	device sys/usb1/sdb/sdb2 8:18 31000000000
	echo 1 >sys/usb1/sdb/sdb1/partition
	echo 2 >sys/usb1/sdb/sdb2/partition
	mkdir sys/usb1/sdb/device
	echo 'Generic ' >sys/usb1/sdb/device/vendor
	printf 'Flash\033[31m Disk    \n' >sys/usb1/sdb/device/model
	echo 0 >sys/usb1/sdb/removable
	device sys/block/mmcblk0 179:0 8000000000
	mkdir sys/block/mmcblk0/device
	echo SD >sys/block/mmcblk0/device/type
	echo SL08G >sys/block/mmcblk0/device/name
	device sys/block/sdc 8:32 0
	echo 1 >sys/block/sdc/removable
	device sys/block/sda 8:0 500000000000
	device sys/block/sda/sda1 8:1 400000000000
	echo 1 >sys/block/sda/sda1/partition
	device sys/block/md0 9:0 400000000000
	device sys/block/dm-0 253:0 100000000000
	mkdir sys/block/dm-0/dm
	echo LVM-abc >sys/block/dm-0/dm/uuid
	echo vg-root >sys/block/dm-0/dm/name
}

@test "disks are listed with size, model and whether they can be removed; readers without a card are not" {
	machine
	call disks_list
	assert_output "$(printf 'mmcblk0\t8000000000\tyes\tSL08G\nsda\t500000000000\tno\tunknown model\nsdb\t32000000000\tyes\tGeneric Flash[31m Disk')"
	call disk_describe sdb
	assert_line --index 0 '/dev/sdb  32.0 GB  Generic Flash[31m Disk'
	assert_line --index 1 --partial '/dev/sdb1  1.0 GB'
	assert_line --index 2 --partial '/dev/sdb2  31.0 GB'
	for pair in '999:999 B' '1500:1.5 kB' '128035676160:128 GB' '4000787030016:4.0 TB'; do
		call disk_size_text "${pair%%:*}"
		assert_output "${pair#*:}"
	done
}

@test "a free disk has no users" {
	machine
	call disk_users sdb
	assert_output ''
	call disk_refusal sdb
	assert_output ''
}

@test "a mounted partition is named with its directory, also of btrfs, also with a space in it" {
	machine
	printf '36 1 8:18 / /media/my\\040disk rw - ext4 /dev/sdb2 rw\n37 1 0:55 / /data rw shared:1 - btrfs /dev/sdb1 rw\n' >proc/self/mountinfo
	call disk_refusal sdb
	assert_line '/dev/sdb2 is mounted on /media/my disk'
	assert_line '/dev/sdb1 is mounted on /data'
}

@test "the disk of the running system is named as that, through LVM on RAID" {
	machine
	: >sys/block/sda/sda1/holders/md0
	: >sys/block/md0/holders/dm-0
	echo '30 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw' >proc/self/mountinfo
	call disk_refusal sda
	assert_line '/dev/sda1 is part of the RAID array /dev/md0'
	assert_line "/dev/md0 is part of the LVM volume 'vg-root'"
	assert_line '/dev/dm-0 is mounted on /: the running system is on this disk'
}

@test "swap space, an encrypted volume and a loop device on a partition are named" {
	machine
	echo '/dev/sdb2 partition 1 0 -2' >>proc/swaps
	: >sys/usb1/sdb/sdb1/holders/dm-0
	echo CRYPT-LUKS2-abc-secret >sys/block/dm-0/dm/uuid
	mkdir -p sys/block/loop3/loop
	echo /dev/sdb1 >sys/block/loop3/loop/backing_file
	call disk_refusal sdb
	assert_line '/dev/sdb2 is swap space in use'
	assert_line "/dev/sdb1 is part of the encrypted volume 'vg-root'"
	assert_line '/dev/sdb1 is attached to a loop device (/dev/loop3)'
}

@test "a partition, an empty reader, a write-protected disk, one of large sectors and a volume are refused" {
	machine
	call disk_refusal sdb1
	assert_output '/dev/sdb1 is a partition, not a whole disk: name its disk, /dev/sdb'
	call disk_refusal sdc
	assert_output '/dev/sdc has no medium (0 bytes)'
	echo 1 >sys/block/mmcblk0/ro
	call disk_refusal mmcblk0
	assert_output '/dev/mmcblk0 is write-protected'
	echo 0 >sys/block/mmcblk0/ro
	mkdir -p sys/block/mmcblk0/queue
	echo 4096 >sys/block/mmcblk0/queue/logical_block_size
	call disk_refusal mmcblk0
	assert_output '/dev/mmcblk0 has sectors of 4096 bytes: this layout and its boot loader need sectors of 512'
	call disk_refusal dm-0
	assert_output '/dev/dm-0 is not a whole disk'
}

@test "a mistyped device, a device that is no disk, and a directory are refused; a new file is a target" {
	call target_refusal /dev/sdzz
	assert_output --partial "there is no disk '/dev/sdzz'"
	assert [ ! -e /dev/sdzz ]
	ln -s /dev/sdzz link
	call target_refusal link
	assert_output --partial "there is no disk 'link'"
	call target_refusal /dev/null
	assert_output "'/dev/null' is neither a disk nor an ordinary file"
	call target_refusal .
	assert_output "'.' is neither a disk nor an ordinary file"
	call target_refusal missing/drive.img
	assert_output --partial 'there is no directory'
	for name in drive.img -z 'my drive.img' ünïcode.img; do
		call target_refusal "$name"
		assert_output ''
		call target_kind "$name"
		assert_output new
	done
}

@test "a file behind a loop device is named with the loop device and its mount, by any name of the file" {
	truncate -s 16M image
	mke2fs -q image
	call target_refusal image
	assert_output ''
	losetup -f --show image >loop
	ln image other
	call target_refusal other
	assert_output "$PWD/other is attached to the loop device $(cat loop)"
	mkdir m
	mount "$(cat loop)" m
	call target_refusal image
	assert_line "$(cat loop) is mounted on $PWD/m"
	call target_refusal "$(cat loop)"
	assert_line "$(cat loop) is mounted on $PWD/m"
}

@test "a disk that only another mount namespace has mounted is in use" {
	truncate -s 16M image
	mke2fs -q image
	losetup -f --show image >loop
	mkdir m
	mkfifo ready done
	timeout 60 unshare -m sh -c 'mount "$1" m && : >ready && read -r _ <done' sh "$(cat loop)" \
		3>&- &
	: <ready
	call target_refusal "$(cat loop)"
	assert_output "$(cat loop) is in use: the kernel says 'Device or resource busy'"
	echo >done
	wait
}

@test "a file behind a loop device of another mount namespace, or open for writing, is in use" {
	truncate -s 16M image
	mkfifo ready done
	timeout 60 unshare -m sh -c \
		'mount -t tmpfs none "$1" && mkdir "$1/x" && mount --bind . "$1/x" && losetup -f --show "$1/x/image" >loop && : >ready && read -r _ <done' \
		sh /mnt 3>&- &
	: <ready
	call target_refusal image
	assert_output "$PWD/image is attached to the loop device $(cat loop)"
	echo >done
	wait
	losetup -d "$(cat loop)"
	rm loop
	timeout 60 sh -c 'exec 9<>image && : >ready && read -r _ <done' 3>&- &
	: <ready
	call target_refusal image
	assert_output --regexp "^$PWD/image is open for writing by process [0-9]+ \\((sh|dash)\\)\$"
	echo >done
	wait
	exec 9<image
	call target_refusal image
	assert_output ''
	exec 9<&-
}

@test "an image that a running machine has locked is in use" {
	truncate -s 1M image
	mkfifo ready done
	# who has the lock must live: in a PID namespace a dead one's is not shown
	timeout 60 flock image sh -c ': >ready && read -r _ <done' 3>&- &
	: <ready
	call target_refusal image
	assert_output --partial 'image is in use by process'
	echo >done
	wait
}
