#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The file system that holds the image is full, or loses what it was to write.

load lib

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir small big
}

teardown() {
	cd /
	if [ -n "${pid:-}" ]; then kill "$pid" 2>/dev/null || true; fi
	for dir in big small; do
		if mountpoint -q "$BATS_TEST_TMPDIR/$dir"; then umount "$BATS_TEST_TMPDIR/$dir"; fi
	done
}

io() { # COMMAND...
	local command args=()
	for command; do args+=(-c "$command"); done
	qemu-io -t writeback -f raw "${args[@]}" "nbd+unix:///?socket=$BATS_TEST_TMPDIR/socket" \
		>io.log
}

# What a file system takes for itself while it writes it gives back when it has: so more than once.
fill_up() { # DIR
	local before=
	: >"$1/filler"
	while [ "$(stat -c %b "$1/filler")" != "$before" ]; do
		before=$(stat -c %b "$1/filler")
		dd if=/dev/zero of="$1/filler" bs=1M oflag=append conv=notrunc status=none \
			2>/dev/null || true
		dd if=/dev/zero of="$1/filler" bs=1k oflag=append conv=notrunc status=none \
			2>/dev/null || true
		sync -f "$1"
	done
}

full_host() { # FORMAT [OPTIONS]
	truncate -s 64M fs
	mkfs.ext4 -q -F -m 0 fs
	mount -o loop fs small
	qemu-img create -q -f "$1" ${2:+-o "$2"} small/disk 256M
	start small/disk
	# of the last block only a part is written, and a part of its part of the table
	io 'write -P 1 0 7M' 'write -P 1 100M 4k' flush
	fill_up small
	# a new block may fit or not, but where the table has a hole, it is not the flush that fails
	run io 'write -P 2 150M 4k'
	run io 'write -P 2 200M 4k'
	io flush
	run io 'write -P 2 150M 40M'
	assert_failure
	# a flush still works, and so does every block that there was
	io flush 'read -P 1 0 7M' 'read -P 0 8M 1M' 'read -P 1 100M 4k' 'read -P 0 254M 1M'
	io 'write -P 3 0 7M' 'write -P 3 100M 64k' flush
	grep -q 'partition that holds the image is full' served.log
	rm small/filler
	io 'write -P 4 150M 4M' flush
	stop
	run -0 vd check small/disk
	qemu-img check -q -f "$1" small/disk || [ $? = 63 ] # no check for this format
	qemu-io -f "$1" -c 'read -P 3 0 7M' -c 'read -P 0 8M 1M' -c 'read -P 3 100M 64k' \
		-c 'read -P 4 150M 4M' \
		small/disk >io.log
	umount small
}

@test "host full: VDI" {
	full_host vdi
}

@test "host full: VHD" {
	full_host vpc
}

@test "host full: VMDK" {
	full_host vmdk
}

@test "host full: VHDX" {
	full_host vhdx block_size=1M
}

@test "host full: QCOW2" {
	full_host qcow2
}

# What the kernel could not write it forgets: the next fsync(2) succeeds. A flush after that must
# not.
@test "a flush that failed is not followed by one that succeeds" {
	mount -t tmpfs -o size=24m none small
	truncate -s 64M small/fs
	mkfs.ext2 -q -F -m 0 small/fs
	mount -o loop small/fs big
	qemu-img create -q -f qcow2 big/disk 256M
	start big/disk
	io 'write -P 1 0 1M' flush
	fill_up small
	run io 'write -P 2 8M 16M' flush
	assert_failure
	rm small/filler
	run io flush
	assert_failure
	kill "$pid"
	# in this shell: a subshell could not wait for it, and it keeps its lock until the end
	wait "$pid" || true
	start big/disk
	io 'write -P 3 1M 1M' flush 'read -P 1 0 1M' 'read -P 3 1M 1M'
	stop
	umount big
}

# e2fsck 1.47 takes space behind the end of a file for damage where the tree of its extents has two
# levels
@test "a host that crashes while an image grows: e2fsck replays the journal and finds nothing" {
	for writes in 115 125 135; do
		truncate -s 110M fs
		mkfs.ext4 -q -F -b 1024 fs
		mount -o loop fs small
		qemu-img create -q -f qcow2 small/disk 64M
		start small/disk
		fio --name=x --ioengine=nbd --uri="nbd+unix:///?socket=$PWD/socket" --rw=randwrite \
			--bs=1k --size=64m --number_ios=$writes \
			--norandommap --fsync=100 --randrepeat=1 >fio.log
		kill -9 "$pid"
		wait "$pid" || pid=
		sync -f small
		cp fs crashed
		umount small
		e2fsck -fp crashed >e2fsck.log || [ $? = 1 ] || {
			cat e2fsck.log
			return 1
		}
		rm fs socket
	done
}
