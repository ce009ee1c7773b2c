#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# The command line of mkvinitrd: help, version, mistakes, exit statuses, dispatch.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD_DATA=$TOP MKVINITRD_CACHE=none
	cd "$BATS_TEST_TMPDIR"
}

@test "no command is a usage error on stderr" {
	run --separate-stderr "$M"
	assert_failure 2
	assert_output ''
	assert_regex "$stderr" "no command"
	assert_regex "$stderr" "Try 'mkvinitrd --help'"
}

@test "--help names every command, goes to stdout and succeeds" {
	run --separate-stderr "$M" --help
	assert_success
	[ -z "$stderr" ]
	for command in build plan check why ls cat unpack diff size chart explain identify efi \
		hardware profile vm pxe usb frugal iso uki pack update; do
		assert_line --regexp "^  $command "
	done
	run "$M" help
	assert_success
}

@test "--version of the program and of a command" {
	version="mkvinitrd $(cat "$TOP/VERSION")"
	run "$M" --version
	assert_success
	assert_output "$version"
	run "$M" -V
	assert_output "$version"
	run "$M" build -V
	assert_output "$version"
}

@test "each command's --help has its options and no others" {
	for command in build plan check why ls cat unpack diff size chart explain identify efi \
		hardware profile; do
		run --separate-stderr "$M" $command --help
		assert_success
		assert_line --partial "usage: mkvinitrd $command"
		[ -z "$stderr" ]
		# what the help lists is taken, with a value or without
		for option in $(printf '%s\n' "$output" | sed -n 's/^ .* --\([a-z]*\).*/\1/p'); do
			[ "$option" = help ] || [ "$option" = version ] || continue
			run "$M" $command --$option
			assert_success
		done
		run "$M" help $command
		assert_success
	done
}

@test "an unknown command: what was meant, status 2" {
	run --separate-stderr "$M" biuld
	assert_failure 2
	assert_equal "${stderr_lines[0]}" \
		"mkvinitrd: unknown command 'biuld' (did you mean 'build'?)"
	run --separate-stderr "$M" frobnicate
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: unknown command 'frobnicate'"
	run --separate-stderr "$M" help biuld
	assert_failure 2
}

@test "an unknown option: what was meant, status 2" {
	run --separate-stderr "$M" build --profil2=x
	assert_failure 2
	assert_equal "${stderr_lines[0]}" \
		"mkvinitrd: 'mkvinitrd build' has no option '--profil2' (did you mean 'profile'?)"
	run --separate-stderr "$M" build -x
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: 'mkvinitrd build' has no option '-x'"
	assert_equal "${stderr_lines[1]}" "Try 'mkvinitrd build --help'."
	# an option of another command
	run --separate-stderr "$M" ls -p overlay x
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: 'mkvinitrd ls' has no option '-p'"
}

@test "options with a wrong value, or without theirs" {
	run --separate-stderr "$M" build -p
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: option '-p' needs a value"
	run --separate-stderr "$M" build --quiet=yes
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: option '--quiet' takes no value"
	for jobs in x -1 1.5 '' 99999; do
		run --separate-stderr "$M" build -j "$jobs"
		assert_failure 2
		assert_regex "${stderr_lines[0]}" "-j wants a number"
	done
	run --separate-stderr "$M" plan --format=xml
	assert_failure 2
	assert_regex "${stderr_lines[0]}" "--format is text, json or list, not 'xml'"
	run --separate-stderr "$M" build -q -v
	assert_failure 2
}

@test "missing and superfluous arguments" {
	for arguments in check ls unpack diff 'diff a' cat 'cat a' why 'why a'; do
		# shellcheck disable=SC2086 # two words
		run --separate-stderr "$M" $arguments
		assert_failure 2
		assert_equal "${#stderr_lines[@]}" 2
		assert_regex "${stderr_lines[0]}" \
			"missing argument; usage: mkvinitrd ${arguments% a}"
	done
	for arguments in 'check a b' 'unpack a b' 'diff a b c' 'why a b c'; do
		# shellcheck disable=SC2086
		run --separate-stderr "$M" $arguments
		assert_failure 2
		assert_regex "${stderr_lines[0]}" 'unexpected argument'
	done
	run --separate-stderr "$M" ls
	assert_failure 2
	assert_regex "${stderr_lines[0]}" 'missing argument; usage: mkvinitrd ls IMAGE'
	run --separate-stderr "$M" build extra
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "mkvinitrd: unexpected argument 'extra'"
	run --separate-stderr "$M" -p overlay build
	assert_failure 2
	assert_regex "${stderr_lines[0]}" "before the command"
}

@test "scripts of libexec run as commands, with their arguments and status" {
	mkdir libexec
	printf '#!/bin/sh\necho "$# $*"; echo "$MKVINITRD"; exit 7\n' >libexec/vm
	chmod +x libexec/vm
	MKVINITRD_LIBEXEC=$PWD/libexec run "$M" vm -x 'a b' --help
	assert_failure 7
	assert_line --index 0 '3 -x a b --help'
	assert_line --index 1 "$(realpath "$M")"
}

@test "a script that is not there is reported" {
	mkdir libexec
	MKVINITRD_LIBEXEC=$PWD/libexec run --separate-stderr "$M" vm
	assert_failure 1
	assert_equal "$stderr" "mkvinitrd: 'mkvinitrd vm' is not installed: there is no program '$PWD/libexec/vm'"
	# a program there does not become a command
	printf '#!/bin/sh\n' >libexec/evil
	chmod +x libexec/evil
	MKVINITRD_LIBEXEC=$PWD/libexec run "$M" evil
	assert_failure 2
}

@test "an installed tree finds its own files" {
	mkdir -p inst/sbin inst/share/mkvinitrd inst/libexec/mkvinitrd
	cp "$M" inst/sbin/mkvinitrd
	cp -R "$TOP/profiles" inst/share/mkvinitrd/
	printf '#!/bin/sh\necho "installed vm"\n' >inst/libexec/mkvinitrd/vm
	chmod +x inst/libexec/mkvinitrd/vm
	unset MKVINITRD_DATA
	run inst/sbin/mkvinitrd profile list -v
	assert_success
	assert_line --regexp "^overlay .*\(inst/share/mkvinitrd/profiles/overlay.profile\)"
	run inst/sbin/mkvinitrd vm
	assert_output 'installed vm'
}

@test "a program without its data says where it looked" {
	mkdir -p lost/sbin
	cp "$M" lost/sbin/mkvinitrd
	unset MKVINITRD_DATA
	run --separate-stderr lost/sbin/mkvinitrd profile list
	assert_failure 1
	assert_regex "$stderr" "neither in .*/lost/share/mkvinitrd nor in a directory above; set MKVINITRD_DATA"
}

@test "output that cannot be written is a failure" {
	run --separate-stderr sh -c '"$1" --help >/dev/full' sh "$M"
	assert_failure 1
	assert_equal "$stderr" 'mkvinitrd: cannot write to standard output: No space left on device'
	run --separate-stderr sh -c '"$1" profile list >/dev/full' sh "$M"
	assert_failure 1
	(cd "$TOP/profiles" && echo disk.profile | cpio -o -H newc --quiet) >small.img
	(cd "$TOP/profiles" && echo loop.profile | cpio -o -H newc --quiet) >other.img
	printf '[ 1.0] mkvinitrd: settle\n[ 2.0] mkvinitrd: locate\n' >log
	for what in 'size small.img' 'size --svg small.img' 'ls small.img' 'chart log' \
		'diff small.img other.img' 'explain VI202'; do
		run --separate-stderr sh -c '"$0" $1 >/dev/full' "$M" "$what"
		[ "$status" -gt 0 ]
		assert_equal "$stderr" \
			'mkvinitrd: cannot write to standard output: No space left on device'
	done
}

@test "an interrupted build leaves the old image, no temporary file, one line, and terminates by the signal" {
	"$TOP/tests/golden/make-sysroot" sysroot
	export MKVINITRD_DATA=$PWD/sysroot/opt/data MKVINITRD_APPLETS=$PWD/sysroot/opt/applets
	mke2fs -q -F huge.img 3G
	mkdir out
	echo old >out/x.img
	for signal in INT TERM HUP; do
		# a background job of a shell ignores SIGINT: env gives it back
		env --default-signal "$M" build -r sysroot -p loop -s "image file:$PWD/huge.img" \
			-o out/x.img 2>stderr &
		# it is writing when a second file is there
		while [ "$(find out -type f | wc -l)" = 1 ] && kill -0 $!; do :; done
		kill -$signal $!
		status=0
		wait $! || status=$?
		assert_equal "$status" $((128 + $(kill -l $signal)))
		assert_equal "$(cat stderr)" 'mkvinitrd: interrupted; nothing was replaced'
		assert_equal "$(ls -A out)" x.img
		assert_equal "$(cat out/x.img)" old
	done
}

@test "every command and long option is in the manual" {
	file=$TOP/docs/mkvinitrd.8.scd
	for command in $("$M" --complete commands | cut -f 1); do
		[ "$command" = help ] || grep -qw -- "$command" "$file" ||
			fail "command $command is not in $file"
		! grep -q "^  *$command " <<<"$("$M" --help)" || continue
		[ "$command" = help ] || fail "command $command is not in --help"
	done
	for option in $(for c in build plan check why ls cat unpack diff size chart explain \
		identify efi hardware profile; do "$M" $c --help; done |
		sed -n 's/^ .* --\([a-z]*\).*/\1/p' | sort -u); do
		grep -q -e "--$option" -e "\\\\-\\\\-$option" "$file" ||
			fail "option --$option is not in $file"
	done
}
