#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A boot that takes long says what it is doing or waiting for, and for how long still.
load lib.bash

# library SCRIPT: runs it in the shell under test after init's own parts, with uptime 100 s
library() {
	echo '100.25 3.00' >"$ROOT/proc/uptime"
	mkdir -p "$ROOT/run/initramfs"
	# shellcheck disable=SC2086 # "busybox ash"
	run timeout 60 $SH -uc ". $SKEL/lib/util.sh; . $SKEL/lib/status.sh; P_QUIET=1; $1"
}

wait_named() {
	library 'waiting 60 "a DHCP answer on eth0"; echo 112.9 0 >"$ROOT/proc/uptime"; status_line'
	[ "$output" = 'mkvinitrd: waiting for a DHCP answer on eth0 (12 of at most 60 s)' ]
}
@test "a wait is named with its duration and its limit, quiet or not" { both wait_named; }

work_named() {
	library 'working "checking the file system on /dev/vda1"; echo 131.0 0 >"$ROOT/proc/uptime"; status_line'
	[ "$output" = 'mkvinitrd: checking the file system on /dev/vda1 (31 s)' ]
}
@test "work is named with its duration" { both work_named; }

chart_recorded() {
	library 'P_CHART=1; LIB=$ROOT/none; settle() { :; }; phase settle; waiting 60 "a disk"; state_push mount /x; chart switch_root'
	"${BOOTPLAN%/bin/*}/mkvinitrd" chart "$ROOT/run/initramfs/log" \
		>"$BATS_TEST_TMPDIR/boot.svg" || return 1
	for name in settle 'waiting for a disk' /x; do
		grep -q "<title>$name: " "$BATS_TEST_TMPDIR/boot.svg" || return 1
	done
	rm "$ROOT/run/initramfs/log"
	library 'waiting 60 "a disk"; state_push mount /x'
	[ ! -e "$ROOT/run/initramfs/log" ]
}
@test "with vi.chart, and only then, phases, waits and mounts are recorded for 'mkvinitrd chart'" { both chart_recorded; }

prompt_undisturbed() {
	library 'working "looking"; asking; status_line; echo end'
	[ "$output" = end ]
}
@test "no status line gets into a question at the console" { both prompt_undisturbed; }

waits_after_waits() {
	fake coldplug <<<'echo; echo; echo'
	library 'n=0; seen() { n=$((n + 1)); [ $((n % 3)) = 0 ]; }
while [ $n -lt 600 ]; do
	for late in 1 2 3 4 5 6 7 8 9; do sleep 0.00$late & done
	await 1 seen || exit 3
done
echo "$n"'
	[ "$status:$output" = 0:600 ]
}
@test "the end of an earlier program disturbs no wait" { both waits_after_waits; }

@test "the lines come by themselves until they are stopped" {
	SH="$MUSL/bin/busybox sh"
	new_tree
	library 'STATUS_INTERVAL=1
waiting 60 "a disk"
mkfifo "$RAMFS/status.fifo"
: >"$RAMFS/said"
status_loop <>"$RAMFS/status.fifo" 2>"$RAMFS/said" &
STATUS_PID=$!
until [ "$(grep -c "waiting for a disk" "$RAMFS/said")" -ge 2 ]; do busybox sleep 0.1; done
status_stop
wait
echo stopped'
	[ "$output" = stopped ] || {
		echo "$output"
		return 1
	}
}

nfs_server_away() {
	fake mount <<'FAKE'
case "$*" in *nfs*) exit 1 ;; esac
FAKE
	cmdline 'root=nfs:10.0.2.2:/export vi.timeout=7 panic=-1 ip=10.0.2.15::10.0.2.2:24::eth0:off'
	mkdir "$ROOT/sys/class/net/eth0"
	echo 1 >"$ROOT/sys/class/net/eth0/type"
	boot
	calls 'timeout 7 mount -t nfs -o vers=4.1,addr=10.0.2.2,ro,nolock 10.0.2.2:/export /newroot' && not_called switch_root
}
@test "an NFS server that does not answer is given up at vi.timeout" { both nfs_server_away; }
