#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot and where changes are kept: directories, files, devices, and what is refused instead
# of being overwritten.
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load overlayroot

@test "dir: on ext4 keeps the changes, whiteouts included" {
	two_boots -l "$IMAGES/root.sfs" -u "dir:$A/store/changes"
	[ -c "$A/store/changes/upper/etc/doomed" ]
	[ ! -e "$A/store/changes/.vi-probe" ]
	run --separate-stderr up -l "$IMAGES/root.sfs" -u "dir:$A/store/changes"
	[ "${lines[0]}" = "UPPER=dir:$A/store/changes" ]
	[ "${lines[2]}" = "FSTYPE=ext4" ]
	[ -z "$stderr" ]
}

@test "dir: on xfs and btrfs" {
	for type in xfs btrfs; do
		truncate -s 400M "$A/$type"
		"mkfs.$type" -q "$A/$type"
		mkdir -p "$A/host"
		mount -o loop "$A/$type" "$A/host"
		up -l "$IMAGES/root.sfs" -u "dir:$A/host/changes"
		change_things
		down
		run --separate-stderr up -l "$IMAGES/root.sfs" -u "dir:$A/host/changes"
		[ "${lines[2]}" = "FSTYPE=$type" ]
		things_are_changed
		down
		umount "$A/host"
	done
}

@test "file: is made, kept, and passes e2fsck" {
	two_boots -l "$IMAGES/root.sfs" -u "file:$A/store/changes.img,64m"
	[ "$(stat -c %s "$A/store/changes.img")" = 67108864 ]
	[ "$(stat -c %b "$A/store/changes.img")" -ge 131072 ]
	[ ! -e "$A/store/changes.img.new" ]
	e2fsck -fn "$A/store/changes.img"
}

@test "file: grows when a larger size is asked for" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,32m"
	change_things
	down
	run up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,200m"
	echo "$output"
	things_are_changed
	if may_resize; then
		[ "$(df --output=size -m "$RUNDIR/upper" | tail -n 1 | tr -d ' ')" -gt 170 ]
		head -c 100M /dev/zero >"$ROOT/big"
	else
		[[ $output == *"warning: cannot grow the file system of the store "*": it keeps its size"* ]]
	fi
	down
	e2fsck -fn "$A/changes.img"
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img" -s 64m
	things_are_changed
	[ "$(stat -c %s "$A/changes.img")" = 209715200 ]
}

@test "file: with something else inside is refused and kept" {
	head -c 1M /dev/urandom >"$A/precious"
	before=$(sha256sum <"$A/precious")
	refuses "no file system to write to" -l "$IMAGES/root.sfs" -u "file:$A/precious"
	[ "$(sha256sum <"$A/precious")" = "$before" ]
}

@test "file: that does not fit is refused before it is made" {
	mkdir "$A/host"
	mount -t tmpfs -o size=100m tmpfs "$A/host"
	refuses "the store needs 95 MiB, have 90 MiB (10 % stay free)" -l "$IMAGES/root.sfs" \
		-u "file:$A/host/x,95m"
	[ -z "$(ls "$A/host")" ]
	up -l "$IMAGES/root.sfs" -u "file:$A/host/x"
	[ "$(stat -c %s "$A/host/x")" = 94371840 ]
	down
	rm "$A/host/x"
	mount -o remount,ro "$A/host"
	refuses "Read-only file system" -l "$IMAGES/root.sfs" -u "file:$A/host/x,20m"
	refuses "Read-only file system" -l "$IMAGES/root.sfs" -u "dir:$A/host/x"
}

@test "file: after an unclean stop is checked" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,64m"
	change_things
	sync -f "$ROOT/new"
	cp "$A/changes.img" "$A/crashed.img"
	down
	run up -l "$IMAGES/root.sfs" -u "file:$A/crashed.img"
	echo "$output"
	[[ $output == *"was not unmounted cleanly: checking it"* ]]
	things_are_changed
	down
	e2fsck -fn "$A/crashed.img"
	run up -l "$IMAGES/root.sfs" -u "file:$A/crashed.img"
	[[ $output != *"was not unmounted"* ]]
}

@test "file: that e2fsck cannot repair by itself is refused with its status" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,64m"
	down
	debugfs -w -R 'clri <2>' "$A/changes.img" 2>/dev/null
	debugfs -w -R 'set_super_value state 2' "$A/changes.img" 2>/dev/null
	refuses "e2fsck could not repair" -l "$IMAGES/root.sfs" -u "file:$A/changes.img"
}

@test "device: ext4 keeps the changes" {
	device_with "$A/disk" mkfs.ext4 -q
	up -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	change_things
	down
	run --separate-stderr up -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	[ "${lines[0]}" = "UPPER=device:$DEVICE" ]
	[ "${lines[2]}" = "FSTYPE=ext4" ]
	things_are_changed
	down
	e2fsck -fn "$A/disk"
	[ "$(debugfs -R 'ls -p /.mkvinitrd' "$A/disk" 2>/dev/null | grep -c upper)" = 1 ]
}

@test "device: never formats what it was not told to" {
	device_with "$A/disk"
	before=$(sha256sum <"$A/disk")
	run up -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	[ "$status" -eq 1 ]
	[[ $output == *"has no file system: make one with 'mkfs.ext4 $DEVICE', or allow it with --format"* ]]
	[ "$(sha256sum <"$A/disk")" = "$before" ]
	up --format -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	change_things
	down
	up --format -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	things_are_changed
	down
	e2fsck -fn "$A/disk"
}

@test "device: read-only, encrypted, or none" {
	device_with "$A/disk" mkfs.ext4 -q
	blockdev --setro "$DEVICE"
	run up -l "$IMAGES/root.sfs" -u "device:$DEVICE"
	[[ $output == *"is read-only"* ]]
	refuses "is no block device" -l "$IMAGES/root.sfs" -u "device:$A/disk" || true
	refuses "upper device '/dev/none'" -l "$IMAGES/root.sfs" -u device:/dev/none || true
}

@test "NTFS: a directory or a device that holds no upper gets a file instead" {
	device_with "$A/disk" mkfs.ntfs -q -F
	mkdir "$A/host"
	ntfs-3g "$DEVICE" "$A/host"
	run up -l "$IMAGES/root.sfs" -u "dir:$A/host/changes" -s 40m
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"cannot hold the changes as files ("*"): using the file $A/host/changes/upper.img"* ]]
	[[ $output == *"UPPER=file:$A/host/changes/upper.img"* ]]
	change_things
	down
	umount "$A/host"
	ntfs-3g "$DEVICE" "$A/host"
	up -l "$IMAGES/root.sfs" -u "dir:$A/host/changes" -s 40m
	things_are_changed
	down
	e2fsck -fn "$A/host/changes/upper.img"
	[ "$(ls "$A/host/changes")" = upper.img ]
}

@test "a store that began as a file stays one where a directory would do" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes/upper.img,40m"
	change_things
	down
	up -l "$IMAGES/root.sfs" -u "dir:$A/changes"
	things_are_changed
}
