#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# profile new, edit and diff: profiles as people make and change them.
# shellcheck disable=SC2154 # output, lines: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD_DATA=$TOP MKVINITRD_LIBEXEC=$TOP/scripts MKVINITRD=$M
	mkdir mine
	export MKVINITRD_PROFILES=$PWD/mine
	unset VISUAL
	# an editor that runs the next of the commands in `edits`, with the file as $1
	cat >editor <<'SCRIPT'
#!/bin/sh
line=$(head -n 1 "${0%/*}/edits")
sed -i 1d "${0%/*}/edits"
eval "$line"
SCRIPT
	chmod +x editor
	export EDITOR=$PWD/editor
}

# edits COMMAND...: what the editor does, each time
edits() {
	printf '%s\n' "$@" >edits
}

edit() {
	"$M" profile edit -r "$S" -k "$KVER" "$@"
}

@test "new: the commented text of a profile, which is valid as it is, with all other directives" {
	run "$M" profile new lab --like loop
	assert_success
	run --separate-stderr "$M" profile check lab
	assert_success
	[ -z "$output$stderr" ]
	run "$M" profile show lab
	assert_line 'root loop'
	# each directive of the language is there, used or as a comment
	for directive in $("$M" --complete directives | cut -f 1); do
		grep -Eq "^#? *$directive( |\$)" mine/lab.profile || {
			echo "no $directive"
			return 1
		}
	done
	[ "$(stat -c %a mine/lab.profile)" = 644 ]
	run "$M" profile list
	assert_line --regexp '^lab '
}

@test "new: replaces nothing, and makes no odd files" {
	echo 'root disk' >mine/lab.profile
	run "$M" profile new lab
	assert_failure 1
	assert_output --partial 'profile edit lab'
	[ "$(cat mine/lab.profile)" = 'root disk' ]
	for name in '' '.x' '-x' 'a b' "a;b"; do
		run "$M" profile new -- "$name"
		assert_failure 1
	done
	run "$M" profile new x --like nothing
	assert_failure 1
	[ "$(ls mine)" = lab.profile ]
}

@test "edit: shows what changes in the image, saves after the answer, and leaves no file behind" {
	printf 'root disk\nmodule ext4\n' >mine/lab.profile
	chmod 640 mine/lab.profile
	edits "printf 'root disk\nmodule r8169\nparam vi.timeout=7\n' >\"\$1\""
	run edit lab <<<s
	assert_success
	assert_line --regexp '^- lib/modules/.*/ext4.ko \([0-9]+ bytes\)  profile .module ext4. \(.*lab.profile:2\)$'
	assert_line --regexp '^- lib/modules/.*/jbd2.ko .*needed by'
	assert_line --regexp '^\+ lib/modules/.*/r8169.ko '
	assert_line '+ default vi.timeout=7'
	assert_line --regexp 'bytes unpacked \([+-][0-9]+\)$'
	grep -q r8169 mine/lab.profile
	[ "$(stat -c %a mine/lab.profile)" = 640 ]
	[ "$(ls -A mine)" = lab.profile ]
}

@test "edit: an error is shown with its line; e opens it again, x leaves all as it was" {
	echo 'root disk' >mine/lab.profile
	edits 'echo "modul ext4" >>"$1"' 'sed -i s/modul/module/ "$1"'
	run edit lab < <(printf '%s\n' what e s)
	assert_success
	assert_output --partial "unknown directive 'modul' (did you mean 'module'?)"
	assert_output --partial '(e)dit again, e(x)it'
	grep -qx 'module ext4' mine/lab.profile
	edits 'echo nonsense >>"$1"'
	run edit lab <<<x
	assert_failure 1
	run ! grep nonsense mine/lab.profile
	# s is no answer to an error, and the end of the input saves nothing wrong
	edits 'echo nonsense >>"$1"'
	run edit lab <<<s
	assert_failure 1
	run ! grep nonsense mine/lab.profile
	[ "$(ls -A mine)" = lab.profile ]
}

@test "edit: x after the changes, nothing changed, and an editor that fails: the file stays" {
	echo 'root disk' >mine/lab.profile
	before=$(stat -c '%i %Y' mine/lab.profile)
	edits 'echo "module ext4" >>"$1"'
	run edit lab <<<x
	assert_failure 1
	edits ':'
	run edit lab </dev/null
	assert_success
	assert_output --partial 'unchanged'
	edits 'echo "module ext4" >>"$1"; exit 3'
	run edit lab <<<s
	assert_failure 1
	[ "$(stat -c '%i %Y' mine/lab.profile)" = "$before" ]
	[ "$(ls -A mine)" = lab.profile ]
}

@test "edit: a shipped profile is extended by a file of the user's, and stays" {
	cp "$TOP/profiles/disk.profile" before
	edits 'sed -i "/^include/a module r8169" "$1"'
	run edit disk <<<s
	assert_success
	assert_line --regexp '^\+ lib/modules/.*/r8169.ko '
	cmp before "$TOP/profiles/disk.profile"
	grep -qx 'include disk' mine/disk.profile
	run "$M" profile show disk
	assert_line 'root disk'
	assert_line 'module r8169'
	# again: the file includes the shipped one by its own name, not its text before the edit
	edits 'sed -i "s/^module r8169/module ext4/" "$1"'
	run edit disk <<<s
	assert_success
	assert_line --regexp '^- lib/modules/.*/r8169.ko '
	run "$M" profile show disk
	refute_line 'module r8169'
}

@test "diff: exit status as diff(1); errors of either profile" {
	printf 'root disk\nmodule virtio_blk ext4\n' >a.profile
	printf '# the same\nroot disk\n\nmodule virtio_blk ext4\n' >b.profile
	run "$M" profile diff -r "$S" ./a.profile ./b.profile
	assert_success
	assert_output 'no difference in the image'
	echo 'compress xz' >>b.profile
	run "$M" profile diff -r "$S" ./a.profile ./b.profile
	assert_failure 1
	assert_line --regexp '^~ compress [a-z0-9]+ -> xz$'
	echo 'nonsense' >>b.profile
	run "$M" profile diff -r "$S" ./a.profile ./b.profile
	assert_failure 3
	assert_output --partial 'b.profile:6'
	run "$M" profile diff ./a.profile
	assert_failure 2
}
