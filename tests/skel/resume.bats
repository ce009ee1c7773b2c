#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# resume=: the kernel is asked before anything is mounted; what belongs to a hibernated system is
# not mounted.
# shellcheck disable=SC2030,SC2031 # output: by bats
load lib.bash

# swap TYPE: /dev/vda9 is 254:9 and has it
swap_here() {
	fake findimg <<FAKE
for arg; do last=\$arg; done
echo "resume is \$(cat "\$ROOT/sys/power/resume") for \$last" >>"\$CALLS"
case \$last in UUID=5678 | LABEL=swap | /dev/vda9 | /dev/mapper/vi-resume) ;; UUID=none) exit 3 ;; *) printf 'DEVICE=/dev/vda1\nFSTYPE=ext4\n' && exit ;; esac
case \$last in */vi-resume) printf 'DEVICE=/dev/dm-0\nFSTYPE=swap\n' ;; *) printf 'DEVICE=/dev/vda9\nFSTYPE=$1\n' ;; esac
FAKE
	mkdir -p "$ROOT/sys/power" "$ROOT/sys/class/block/vda9" "$ROOT/sys/class/block/dm-0"
	: >"$ROOT/sys/power/resume"
	: >"$ROOT/sys/power/resume_offset"
	echo 254:9 >"$ROOT/sys/class/block/vda9/dev"
	echo 253:0 >"$ROOT/sys/class/block/dm-0/dev"
}

asked() {
	[ "$(cat "$ROOT/sys/power/resume")" = "$1" ] || {
		echo "resume: $(cat "$ROOT/sys/power/resume"), expected $1"
		return 1
	}
}

resume_first() {
	swap_here swsuspend
	cmdline 'root=UUID=1234 rw resume=UUID=5678 resume_offset=34816'
	boot
	asked 254:9 && [ "$(cat "$ROOT/sys/power/resume_offset")" = 34816 ] || return 1
	said 'resuming the system that is hibernated on /dev/vda9' && said 'could not be resumed' ||
		return 1
	calls 'resume is  for UUID=5678' 'resume is 254:9 for UUID=1234' \
		'mount -t ext4 -o rw /dev/vda1 /newroot' 'switch_root /newroot /sbin/init'
}
@test "resume= is written before the root is looked for; the boot continues when the kernel comes back" { both resume_first; }

resume_offset_alone() {
	swap_here swsuspend
	cmdline 'root=UUID=1234 rw resume_offset=34816'
	boot
	asked '' && calls 'switch_root /newroot /sbin/init' &&
		said "parameter 'resume_offset=34816' is not used: resume= does not say which device has the swap file"
}
@test "resume_offset= without resume= is named" { both resume_offset_alone; }

resume_nothing() {
	local words
	for words in 'noresume resume=UUID=5678' 'hibernate=noresume resume=UUID=5678' \
		'hibernate=no resume=UUID=5678' 'resume=none' ''; do
		swap_here swap
		cmdline "root=UUID=1234 rw $words"
		boot
		asked '' && calls 'switch_root /newroot /sbin/init' || return 1
	done
	swap_here swap
	cmdline 'root=UUID=1234 rw resume=LABEL=swap'
	boot
	case $output in *'could not be resumed'*) return 1 ;; esac
	asked 254:9 || return 1
	cmdline 'root=UUID=1234 rw resume=8:3'
	boot
	asked 8:3 || return 1
	cmdline 'root=UUID=1234 rw resume=UUID=none vi.timeout=7'
	boot
	said 'resume=UUID=none: no such device within 7 s' &&
		calls 'switch_root /newroot /sbin/init'
}
@test "noresume, swap without a system, a device that is not there: the boot continues" { both \
	resume_nothing; }

resume_encrypted() {
	swap_here crypto_LUKS
	mkdir -p "$ROOT/dev/mapper"
	: >"$ROOT/dev/dm-0"
	: >"$ROOT/dev/console"
	fake head <<<'echo secret'
	: >"$ROOT/proc/mounts"
	ln -s ../dm-0 "$ROOT/dev/mapper/vi-resume"
	printf '#!/bin/sh\n' >"$ROOT/bin/cryptsetup"
	chmod +x "$ROOT/bin/cryptsetup"
	cmdline 'root=UUID=1234 rw resume=/dev/vda9'
	boot
	grep -q '^cryptsetup.*/dev/vda9.* vi-resume' "$CALLS" && asked 253:0 &&
		calls 'switch_root /newroot /sbin/init'
}
@test "encrypted swap is opened first" { both resume_encrypted; }

hibernated_root() {
	fake findimg <<'FAKE'
case " $* " in *' -w '*)
	echo "findimg: '/dev/vda1' may belong to the hibernated Linux of '/dev/vda2'" >&2
	exit 1
	;;
esac
printf 'DEVICE=/dev/vda1\nFSTYPE=ext4\n'
FAKE
	cmdline 'root=UUID=1234 rw panic=-1'
	boot
	said 'may belong to the hibernated Linux' && said 'cannot be used' &&
		not_called '^mount -t ext4' && not_called switch_root
}
@test "a root that a hibernated system has mounted is not mounted, not even to read" { both \
	hibernated_root; }
