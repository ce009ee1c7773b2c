#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of features names tests that exist.
load ../../lib/env

setup() {
	cd "$BATS_TEST_DIRNAME/../../.." || return
}

# has_test FILE TEXT: a bats file of that name has a test whose name has this text
has_test() {
	find tests -name "$1" -exec grep -hF '@test "' {} + | grep -qF -e "$2"
}

@test "each boot case and each test that docs/netboot-features.md names exists" {
	count=0 file=''
	while read -r word; do
		count=$((count + 1))
		case $word in
		boot\ *) [ -f tests/boot/cases/*/"${word#boot }.sh" ] || fail=$word ;;
		*.bats) file=$word ;;
		*) has_test "$file" "$word" || fail=$word ;;
		esac
		[ -z "${fail:-}" ] || {
			echo "there is no test '$fail' ($file)"
			return 1
		}
	done < <(grep '^|' docs/netboot-features.md |
		grep -oE 'boot `[a-z0-9-]+`|`[a-z-]+\.bats`|"[^"]+"' | tr -d '`"')
	[ "$count" -ge 20 ]
}
