#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel parameters in, resolved plan out; UPDATE=1 rewrites the plans.
load lib.bash

golden() {
	local file name
	for file in "$BATS_TEST_DIRNAME"/golden/$1*.cmdline; do
		name=${file%.cmdline}
		cp "$file" "$ROOT/proc/cmdline"
		rm -f "$ROOT/etc/mkvinitrd/defaults"
		[ ! -e "$name.defaults" ] || cp "$name.defaults" "$ROOT/etc/mkvinitrd/defaults"
		[ -z "${UPDATE:-}" ] || plan >"$name.plan"
		plan | diff -u "$name.plan" - || return 1
	done
}

@test "our own parameters, over the profile's" { both golden vi-; }
@test "the kernel's parameters" { both golden kernel-; }
@test "vfuseloop and its relatives" { both golden vdisk-; }
@test "diskless lab, Virtual Linux, Tiny Core" { both golden seed-; }
@test "direct kernel boot and network roots" { both golden share-; }
@test "dracut's live media" { both golden dracut-; }
@test "live-boot, casper, Knoppix" { both golden live-; }
@test "Alpine" { both golden alpine-; }
@test "archiso" { both golden archiso-; }
@test "Slax, MiniOS, Porteus" { both golden slax-; }
@test "Puppy, antiX, liveslak, Slackware" { both golden frugal-; }
@test "genkernel, NixOS, postmarketOS, kiwi, rescue systems" { both golden installed-; }

@test "every golden file belongs to a test" {
	local file
	for file in "$BATS_TEST_DIRNAME"/golden/*.cmdline; do
		file=${file##*/}
		grep -qF "both golden ${file%%-*}-;" "$BATS_TEST_FILENAME"
	done
}

# A word is matched whole and never run: what looks like one of ours inside another is no business
# of ours.
substrings() {
	cmdline 'xvi.mode=tmpfs notroot=/dev/x root=/dev/vda1 rwx myinit=/x systemd.unit=vi.toram foo=$(touch${IFS}/tmp/x) `reboot` * ~ \x ;'
	plan >"$BATS_TEST_TMPDIR/plan"
	diff -u - "$BATS_TEST_TMPDIR/plan" <<-'PLAN'
		mode=disk
		root=/dev/vda1
		persist=none
		timeout=30
	PLAN
}
@test "parameters are matched whole and never evaluated" { both substrings; }

notes_on_console() {
	cmdline 'root=/dev/vda1 quiet cryptkey=k vi.mode=lop'
	boot
	said "warning: parameter 'cryptkey=k' is recognised, not supported" &&
		said "warning: parameter 'vi.mode=lop' ignored: expected loop, tmpfs, overlay, disk or share"
}
@test "a parameter that is not supported is reported, quiet or not" { both notes_on_console; }

plan_on_console() {
	cmdline 'root=/dev/vda1 vi.plan'
	boot
	said 'mode=disk' && said 'root=/dev/vda1' && calls 'switch_root /newroot /sbin/init'
}
@test "vi.plan prints the plan, and the boot continues" { both plan_on_console; }
