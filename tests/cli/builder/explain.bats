#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# explain: from a log to the cause of a failed boot; and that codes, program and manual page are
# one.
# shellcheck disable=SC2154 # output, lines: by bats
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR"
}

# report CODE WHY SEEN ADVICE: as the initramfs prints it, with a line of the kernel's log
report() {
	mkdir -p root/dev root/run/initramfs root/proc
	: >root/dev/kmsg
	ROOT=$PWD/root RUN=: LIB=$TOP/skel/lib dash -uc '
		. "$LIB/util.sh"
		. "$LIB/status.sh"
		PHASE=locate P_SHELL=0 FROM="root=LABEL=gone (kernel command line)"
		fail "$@"' sh "$@" 2>&1 || [ $? = 1 ]
	sed 's/^<6>/[    7.345678] /' root/dev/kmsg
}

@test "every failure of the initramfs has a code, which the program knows, and no code is left over" {
	# "$@" hands on what has one
	run ! grep -rnE '(^|[^_[:alnum:]-])(fail|fail_size|rescue) ("[^$]|"\$[^@]|'\'')' "$TOP/skel"
	grep -rhoE '(fail|fail_size|rescue) VI[0-9]{3} ' "$TOP/skel" | grep -o 'VI...' |
		sort -u >used
	[ "$(wc -l <used)" -gt 30 ]
	"$M" explain | cut -c 1-5 | grep -v '^VI0' | sort | diff used -
	# a class is not split over two codes, or two classes mixed in one
	[ -z "$("$M" explain | cut -c 8- | sort | uniq -d)" ]
}

@test "the manual page says the same as the program" {
	sed -n '/^\*VI/,$p' "$TOP/docs/mkvinitrd-errors.7.scd" |
		sed '/^# /d;/The kernel says/d;s/^\*\(VI...\)\* /\1: /;s/\tCause: /  cause: /;s/\tTo do: /  to do: /;s/^\t/ /;s/\\//g' |
		sed '/SEE ALSO/,$d;/^\*mkvinitrd/d' |
		awk '/^(VI|  (cause|to do): )/ { if (line) print line; line = $0; next } NF { line = line $0 } END { print line }' >manual
	for code in $("$M" explain | cut -c 1-5); do "$M" explain "$code"; done | diff manual -
}

@test "a report on the console is explained, and the same failure in the kernel's log is not another one" {
	report VI202 "root 'LABEL=gone' was not found within 30 s" 'the table above' \
		'correct the name' >console
	run "$M" explain console
	assert_success
	assert_line --index 0 "locate failed: root 'LABEL=gone' was not found within 30 s [VI202]"
	assert_line --index 1 '  seen:  the table above'
	assert_line --index 2 '  from:  root=LABEL=gone (kernel command line)'
	assert_line --index 3 '  to do: correct the name'
	assert_line --index 4 'VI202: The device or image was not found in time'
	refute_output --partial 'failures'
	run "$M" explain - <console
	assert_line --index 0 --partial 'LABEL=gone'
}

@test "only the kernel's log, and a panic after it: still the failure of the initramfs" {
	report VI601 'the root has no init' >all
	{
		grep '^\[' all
		echo '[    8.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100'
	} >log
	run "$M" explain log
	assert_success
	assert_line 'VI601: The root has no init'
	refute_line --partial 'VI004'
}

@test "messages of the kernel alone" {
	echo '[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)' >log
	run "$M" explain log
	assert_success
	assert_line 'VI001: The kernel has no root and no initramfs'
}

@test "a log without a failure says how far the boot came, with status 1" {
	printf '%s\n' '[  1.0] mkvinitrd: settle' '[  1.4] mkvinitrd: locate' \
		'mkvinitrd: waiting for /dev/sdx (8 of at most 30 s)' >log
	run "$M" explain log
	assert_failure 1
	assert_output --partial 'phase locate'
	assert_output --partial 'waiting for /dev/sdx (8 of at most 30 s)'
	echo 'Linux version 6.1' >log
	run "$M" explain log
	assert_failure 1
	assert_output --partial 'no line of mkvinitrd'
	run "$M" explain /nowhere/log
	assert_failure 1
	assert_output --partial "cannot read '/nowhere/log'"
	run "$M" explain vi999
	assert_failure 1
	assert_output --partial "there is no code 'vi999': 'mkvinitrd explain' lists them all"
}

@test "a hostile log: escapes do not reach the terminal, NULs and endless lines do no harm" {
	{
		printf 'mkvinitrd: locate failed: \033[2J\000 [VI202]\n  seen:  \033]0;x\007\n'
		head -c 3000000 /dev/zero | tr '\0' x
		printf ' failed: [VI'
	} >log
	"$M" explain log >answer
	run ! grep -q "$(printf '\033')" answer
	grep -q '^VI202: ' answer
}
