#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# attach -e fuse on this kernel: the daemon and its last transport, with the static program.

load lib

vd() {
	timeout 60 "$MUSL/bin/vdattach" --links "$BATS_TEST_TMPDIR/links" "$@"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	mkdir m
	device=
}

teardown() {
	cd "$BATS_TEST_TMPDIR" || exit
	[ -z "${holder:-}" ] || kill "$holder" 2>/dev/null || :
	! mountpoint -q m || umount m
	[ -z "$device" ] || timeout 60 "$MUSL/bin/vdattach" detach "$device" || :
	# one that hangs would hang whoever looks at disks, and every test that comes
	pkill -KILL -f "^@vdattach .*$BATS_TEST_TMPDIR/" || :
}

# A process of the daemon: "pid" (the supervisor) or "worker", as list tells.
process() { vd list --json | sed -n "s,.*\"$device\".*\"$1\": \([0-9]*\).*,\1,p"; }
supervisor() { process pid; }
worker() { process worker; }

# monitor SUPERVISOR WORKER: the third process with the same command line
monitor() {
	local pid
	for pid in $(pgrep -x vdattach); do
		[ "$pid" = "$1" ] || [ "$pid" = "$2" ] ||
			! cmp -s "/proc/$pid/cmdline" "/proc/$1/cmdline" || echo "$pid"
	done
}

# Until another one than $2 is there.
await_other() {
	for _ in $(seq 600); do
		now=$("$1" 2>/dev/null) || now=
		[ -z "$now" ] || [ "$now" = "$2" ] || return 0
		sleep 0.05
	done
	return 1
}

attach() {
	qemu-img create -q -f "$1" image 256M
	device=$(vd -e fuse image)
	[ -b "$device" ]
}

write_files() {
	for i in 1 2 3 4 5 6; do
		dd if=/dev/urandom of="m/$i" bs=1M count=12 conv=fsync status=none || return 1
	done
}

# A worker that is killed between taking a block and naming it leaves that block behind, unused: one
# for each table that the request needed. $2 is how many may be there at most. QCOW2: the next
# worker frees them.
sound() {
	case $1 in vpc | raw) return ;; esac
	qemu-img check --output=json image >found || [ $? = 3 ]
	[ "$(jq '.["check-errors"] + (.corruptions // 0)' found)" = 0 ]
	[ "$(jq '.leaks // 0' found)" -le "$2" ]
}

# finish FORMAT [LEAKS]
finish() {
	sha256sum m/* >sums
	umount m
	vd detach "$device"
	device=
	sound "$1" "${2:-0}"
	qemu-img convert -O raw image flat
	mount -o loop,ro flat m
	sha256sum --quiet -c sums
	umount m
}

@test "each dynamic format: workers are killed while files are written" {
	for format in qcow2 vdi vpc vmdk vhdx; do
		attach "$format"
		mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=0 -O ^has_journal "$device"
		mount "$device" m
		rm -rf m/lost+found
		write_files 3>&- &
		writer=$!
		for _ in 1 2 3; do
			pid=$(worker)
			kill -9 "$pid"
			await_other worker "$pid"
		done
		wait "$writer"
		echo 3 >/proc/sys/vm/drop_caches
		leaks=9
		[ "$format" != qcow2 ] || leaks=0
		finish "$format" "$leaks"
		rm image flat
	done
}

@test "supervisor, then worker are killed" {
	attach vdi
	mkfs.ext4 -q -F "$device"
	mount "$device" m
	rm -rf m/lost+found
	pid=$(supervisor)
	kill -9 "$pid"
	await_other supervisor "$pid"
	write_files
	finish vdi
}

@test "any two of the daemon's processes are killed at once while files are written" {
	attach qcow2
	mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=0 -O ^has_journal "$device"
	mount "$device" m
	rm -rf m/lost+found
	write_files 3>&- &
	writer=$!
	for pair in 'supervisor worker' 'supervisor monitor' 'worker monitor' \
		'supervisor worker'; do
		supervisor=$(supervisor) worker=$(worker)
		monitor=$(monitor "$supervisor" "$worker")
		[ -n "$monitor" ]
		first=${pair% *} second=${pair#* }
		kill -9 "${!first}" "${!second}"
		for role in $pair; do
			[ "$role" = monitor ] || await_other "$role" "${!role}"
		done
		supervisor=$(supervisor) worker=$(worker)
		for _ in $(seq 600); do
			[ -z "$(monitor "$supervisor" "$worker")" ] || break
			sleep 0.05
		done
	done
	wait "$writer"
	echo 3 >/proc/sys/vm/drop_caches
	finish qcow2 9
	# nobody is left behind
	[ -z "$(pgrep -f "@vdattach.*$BATS_TEST_TMPDIR")" ]
}

@test "a worker or supervisor that is killed while the disk is being attached: attach ends, with the disk or without" {
	qemu-img create -q -f vdi image 61M
	printf 'start=2048,size=4096\n' >table
	device=$(vd -e fuse image)
	sfdisk -q "$device" <table
	vd detach "$device"
	device=
	for role in worker supervisor; do
		python3 "$BATS_TEST_DIRNAME/kill-starting" "$role" "${KILLS:-25}" \
			"$MUSL/bin/vdattach" --links "$PWD/links" -e fuse image
	done
	[ -z "$(losetup --list --noheadings --output NAME,SIZELIMIT | awk -v size=$((61 << 20)) '$2 == size { print $1 }')" ]
	vd check image
	[ -z "$(pgrep -f "@vdattach.*$BATS_TEST_TMPDIR")" ]
}

# Takes the image's lock from the worker that is killed, before the next one has it; writes "locked",
# and holds it until it is killed itself.
take_lock() {
	python3 -c 'import fcntl, struct, signal, sys
file = open(sys.argv[1], "r+b")
fcntl.fcntl(file, 38, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)) # F_OFD_SETLKW
open("locked", "w")
signal.pause()' image >/dev/null 3>&- &
	holder=$!
}

@test "a worker that is killed, and its image stays locked for a while: the daemon answers, and the next worker goes on" {
	attach qcow2
	for supervisor_ends in no yes; do
		rm -f locked
		supervisor=$(supervisor) worker=$(worker)
		take_lock
		until grep -q -- "-> OFDLCK .*:$(stat -c %i image) " /proc/locks; do
			kill -0 "$holder"
			read -rt 0.02 <> <(:) || true
		done
		# the next worker is not to be the first
		monitor=$(monitor "$supervisor" "$worker")
		kill -STOP "$supervisor" "$monitor"
		kill -9 "$worker"
		until [ -e locked ]; do
			kill -0 "$holder"
			read -rt 0.02 <> <(:) || true
		done
		[ "$supervisor_ends" = no ] || kill -9 "$supervisor"
		kill -CONT "$monitor"
		[ "$supervisor_ends" = yes ] || kill -CONT "$supervisor"
		[ "$supervisor_ends" = no ] || await_other supervisor "$supervisor"
		run timeout 60 "$MUSL/bin/vdattach" list
		assert_line --partial "$device rw fuse"
		kill "$holder"
		holder=
		await_other worker "$worker"
		timeout 60 dd if=/dev/urandom of="$device" bs=1M count=1 conv=fsync status=none
	done
	vd detach "$device"
	device=
	qemu-img check -q image
}

@test "a mounted disk is not detached, a partition table is read, discards arrive" {
	attach qcow2
	mkfs.ext4 -q -F -E nodiscard "$device"
	mount "$device" m
	run vd detach "$device"
	assert_failure
	assert_output --partial 'in use'
	dd if=/dev/urandom of=m/big bs=1M count=50 conv=fsync status=none
	before=$(stat -c %b image)
	rm m/big
	sync -f m
	fstrim m
	[ "$(stat -c %b image)" -lt $((before - 40 * 2048)) ]
	umount m
	printf 'start=2048,size=4096\n' | sfdisk -q --no-reread --force "$device"
	vd detach "$device"
	device=$(vd -e fuse image)
	[ -b "${device}p1" ]
	vd detach "$device"
	device=
}

@test "a detach by others while it is mounted: the disk goes with its last user, whole, and that is no error at the end" {
	qemu-img create -q -f vhdx image 64M
	device=$(vd --state state -e fuse image)
	mkfs.ext4 -q "$device"
	mount "$device" m
	losetup -d "$device"
	dd if=/dev/urandom of=m/file bs=1M count=20 status=none
	sum=$(sha256sum <m/file)
	umount m
	vd detach --if-attached "$device"
	run -1 vd detach "$device"
	vd detach --if-attached "$device"
	qemu-img check -q image
	device=$(vd -r -e fuse image)
	mount -o ro "$device" m
	[ "$(sha256sum <m/file)" = "$sum" ]
	umount m
	vd detach "$device"
	device=
}

@test "read-only" {
	qemu-img create -q -f vhdx image 64M
	device=$(vd -r -e fuse image)
	[ "$(blockdev --getro "$device")" = 1 ]
	cmp -n 67108864 "$device" /dev/zero
	vd detach "$device"
	device=
	qemu-img check -q image
}
