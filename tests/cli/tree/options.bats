#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What scripts/lib/options.sh promises to every delivery command, in dash and in busybox' ash.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export MKVINITRD=$HOST/mkvinitrd
	cd "$BATS_TEST_TMPDIR"
	cat >demo <<SCRIPT
set -eu
name=demo here=$TOP/scripts
. "$TOP/scripts/lib/common.sh"
. "$TOP/scripts/lib/options.sh"
SCRIPT
	cat >>demo <<'SCRIPT'
usage_text() { echo 'Usage: mkvinitrd demo [OPTION]... TARGET'; }
option_table() {
	cat <<'TABLE'
@||TARGET|disk|
n|network|||a network card
m|memory|MIB||memory of the machine
|memory-map|FILE|file|where its map is
||||and a second line of that
a|append|PARAMETERS|param|more kernel parameters
TABLE
	build_option_table overlay
}
set_option() {
	case $1 in
	network | memory | memory-map | append) printf '<%s' "$1"; [ $# = 1 ] || printf '=%s' "$2"; printf '>' ;;
	*) set_build_option "$@" ;;
	esac
}
run() {
	printf '(%s)' "$@"
	echo " before=$options_before profile=$profile lines=$(printf %s "$build_lines" | tr '\n' ';')"
}
build_defaults overlay
options_run run "$@"
SCRIPT
}

# in_both ARGUMENT...: runs the demo under both shells, which must agree
in_both() {
	run --separate-stderr dash demo "$@"
	local first=$output first_status=$status first_stderr=$stderr
	run --separate-stderr "$MUSL/bin/busybox" ash demo "$@"
	assert_equal "$output" "$first"
	assert_equal "$status" "$first_status"
	assert_equal "$stderr" "$first_stderr"
}

@test "long and short options, values attached or not, operands anywhere" {
	in_both -nm512 a --memory=1024 'b c' --memory 7 -a 'x y' -a '' -p lab --set "image /a b" \
		-s 'persist ram' --append=a=b
	assert_success
	assert_output "<network><memory=512><memory=1024><memory=7><append=x y><append=><append=a=b>(a)(b c) before= profile=lab lines=image /a b;persist ram;"
}

@test "an option that is another one's beginning; an unambiguous beginning; an ambiguous one" {
	in_both --net --memory=1 --memory-m x
	assert_output --partial '<network><memory=1><memory-map=x>'
	in_both --me 1
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "demo: option '--me' is ambiguous: --memory --memory-map"
}

@test "what follows -- is an operand, quotes, options, patterns and empty ones too" {
	touch star1 star2
	in_both x -- -n '' '--memory' 'star*' '$HOME' "it's" '\n' --
	assert_success
	assert_output '(x)(-n)()(--memory)(star*)($HOME)(it'\''s)(\n)(--) before=1 profile=overlay lines='
	in_both -
	assert_output --partial '(-) before= '
}

@test "mistakes: one line that names them, status 2, and the nearest option" {
	in_both --memroy=1
	assert_failure 2
	assert_equal "${stderr_lines[0]}" \
		"demo: 'mkvinitrd demo' has no option '--memroy' (did you mean '--memory'?)"
	assert_equal "${stderr_lines[1]}" "Try 'mkvinitrd demo --help'."
	in_both --frobnicate
	assert_equal "${stderr_lines[0]}" "demo: 'mkvinitrd demo' has no option '--frobnicate'"
	in_both -nZ
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "demo: 'mkvinitrd demo' has no option '-Z'"
	for wrong in -@ '-|' '-*' '--*' '--=x' '--|' '---'; do
		in_both "$wrong"
		assert_failure 2
		assert_regex "${stderr_lines[0]}" '^demo: .*has no option'
	done
	in_both -m
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "demo: option '-m' needs a value"
	in_both --memory
	assert_equal "${stderr_lines[0]}" "demo: option '--memory' needs a value"
	in_both --network=yes
	assert_failure 2
	assert_equal "${stderr_lines[0]}" "demo: option '--network' takes no value"
}

@test "--help, -h and --version go to standard output; each line of help fits a terminal" {
	in_both -n --help
	assert_success
	assert_line '  -m, --memory=MIB           memory of the machine'
	assert_line '      --memory-map=FILE      where its map is'
	assert_line '                             and a second line of that'
	assert_line '  -h, --help                 print this text'
	refute_line --partial TARGET\|
	in_both -h
	assert_success
	for line in "${lines[@]}"; do [ ${#line} -le 100 ] || fail "$line"; done
	in_both --version
	assert_output "mkvinitrd $(cat "$TOP/VERSION")"
	for shell in dash "$MUSL/bin/busybox ash"; do
		run $shell -c '. ./demo >/dev/full' sh --help
		assert_failure 1
	done
}
