#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots over several disks, in parts, and as copies of what they lie on: what is mounted, how, and what is left to the shutdown.
# shellcheck disable=SC2154 # output: by bats
load lib.bash

state() {
	diff -u <(printf '%s\n' "$@") "$ROOT/run/initramfs/state"
}

# finds LINE...: findimg answers so, whatever it is asked for
finds() {
	printf '%s\n' "$@" >"$ROOT/answer"
	fake findimg <<'FAKE'
cat "$ROOT/answer"
FAKE
}

members() {
	finds DEVICE=/dev/vda FSTYPE=btrfs UUID=1234 MEMBER=/dev/vdb MEMBER=/dev/vdc
	cmdline 'root=UUID=1234 ro'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -H UUID=1234' 'mount -t btrfs -o ro /dev/vda /newroot' &&
		state 'device /dev/vda' 'device /dev/vdb' 'device /dev/vdc'
}
@test "every disk of the root's file system is to be free at the end" { both members; }

degraded() {
	finds DEVICE=/dev/vda FSTYPE=btrfs UUID=1234 INCOMPLETE=1
	cmdline "$1"
	boot
	calls 'findimg --state /run/initramfs/state -t 30 --degraded -H UUID=1234' "mount -t btrfs -o $2 /dev/vda /newroot"
}
@test "a root that lacks disks: vi.degraded" { both degraded 'root=UUID=1234 ro vi.degraded' ro,degraded; }
@test "a root that lacks disks: rootflags=degraded" {
	both degraded 'root=UUID=1234 rw rootflags=degraded,noatime' rw,degraded,noatime
}

degraded_store() {
	finds DEVICE=/dev/vdb FSTYPE=btrfs UUID=1234 INCOMPLETE=1
	cmdline 'root=UUID=1234 vi.degraded vi.persist=device:LABEL=store'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 --degraded -w -m /run/initramfs/store -H LABEL=store' \
		'overlayroot --state /run/initramfs/state -l /dev/vdb -u dir:/run/initramfs/store/.mkvinitrd /newroot'
}
@test "a store that lacks disks is mounted so" { both degraded_store; }

xfs_copy() {
	finds DEVICE=/dev/vda1 FSTYPE=xfs UUID=1234 FILE=/run/initramfs/host/x.img
	cmdline 'vi.image=/x.img vi.part=1 vi.persist=none'
	echo '/dev/vda1 /run/initramfs/host xfs rw 0 0' >"$ROOT/proc/mounts"
	boot
	calls 'mount -t xfs -o ro,nouuid /dev/vda1 /newroot'
}
@test "an XFS root that may be a copy of its host is mounted without a look at UUIDs" { both xfs_copy; }

btrfs_copy() {
	finds DEVICE=/dev/vda1 FSTYPE=btrfs UUID=1234 FILE=/run/initramfs/host/x.img
	fake mount <<'FAKE'
case $* in *btrfs*newroot) exit 1 ;; esac
FAKE
	mkdir -p "$ROOT/sys/fs/btrfs/1234"
	cmdline 'vi.image=/x.img vi.part=1 vi.persist=none panic=-1'
	boot
	said '/dev/vda1 is a copy of a btrfs that is mounted, with the same UUID (1234)' && said 'btrfstune -u'
}
@test "a btrfs root that is a copy of its host is refused by a kernel that cannot have both" { both btrfs_copy; }
