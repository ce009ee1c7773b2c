#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The syntax files for editors know the directives that the builder knows.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup() {
	TOP=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR"
	"$HOST/mkvinitrd" --complete directives | cut -f 1 | sort >directives
	[ -s directives ]
}

@test "vim: the same directives" {
	sed -n "s/^syn match mkvinitrdDirective '^.s\*.(\(.*\).).ze.*/\1/p" \
		"$TOP/docs/editors/mkvinitrd.vim" | sed 's/\\|/\n/g' | sort | diff directives -
}

@test "nano: the same directives, and its expressions take every line of the shipped profiles" {
	sed -n 's/^color brightblue "[^(]*(\([a-z|-]*\)).*/\1/p' \
		"$TOP/docs/editors/mkvinitrd.nanorc" | tr '|' '\n' | sort | diff directives -
	expression=$(sed -n 's/^color brightblue "\(.*\)"$/\1/p' \
		"$TOP/docs/editors/mkvinitrd.nanorc")
	file=$(sed -n 's/^syntax mkvinitrd "\(.*\)"$/\1/p' "$TOP/docs/editors/mkvinitrd.nanorc")
	grep -Eq "$file" <<</etc/mkvinitrd/profiles/lab.profile
	grep -Eq "$file" <<</etc/mkvinitrd/profiles/.lab.profile.1234.tmp
	# a line after a '\' continues a directive
	sed -e ':a;/\\$/{N;s/\\\n//;ba}' "$TOP"/profiles/*.profile |
		grep -vE '^[[:blank:]]*(#|$)' >lines
	[ "$(wc -l <lines)" -gt 20 ]
	run ! grep -vE "$expression" lines
}
