# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of image formats share.
load ../lib/env

bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

vd() {
	"$HOST/bin/vdattach" --links "$BATS_TEST_TMPDIR/links" "$@"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# pid: a server that the test has started. Loop devices: what a failed test left attached.
teardown() {
	cd /
	if [ -n "${pid:-}" ]; then kill "$pid" 2>/dev/null || true; fi
	losetup -ln -O NAME,BACK-FILE | while read -r device file; do
		case $file in "$BATS_TEST_TMPDIR"/*) losetup -d "$device" ;; esac
	done
}

# start_server [OPTION]... IMAGE: serves it; returns when it listens; sets pid and url
start_server() {
	mkfifo ready
	"$HOST/bin/vdattach" serve -s "$BATS_TEST_TMPDIR/socket" "$@" >ready 3>&- &
	pid=$!
	read -r url <ready
	rm ready
}

stop_server() {
	kill -TERM "$pid"
	wait "$pid"
	pid=
}

# start IMAGE [OPTION]...: serves it on socket, its messages in served.log; stop ends that and
# waits.
start() {
	: >served
	"$HOST/bin/vdattach" serve -s "$BATS_TEST_TMPDIR/socket" "$@" >served 2>served.log 3>&- &
	pid=$!
	until grep -q nbd served || ! kill -0 "$pid" 2>/dev/null; do read -rt 0.05 <> <(:) ||
		true; done
}

stop() {
	kill "$pid"
	wait "$pid"
	pid=
}

io() { # FORMAT FILE COMMAND...
	local format=$1 file=$2 command args=()
	shift 2
	for command; do args+=(-c "$command"); done
	qemu-io -f "$format" "${args[@]}" "$file" >io.log
}

nbd_io() { # COMMAND...
	io raw "nbd+unix:///?socket=$BATS_TEST_TMPDIR/socket" "$@"
}
