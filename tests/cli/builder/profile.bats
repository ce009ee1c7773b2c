#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where profiles are found and how they are shown. What their text means: tests/golden.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD_DATA=$TOP MKVINITRD_CACHE=none
	unset MKVINITRD_PROFILES
	cd "$BATS_TEST_TMPDIR"
}

@test "the shipped profiles are good, and each says what it is for" {
	run "$M" profile list
	assert_success
	for name in common overlay loop tmpfs disk machine share netboot rescue; do
		assert_line --regexp "^$name +[A-Z].*[a-z]\.?$"
		run --separate-stderr "$M" profile check "$name"
		assert_success
		[ -z "$output$stderr" ]
		run "$M" profile list
	done
}

@test "every line that a shipped profile has as a comment is good, too" {
	for file in "$TOP"/profiles/*.profile; do
		grep -n '^#[a-z][a-z]* ' "$file" | while IFS=: read -r number line; do
			line=${line#?}
			printf '%s\n' "$line" >one.profile
			"$M" profile check -q ./one.profile || echo "$file:$number: $line"
		done
	done >bad
	run cat bad
	assert_output ''
}

@test "directories are searched in order; the first match wins" {
	mkdir a b
	echo 'root tmpfs' >b/overlay.profile
	printf '# Mine, from b\nroot loop\n' >b/mine.profile
	printf '# Mine, from a\nroot disk\n' >a/mine.profile
	export MKVINITRD_PROFILES=$PWD/a:$PWD/b
	run "$M" profile show overlay
	assert_line 'root tmpfs'
	run "$M" profile show mine
	assert_line 'root disk'
	run "$M" profile list
	assert_line --regexp '^mine +Mine, from a$'
	assert_equal "$(grep -c '^overlay ' <<<"$output")" 1
}

@test "a name can be given with its suffix, as a path, and a file here comes before the directories" {
	run "$M" profile show overlay.profile
	assert_success
	assert_line 'root overlay'
	echo 'root disk' >overlay.profile
	run "$M" profile show overlay.profile
	assert_line 'root disk'
	run "$M" profile show overlay
	assert_line 'root overlay'
	run "$M" profile show ./overlay
	assert_line 'root disk'
	run "$M" profile show "$PWD/overlay.profile"
	assert_line 'root disk'
}

@test "a profile of the same name extends the shipped one" {
	mkdir local
	printf 'include overlay\nhost LABEL=LIVE\n' >local/overlay.profile
	MKVINITRD_PROFILES=$PWD/local run "$M" profile show overlay
	assert_success
	assert_line 'root overlay'
	assert_line 'host LABEL=LIVE'
	[[ $output == *'root overlay'*'host LABEL=LIVE'* ]]
}

@test "what show prints is a profile that means the same" {
	for name in overlay loop tmpfs disk machine share netboot rescue; do
		"$M" profile show "$name" -s 'param "a=b # \\ c"' -s 'host LABEL="My Disk"' \
			-s 'root overlay' -s 'image /x' >one.profile
		"$M" profile show ./one.profile >two.profile
		run diff <(grep -v '^#' one.profile | grep .) <(grep -v '^#' two.profile | grep .)
		assert_output ''
	done
}

@test "exit status: 3 for an error in a profile or none of that name, 0 for warnings alone" {
	echo 'rot loop' >bad.profile
	printf 'root loop\nroot disk\n' >again.profile
	run "$M" profile check ./bad.profile
	assert_failure 3
	run "$M" profile show ./bad.profile
	assert_failure 3
	run "$M" profile check overlay ./bad.profile again.profile
	assert_failure 3
	run --separate-stderr "$M" profile check again.profile
	assert_success
	assert_regex "$stderr" "warning: 'root' again: it replaces that of line 1"
	run --separate-stderr "$M" profile check -q again.profile
	assert_success
	[ -z "$stderr" ]
	run --separate-stderr "$M" profile check nothing-like-this
	assert_failure 3
	"$TOP/tests/golden/make-sysroot" sysroot
	for command in build plan; do
		run --separate-stderr "$M" $command -r sysroot -p ./bad.profile -o x.img
		assert_failure 3
		assert_regex "$stderr" "bad.profile:1:1: error: unknown directive 'rot'"
		[ ! -e x.img ]
	done
}

@test "a profile that is huge, a device or unreadable is refused with its name" {
	head -c 2000000 /dev/zero | tr '\0' '#' >huge.profile
	run "$M" profile check ./huge.profile
	assert_failure 3
	assert_output --partial "'huge.profile' has 2000000 bytes"
	run timeout 60 "$M" profile check /dev/zero
	assert_failure 3
	assert_output --partial "not a regular file"
	mkfifo fifo.profile
	run timeout 60 "$M" profile check ./fifo.profile
	assert_failure 3
}

@test "verbs: list without one, a slip is reported" {
	run "$M" profile
	assert_success
	assert_line --regexp '^overlay '
	run "$M" profile lits
	assert_failure 2
	assert_output --partial "not 'lits' (did you mean 'list'?)"
	run "$M" profile list extra
	assert_failure 2
	run "$M" profile show a b
	assert_failure 2
}

@test "mkvinitrd.profile(5) has every directive, and only groups and kernel parameters that exist" {
	page=$TOP/docs/mkvinitrd.profile.5.scd
	echo nonsense >nonsense.profile
	run "$M" profile check ./nonsense.profile
	for directive in $(printf '%s\n' "$output" | sed -n 's/.*expected: one of //p'); do
		grep -q "^\*$directive\* " "$page" ||
			fail "directive $directive is not in mkvinitrd.profile(5)"
	done
	groups=$(sed -n 's/^|  \(=.*\)/\1/p' "$page")
	[ "$(wc -w <<<"$groups")" -ge 15 ]
	run "$M" profile check common -s "module $(tr '\n' ' ' <<<"$groups")"
	assert_success
}
