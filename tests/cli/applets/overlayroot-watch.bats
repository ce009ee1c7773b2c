#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# overlayroot --watch: it tells before a store is full, and lets one in a file grow.
# shellcheck disable=SC2030,SC2031 # each test is a subshell of its own
load overlayroot

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

@test "a store is watched while it is in use: a warning before it is full, once, and again when it is" {
	up -l "$IMAGES/root.sfs" -u "file:$A/changes.img,40m"
	watch "file:$A/changes.img,40m"
	head -c "$(($(free_mib) - 2))M" /dev/zero >"$ROOT/big"
	told "$A/changes.img is nearly full"
	run ! grep -F 'is full' "$A/log"
	run ! dd if=/dev/zero of="$ROOT/rest" bs=4k count=10000
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
