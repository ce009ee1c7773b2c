#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg beside disks that answer slowly, or never: a loop device over a file that nbdfuse has from
# nbdkit, whose answers can be held back.
# shellcheck disable=SC2154 # output, stderr: by bats
load findimg

# await COMMAND...: until it succeeds
await() {
	timeout 60 sh -c 'until "$@"; do sleep 0.1; done' - "$@"
}

# slow_disk FILE: attached; from now on nothing that is read of it is answered
slow_disk() {
	mkdir -p fuse
	: >fuse/disk
	nbdkit --foreground --exit-with-parent -P nbdkit.pid -U "$PWD/socket" --filter=pause file "$1" \
		"pause-control=$PWD/control" 3>&- &
	background=$!
	await test -s nbdkit.pid
	nbdfuse -P nbdfuse.pid fuse/disk "nbd+unix:///?socket=$PWD/socket" 3>&- &
	await test -s nbdfuse.pid
	control p
	attach fuse/disk
	slow=${loop#/dev/}
}

# control p|r: pauses, resumes
control() {
	python3 - "$PWD/control" "$1" <<'PY'
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(sys.argv[2].encode())
    assert s.recv(1) == sys.argv[2].upper().encode()
PY
}

# The server ends first: what was not answered fails, and nobody waits for it any longer.
teardown() {
	local device
	[ -z "$background" ] || kill -KILL "$background" || :
	background=''
	while read -r device; do
		umount "$device"
	done < <(awk -v d="$BATS_TEST_TMPDIR/mnt" '$2 == d { print $1 }' /proc/mounts)
	for device in $(losetup -l -n -O NAME,BACK-FILE |
		awk -v d="$BATS_TEST_TMPDIR" 'index($2, d) == 1 { print $1 }'); do
		losetup -d "$device"
	done
	! grep -q "$BATS_TEST_TMPDIR/fuse" /proc/mounts || umount -l fuse/disk
}

find_bounded() {
	run --separate-stderr timeout 100 "$findimg" --only "$devices" -m "$PWD/mnt" "$@"
}

@test "a disk that does not answer keeps nobody from the image on another, and is named" {
	ext4_image bad bad image
	ext4_image disk one image
	slow_disk bad
	attach disk
	for limit in 60 0; do
		find_bounded -t $limit /image
		assert_equal "$status" 0
		assert_equal "$(value DEVICE)" "$loop"
		grep "'/dev/$slow' has not answered for 3 s: the search continues without waiting" \
			<<<"$stderr"
		umount mnt
	done
}

@test "a disk that does not answer is given up after the timeout, with -t 0 too" {
	ext4_image bad bad image
	slow_disk bad
	for limit in 5 0; do
		find_bounded -t $limit /image
		assert_equal "$status" 3
		grep "$slow .* has not answered for [1-9][0-9]* s" <<<"$stderr"
	done
}

@test "a disk that answers late is used when it does" {
	ext4_image bad bad image
	slow_disk bad
	timeout 100 "$findimg" --only "$devices" -m "$PWD/mnt" -t 60 /image >out 2>err 3>&- &
	await grep -q 'has not answered' err
	control r
	wait $!
	grep -qx "DEVICE=/dev/$slow" out
	grep -qx "FILE=$PWD/mnt/image" out
}

@test "what was not unmounted is written to only when it is clear that no hibernated system is on a slow disk" {
	truncate -s 16M swap && mkswap -L swap swap >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of=swap bs=1 seek=4086 conv=notrunc status=none
	ext4_image disk one image
	dirty disk
	slow_disk swap
	attach disk
	timeout 100 "$findimg" --only "$devices" -m "$PWD/mnt" -t 60 -w -H LABEL=one /image >out 2>err 3>&- &
	await grep -q 'has not answered' err
	control r
	wait $! && status=0 || status=$?
	assert_equal "$status" 1
	grep "may belong to the hibernated Linux of '/dev/$slow'" err
	control p
	echo 3 >/proc/sys/vm/drop_caches
	find_bounded -t 5 -w -H LABEL=one /image
	assert_equal "$status" 0
}
