#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot on this machine's kernel: each kind of lower and upper, two mounts in a row. Runs as root.
# FAT is not here (few build machines have it): NTFS by FUSE stands for the file systems that hold no upper.

# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
bats_require_minimum_version 1.5.0

setup_file() {
	export OVERLAYROOT="${OVERLAYROOT:-$HOST/bin/overlayroot}"
	export IMAGES="$BATS_FILE_TMPDIR"
	local tree="$IMAGES/tree"
	mkdir -p "$tree/etc" "$tree/usr/bin" "$tree/gone-dir/sub"
	echo lower >"$tree/etc/hostname"
	echo doomed >"$tree/etc/doomed"
	echo x >"$tree/gone-dir/sub/file"
	ln "$tree/etc/hostname" "$tree/usr/bin/hard"
	chown 12:34 "$tree" && chmod 2751 "$tree" && setfattr -n user.root -v yes "$tree"
	mksquashfs "$tree" "$IMAGES/root.sfs" -quiet -no-progress >/dev/null
	mkfs.erofs -zlz4 "$IMAGES/root.erofs" "$tree" >/dev/null 2>&1
	echo other >"$tree/etc/other"
	mksquashfs "$tree" "$IMAGES/other.sfs" -quiet -no-progress >/dev/null
	rm "$tree/etc/other"
}

setup() {
	A="$BATS_TEST_TMPDIR"
	ROOT="$A/root" RUNDIR="$A/run" STATE="$A/state"
	LOOPS=
}

teardown() {
	[ -z "${WATCHER:-}" ] || unwatch
	down
	for dir in host ram; do
		! mountpoint -q "$A/$dir" || umount "$A/$dir"
	done
	for loop in $LOOPS; do
		blockdev --setrw "$loop" # the kernel would keep that for the next user
		losetup -d "$loop"
	done
	# nothing of ours may be left attached
	! losetup -a | grep -F "$A"
}

up() { "$OVERLAYROOT" --run "$RUNDIR" --state "$STATE" "$@" "$ROOT"; }

# As the shutdown does it: the root, then the record backwards.
down() {
	local kind what
	! mountpoint -q "$ROOT" || umount "$ROOT"
	[ -f "$STATE" ] || return 0
	tac "$STATE" >"$A/reversed"
	rm "$STATE"
	while read -r kind what; do
		case $kind in
		mount) umount "$what" ;;
		loop) losetup -d "$what" ;;
		*) return 1 ;;
		esac
	done <"$A/reversed"
}

nothing_left() {
	! grep -F " $A/" /proc/self/mounts
	! losetup -a | grep -F "$A"
	[ ! -s "$STATE" ]
}

device_with() { # FILE MKFS...: a loop device of 128 MiB in $DEVICE
	truncate -s 128M "$1"
	[ $# = 1 ] || "${@:2}" "$1" >/dev/null 2>&1
	DEVICE=$(losetup -f --show "$1")
	blockdev --setrw "$DEVICE" # a former user's --setro outlives the detach
	LOOPS="$LOOPS $DEVICE"
}

change_things() {
	echo changed >"$ROOT/etc/hostname"
	echo new >"$ROOT/new"
	rm "$ROOT/etc/doomed"
	rm -r "$ROOT/gone-dir"
	mkdir "$ROOT/gone-dir"
	mv "$ROOT/usr" "$ROOT/usr2"
	setfattr -n user.a -v b "$ROOT/new"
	ln "$ROOT/new" "$ROOT/new-link"
}

things_are_changed() {
	[ "$(cat "$ROOT/etc/hostname")" = changed ]
	[ "$(cat "$ROOT/new")" = new ]
	[ ! -e "$ROOT/etc/doomed" ]
	[ -z "$(ls "$ROOT/gone-dir")" ]
	[ ! -e "$ROOT/usr" ]
	[ "$(cat "$ROOT/usr2/bin/hard")" = lower ]
	[ "$(getfattr --only-values -n user.a "$ROOT/new" 2>/dev/null)" = b ]
	[ "$(stat -c %h "$ROOT/new")" = 2 ]
}

two_boots() { # ARGUMENT...
	up "$@"
	change_things
	down
	nothing_left
	up "$@"
	things_are_changed
	down
	nothing_left
}

# CAP_SYS_RESOURCE, which a container may not have
may_resize() { (($(awk '/^CapEff/ { print "0x" $2 }' /proc/self/status) >> 24 & 1)); }

refuses() { # TEXT ARGUMENT...
	local text=$1
	shift
	run up "$@"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$text"* ]]
	nothing_left
}

@test "help and version go to stdout, misuse exits 2" {
	run --separate-stderr "$OVERLAYROOT" --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -le 20 ]
	run "$OVERLAYROOT" --version
	[[ $output =~ ^overlayroot\ [0-9] ]]
	for arguments in "" "a" "-l a" "-l a b c" "-l a -s 5x b" "-l a -s 101% b" "-l a -u foo b" "-l a -u dir:x b" \
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
		[[ $output == *"warning: grow the file system of the store "*": it keeps its size"* ]]
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
	refuses "the store needs 95 MiB, have 90 MiB (10 % stay free)" -l "$IMAGES/root.sfs" -u "file:$A/host/x,95m"
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

@test "another lower than the changes were made on is told, at each boot until accepted" {
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

@test "another folder as the lower is told: renamed it is the same, in its place it is another" {
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

@test "a store that is nearly full is told" {
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

watch() { # UPPER: until unwatch, with its messages in $A/log
	"$OVERLAYROOT" --run "$RUNDIR" --watch -v -u "$1" 2>"$A/log" 3>&- &
	WATCHER=$!
}

# It goes by a signal, and then holds nothing.
unwatch() {
	kill "$WATCHER"
	wait "$WATCHER" || true
	WATCHER=
}

free_mib() {
	local blocks size
	read -r blocks size < <(stat -f -c '%a %S' "$ROOT")
	echo $((blocks * size / 1048576))
}

told() { # TEXT: within 30 s
	for _ in $(seq 300); do
		! grep -F -q "$1" "$A/log" || return 0
		sleep 0.1
	done
	cat "$A/log"
	return 1
}

@test "a store is watched while it is in use: told before it is full, once, and again when it is" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,40m"
	watch "file:$A/changes.img,40m"
	head -c "$(($(free_mib) - 2))M" /dev/zero >"$ROOT/big"
	told "$A/changes.img is nearly full"
	! grep -F 'is full' "$A/log"
	! head -c 40M /dev/zero >"$ROOT/rest"
	told "$A/changes.img is full"
	[ "$(grep -c 'is nearly full' "$A/log")" = 1 ]
	unwatch
	down
	e2fsck -fn "$A/changes.img"
	[ "$(stat -c %s "$A/changes.img")" = $((40 << 20)) ]
}

@test "a store in a file without a size grows while it is in use" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,40m"
	down
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img"
	watch "file:$A/changes.img"
	head -c "$(($(free_mib) - 2))M" /dev/urandom >"$ROOT/part0"
	if may_resize; then
		told "$A/changes.img has grown from"
		for i in $(seq 30); do
			for _ in $(seq 300); do
				[ "$(free_mib)" -lt 4 ] || break
				sleep 0.1
			done
			head -c 3M /dev/urandom >"$ROOT/part$i"
		done
	else
		told "grow the file system of the store to "
		told "$A/changes.img stays as large as it is"
	fi
	(cd "$ROOT" && sha256sum part*) >"$A/sums"
	unwatch
	down
	[ "$(stat -c %s "$A/changes.img")" -gt $((100 << 20)) ]
	e2fsck -fn "$A/changes.img"
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img"
	(cd "$ROOT" && sha256sum -c --quiet "$A/sums")
}
