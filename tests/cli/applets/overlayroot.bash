# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot on this machine's kernel: each kind of lower and upper, two mounts in a row. Runs as
# root.
# FAT is not here (few build machines have it): NTFS by FUSE stands for the file systems that hold
# no upper.
load ../../lib/env

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
	all_detached "$A"
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
	run ! grep -F -e " $ROOT" -e " $RUNDIR" /proc/self/mounts
	all_detached "$A"
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
