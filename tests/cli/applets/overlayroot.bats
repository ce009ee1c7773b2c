#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot on this machine's kernel: each kind of lower and upper, two mounts in a row. Runs as
# root.
# FAT is not here (few build machines have it): NTFS by FUSE stands for the file systems that hold
# no upper.
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load overlayroot

@test "help and version go to stdout, misuse exits 2" {
	run --separate-stderr "$OVERLAYROOT" --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -le 20 ]
	run "$OVERLAYROOT" --version
	[[ $output =~ ^overlayroot\ [0-9] ]]
	for arguments in "" "a" "-l a" "-l a b c" "-l a -s 5x b" "-l a -s 101% b" "-l a -u foo b" \
		"-l a -u dir:x b" \
		"-l a: b" "-l a -l b c" "-l a --nonsense b" "-l"; do
		# shellcheck disable=SC2086 # a list of words
		run --separate-stderr "$OVERLAYROOT" $arguments
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ $stderr == *"Try 'overlayroot --help'."* ]]
	done
}

@test "squashfs under RAM: writable, forgotten, and the root directory looks like the lower's" {
	run --separate-stderr up -l "$IMAGES/root.sfs" -u ram:10%
	[ "${lines[0]}" = "UPPER=ram:10%" ]
	[ "${lines[1]}" = "LOWER=$IMAGES/root.sfs" ]
	[ "${lines[2]}" = "FSTYPE=tmpfs" ]
	[ "$(stat -c '%u:%g %a' "$ROOT")" = "12:34 2751" ]
	[ "$(getfattr --absolute-names --only-values -n user.root "$ROOT")" = yes ]
	change_things
	things_are_changed
	down
	nothing_left
	up -l "$IMAGES/root.sfs"
	[ "$(cat "$ROOT/etc/hostname")" = lower ]
	[ -e "$ROOT/etc/doomed" ]
}

@test "the static program: squashfs and erofs under RAM" {
	OVERLAYROOT="$MUSL/bin/overlayroot"
	for image in root.sfs root.erofs; do
		up -l "$IMAGES/$image" -s 20m
		change_things
		things_are_changed
		[ "$(df --output=size -m "$RUNDIR/upper" | tail -n 1 | tr -d ' ')" = 20 ]
		down
		nothing_left
	done
}

@test "as many layers as the kernel's page of options can name, the first on top" {
	local i lowers=''
	for i in $(seq 0 399); do
		mkdir -p "$A/l/$i"
		echo "$i" >"$A/l/$i/which"
		echo "$i" >"$A/l/$i/only-$i"
		lowers="$lowers${lowers:+:}$A/l/$i"
	done
	up -l "$lowers"
	[ "$(cat "$ROOT/which")" = 0 ]
	[ "$(cat "$ROOT/only-399")" = 399 ]
	echo new >"$ROOT/which"
	down
	nothing_left
	for i in $(seq 400 499); do
		mkdir "$A/l/$i"
		lowers="$lowers:$A/l/$i"
	done
	run up -l "$lowers"
	[ "$status" = 1 ]
	[[ $output == *"500 layers: their names do not fit the "*" bytes of options"* ]]
	nothing_left
}

@test "several lowers, the first on top; colons, commas, spaces in names" {
	local top="$A/a:b,c d"
	mkdir -p "$top/etc"
	echo top >"$top/etc/hostname"
	cp "$IMAGES/root.erofs" "$A/x:y"
	up -l "$A/a\\:b,c d:$A/x\\:y:$IMAGES/root.sfs"
	[ "$(cat "$ROOT/etc/hostname")" = top ]
	[ "$(cat "$ROOT/usr/bin/hard")" = lower ]
	down
	up -l "$A/x:y"
	[ "$(cat "$ROOT/etc/hostname")" = lower ]
	change_things
	things_are_changed
}

@test "a directory as lower is never written to" {
	cp -a "$IMAGES/tree" "$A/lower"
	up -l "$A/lower"
	change_things
	run touch "$RUNDIR/lower0/x"
	[ "$status" -ne 0 ]
	down
	diff -r "$IMAGES/tree" "$A/lower"
}

@test "a block device as lower keeps every byte" {
	device_with "$A/disk" mkfs.ext4 -q -d "$IMAGES/tree"
	before=$(sha256sum <"$A/disk")
	up -l "$DEVICE" -u ram
	[ "$(cat "$ROOT/etc/hostname")" = lower ]
	change_things
	down
	[ "$(sha256sum <"$A/disk")" = "$before" ]
}

@test "an image whose journal was not replayed is used without, with a warning, unchanged" {
	truncate -s 64M "$A/disk"
	mkfs.ext4 -q -d "$IMAGES/tree" "$A/disk"
	mkdir "$A/host"
	mount -o loop "$A/disk" "$A/host"
	echo dirty >"$A/host/dirty"
	sync "$A/host/dirty"
	cp "$A/disk" "$A/crashed"
	umount "$A/host"
	before=$(sha256sum <"$A/crashed")
	run up -l "$A/crashed"
	[ "$status" -eq 0 ]
	[[ $output == *"warning: lower '$A/crashed' was not unmounted cleanly"* ]]
	[ "$(cat "$ROOT/etc/hostname")" = lower ]
	down
	[ "$(sha256sum <"$A/crashed")" = "$before" ]
}

@test "another lower than the changes were made on is reported, at each boot until accepted" {
	up -l "$IMAGES/root.sfs" -u "dir:$A/changes"
	change_things
	down
	cp "$IMAGES/root.sfs" "$A/copy.sfs"
	run up -l "$A/copy.sfs" -u "dir:$A/changes"
	[[ $output != *"another lower"* ]]
	down
	for _ in 1 2; do
		run up -l "$IMAGES/other.sfs" -u "dir:$A/changes"
		[ "$status" -eq 0 ]
		[[ $output == *"warning: the changes in dir:$A/changes were made on another lower"* ]]
		things_are_changed
		down
	done
	rm "$A/changes/lower.id"
	run up -l "$IMAGES/other.sfs" -u "dir:$A/changes"
	[[ $output != *"another lower"* ]]
}

@test "another directory as the lower is reported: renamed it is the same, in its place it is another" {
	device_with "$A/host.ext4" mkfs.ext4 -q
	mkdir "$A/host"
	mount "$DEVICE" "$A/host"
	mkdir "$A/host/one" "$A/host/two"
	up -l "$A/host/one" -u "dir:$A/changes"
	down
	umount "$A/host"
	mount "$DEVICE" "$A/host"
	mv "$A/host/one" "$A/host/moved"
	run up -l "$A/host/moved" -u "dir:$A/changes"
	[ "$status" -eq 0 ]
	[[ $output != *"another lower"* ]]
	down
	mv "$A/host/two" "$A/host/one"
	run up -l "$A/host/one" -u "dir:$A/changes"
	[ "$status" -eq 0 ]
	[[ $output == *"warning: the changes in dir:$A/changes were made on another lower"* ]]
	down
	mkdir "$A/ram"
	mount -t tmpfs lower "$A/ram" && mkdir "$A/ram/root" "$A/ram/other"
	rm "$A/changes/lower.id"
	up -l "$A/ram/root" -u "dir:$A/changes"
	down
	run up -l "$A/ram/root" -u "dir:$A/changes"
	[[ $output != *"another lower"* ]]
	down
	run up -l "$A/ram/other" -u "dir:$A/changes"
	[[ $output == *"another lower"* ]]
	down
	umount "$A/ram"
}

@test "a store that is nearly full is reported" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,100m"
	head -c 80M /dev/zero >"$ROOT/big"
	down
	run up -l "$IMAGES/root.sfs" -u "file:$A/changes.img"
	[ "$status" -eq 0 ]
	[[ $output == *"is nearly full: "*" MiB are free"* ]]
}

@test "a full store gives ENOSPC, and nothing breaks" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,32m"
	run dd if=/dev/zero of="$ROOT/big" bs=1M count=100 status=none
	[ "$status" -ne 0 ]
	[[ $output == *"No space left"* ]]
	rm "$ROOT/big"
	change_things
	down
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img"
	things_are_changed
}

@test "what is wrong is named, and nothing stays mounted" {
	refuses "lower '$A/none': No such file" -l "$A/none"
	head -c 100k /dev/urandom >"$A/junk"
	refuses "lower '$A/junk' has no file system that is known" -l "$IMAGES/root.sfs:$A/junk"
	truncate -s 32M "$A/cut.ext4"
	mkfs.ext4 -q "$A/cut.ext4"
	truncate -s 1M "$A/cut.ext4"
	refuses "mount ext4 /dev/loop" -l "$IMAGES/root.sfs:$A/cut.ext4"
	: >"$A/file"
	ROOT="$A/file" refuses "Not a directory" -l "$IMAGES/root.sfs" -u "dir:$A/changes"
	ROOT="$A/root"
	refuses "absolute path without colon" --run "$A/a:b" -l "$IMAGES/root.sfs"
	refuses "record the mounts" --state "$A/none/state" -l "$IMAGES/root.sfs"
}

@test "a second root in the same place is refused, in another it works" {
	up -l "$IMAGES/root.sfs"
	run "$OVERLAYROOT" --run "$RUNDIR" -l "$IMAGES/root.erofs" "$A/second"
	[ "$status" -eq 1 ]
	[[ $output == *"is in use by another root: choose another --run"* ]]
	[ "$(cat "$ROOT/etc/hostname")" = lower ]
}

@test "the state file has what was stacked, the oldest first" {
	device_with "$A/disk" mkfs.ext4 -q
	up -l "$IMAGES/root.sfs:$IMAGES/tree" -u "device:$DEVICE"
	[ "$(sed 's,/dev/loop[0-9]*,/dev/loopN,' "$STATE")" = "loop /dev/loopN
mount $RUNDIR/lower0
mount $RUNDIR/lower1
mount $RUNDIR/store
mount $RUNDIR/upper" ]
}

@test "-n prints the mounts and does none" {
	run --separate-stderr up -n -l "$IMAGES/root.sfs:$IMAGES/tree" -u ram:1g
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "mount -t squashfs -o loop,ro $IMAGES/root.sfs $RUNDIR/lower0" ]
	[ "${lines[1]}" = "mount -o bind,ro $IMAGES/tree $RUNDIR/lower1" ]
	[ "${lines[2]}" = "mount -t tmpfs -o mode=0755,size=1073741824 upper $RUNDIR/upper" ]
	[[ ${lines[3]} == "mount -t overlay -o lowerdir=$RUNDIR/lower0:$RUNDIR/lower1,upperdir="*" overlay $ROOT" ]]
	[ ! -e "$RUNDIR" ]
	up -n -l "$IMAGES/root.sfs" -u "file:$A/x,1g"
	up -n -l "$IMAGES/root.sfs" -u "dir:$A/x"
	[ ! -e "$A/x" ]
	nothing_left
}
