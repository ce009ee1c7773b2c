#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The disks of the root are watched while it runs, and no more when it ends.
# shellcheck disable=SC2086 # "busybox ash"
load lib.bash

watched() {
	echo EXITRD >"$ROOT/bin/exitrd"
	fake exitrd <<<'exit 0'
	cmdline 'root=/dev/vda1 rw'
	boot
	calls 'mount -t ext4 -o rw /dev/vda1 /newroot' \
		'/run/initramfs/bin/exitrd --watch /run/initramfs/watch.pid /dev/vda1' \
		'switch_root /newroot /run/initramfs/bin/exitrd /sbin/init'
}
@test "what the root is on is watched" { both watched; }

watched_servers() {
	echo EXITRD >"$ROOT/bin/exitrd"
	fake exitrd <<<'exit 0'
	cmdline 'root=/dev/vda1 rw'
	# a dynamic image on a local disk is served by this machine: its disk is what can go away
	fake vdattach <<'FAKE'
[ "$1" != list ] || printf '/dev/nbd0 rw nbd-client 11 0 0 nbd://10.0.2.2/a disk\n/dev/nbd1 rw nbd 12 0 0 /host/a.vhd\n'
FAKE
	mkdir -p "$ROOT/run/initramfs"
	printf 'vdattach /dev/nbd0\nvdattach /dev/nbd1\ndevice /dev/etherd/e0.1\n' \
		>"$ROOT/run/initramfs/state"
	printf '10.0.2.2:/export /run/initramfs/a\\040b nfs4 ro 0 0\ntmpfs /run tmpfs rw 0 0\n' \
		>"$ROOT/proc/mounts"
	boot
	calls '/run/initramfs/bin/exitrd --watch /run/initramfs/watch.pid --server /dev/etherd/e0.1 /dev/etherd/e0.1 (ATA over Ethernet) /dev/vda1 --server /run/initramfs/a b 10.0.2.2:/export --server /dev/nbd0 nbd://10.0.2.2/a disk'
}
@test "servers whose files or disk are part of the root are watched, by the names that a user knows" { both watched_servers; }

unwatched() {
	echo 4711 >"$ROOT/watch.pid"
	mkdir -p "$ROOT/lib"
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	calls 'kill 4711' 'poweroff -f'
}
@test "the shutdown ends the watch first: an ejected disc is no surprise then" { both unwatched; }
