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
	calls 'mount -t ext4 -o rw /dev/vda1 /newroot' '/run/initramfs/bin/exitrd --watch /run/initramfs/watch.pid /dev/vda1' \
		'switch_root /newroot /run/initramfs/bin/exitrd /sbin/init'
}
@test "what the root is on is watched" { both watched; }

unwatched() {
	echo 4711 >"$ROOT/watch.pid"
	mkdir -p "$ROOT/lib"
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	calls 'kill 4711' 'poweroff -f'
}
@test "the shutdown ends the watch first: an ejected disc is no surprise then" { both unwatched; }
