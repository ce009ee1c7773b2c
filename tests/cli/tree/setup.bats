#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# shellcheck disable=SC2016,SC2154 # variables of the shell inside; of setup.bash
# quickstart, check and deps as a person types them: rights, locks, network, space; and what the
# gates are run by.
load ../../lib/env
load setup
bats_require_minimum_version 1.5.0

@test "deps: another apt that holds the lists is waited for, then one line says who it is" {
	repository 10
	hold_lock apt/lists/lock
	LOCK_WAIT=2 run -3 "$TOP/scripts/deps" build
	assert_output --partial "waiting at most 2 s for another apt: $PWD/apt/lists/lock, held by process $holder (python3)"
	assert_output --partial "after 2 s apt is still locked ($PWD/apt/lists/lock, held by process $holder (python3)): let that end"
	refute_output --partial 'E: '
}

@test "deps: a lock that is given back in time stops nothing" {
	repository 10
	hold_lock apt/lists/lock 2
	LOCK_WAIT=60 run -3 "$TOP/scripts/deps" build
	assert_output --partial 'waiting at most 60 s'
	refute_output --partial 'still locked'
	assert_output --partial 'Need to get'
	# it came to the installation, whose files are not there
}

@test "deps: dpkg's lock is waited for and named too" {
	repository 10
	hold_lock admin/lock-frontend
	LOCK_WAIT=2 run -3 "$TOP/scripts/deps" build
	assert_output --partial "apt is still locked ($PWD/admin/lock-frontend, held by process $holder (python3))"
}

@test "deps: without a network one line says so" {
	private_apt http://deb.debian.org/debian
	run -3 unshare -n "$TOP/scripts/deps" build
	assert_line --partial 'deps: no network: apt cannot reach deb.debian.org'
	private_apt http://127.0.0.1:9/debian
	run -3 "$TOP/scripts/deps" build
	assert_line --partial 'deps: no network: apt cannot reach 127.0.0.1:9'
}

@test "deps: packages that do not fit are refused before they are fetched, with what is needed and found" {
	repository 1000000000
	run -3 "$TOP/scripts/deps" build
	assert_line --regexp "^deps: not enough space for packages on the file system .*: [0-9]{7,} MiB needed, [0-9]+ MiB free"
	refute_output --partial 'Need to get'
}

@test "deps: a package that the release does not have is named" {
	repository 10
	sed -i '/^Package: scdoc$/,/^$/d' repo/Packages
	run -3 "$TOP/scripts/deps" build
	assert_line --partial "apt's sources have no package scdoc: is this Debian 12 or later"
}

@test "deps: a user without sudo gets the command for root" {
	bare_tree
	repository 10
	# shellcheck disable=SC2016 # variables of the shell inside
	run -1 unshare -m sh -c '[ ! -e /usr/bin/sudo ] || mount --bind /dev/null /usr/bin/sudo; exec "$@"' - \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$PWD/tree/scripts/deps" build
	assert_line --regexp '^deps: installing packages needs root, and there is no sudo here; run this as root: apt-get update && apt-get install .* gcc make '
	[ "${#lines[@]}" = 1 ]
}

@test "deps: a user with sudo is told what it is for; one whom sudo refuses gets the command for root" {
	bare_tree
	repository 10
	mkdir bin
	printf '#!/bin/sh\necho "$@" >>%s/calls\nexit $(cat %s/status)\n' "$PWD" "$PWD" >bin/sudo
	chmod 755 bin/sudo
	: >calls
	chmod 666 calls
	echo 0 >status
	PATH=$PWD/bin:$PATH run -0 as_user "$PWD/tree/scripts/deps" build
	assert_line --regexp '^deps: installing packages needs root: running sudo scripts/deps build \(apt-get install .*\)$'
	[ "$(cat calls)" = "$PWD/tree/scripts/deps build" ]
	echo 1 >status
	PATH=$PWD/bin:$PATH run -1 as_user "$PWD/tree/scripts/deps" build
	assert_line --partial 'sudo did not let us install packages; run this as root: apt-get update && apt-get install'
}

@test "deps: what is there is not installed again, and needs no root" {
	bare_tree
	run -0 as_user "$PWD/tree/scripts/deps" build
	assert_output ''
}

@test "quickstart: without space it ends before anything is installed or built" {
	bare_tree
	mkdir cache
	# shellcheck disable=SC2016 # variables of the shell inside
	run -1 unshare -m sh -c 'mount -t tmpfs -o size=16m tmpfs cache && XDG_CACHE_HOME=$PWD/cache exec tree/scripts/quickstart --no-wait'
	assert_line --regexp "^quickstart: not enough space for the build, its cache and a kernel on the file system $PWD/cache: [0-9]{3,} MiB needed, 1[0-9] MiB free; free some there, or set XDG_CACHE_HOME"
	[ "${#lines[@]}" = 1 ]
	[ ! -e tree/built ]
}

@test "quickstart and check: a tree or a build of another's is reported before anything is done" {
	bare_tree
	run -1 as_user tree/scripts/quickstart --no-wait
	assert_output "quickstart: you cannot write to $PWD/tree: clone the repository to a directory of yours, or run: sudo scripts/quickstart"
	chown 65534 tree
	mkdir tree/build
	touch tree/build/x
	for command in 'quickstart --no-wait' 'check --quick'; do
		# shellcheck disable=SC2086 # a list of words
		run -1 as_user tree/scripts/$command
		assert_output --partial \
			"$PWD/tree/build belongs to root, so this run could not replace it; run: sudo chown -R nobody $PWD/tree/build"
	done
}

@test "what root builds in a user's tree belongs to the user" {
	bare_tree
	mkdir -p tree/build/host
	touch tree/build/host/object
	chown -R 1234:1234 tree
	chown -R 0:0 tree/build
	# shellcheck disable=SC2016 # variables of the shell inside
	sh -c 'name=x top=$PWD/tree; . "$1/scripts/lib/setup.sh"; hand_back' - "$TOP"
	[ -z "$(find tree ! -user 1234 -o ! -group 1234)" ]
}

@test "check: tests that need root say so to a user without sudo, the others run" {
	bare_tree
	chown 65534 tree
	# shellcheck disable=SC2016 # variables of the shell inside
	run -1 unshare -m sh -c '[ ! -e /usr/bin/sudo ] || mount --bind /dev/null /usr/bin/sudo; exec "$@"' - \
		setpriv --reuid=65534 --regid=65534 --clear-groups tree/scripts/check \
		tests/cli/x.bats
	assert_output --partial 'these tests use loop devices, mounts and other owners, which needs root, and there is no sudo here; run as root:'
}

# as_typed COMMAND...: with nothing of these tests in the environment
as_typed() { env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$HOME" \
	"$@"; }

# check_file FILE...: from a directory elsewhere
check_file() { as_typed "$TOP/scripts/check" "$@"; }

@test "check runs one file: bats, unit, golden" {
	printf '@test "one" { [ -x "$HOST/mkvinitrd" ]; }\n' >one.bats
	sed -i "1i load $TOP/tests/lib/env" one.bats
	run -0 check_file one.bats
	assert_line 'ok 1 one'
	run -0 check_file tests/unit/builder/test_cpio.c
	assert_output --partial 'PASSED'
	run -0 check_file tests/golden/cases/binary
	assert_line 'ok 1 - golden binary'
	run -1 check_file tests/cli/no-such.bats
	assert_output "check: there is no file 'tests/cli/no-such.bats' here or in $TOP"
	printf '@test "two" { false; }\n' >two.bats
	run -1 check_file one.bats two.bats
	assert_line 'ok 1 one'
	assert_line 'not ok 1 two'
}

@test "a compiler that warns stops the gates, not a user" {
	mkdir tree
	cp -R "$TOP/Makefile" "$TOP/mk" "$TOP/VERSION" "$TOP/common" tree
	echo 'static int nobody_uses_this;' >>tree/common/error.c
	object=build/host/common/error.o
	run -0 env -u WERROR make -C tree O=build $object
	assert_output --partial 'nobody_uses_this'
	run -0 env -u WERROR make -C tree O=build $object
	assert_output --partial 'up to date'
	# an object that is there already is no excuse
	run -2 make -C tree O=build WERROR=1 $object
	assert_output --partial 'nobody_uses_this'
	sed -i '$d' tree/common/error.c
	run -0 make -C tree O=build WERROR=1 $object
	run -0 make -C tree O=build WERROR=1 $object
	assert_output --partial 'up to date'
}

@test "run-bats: files come out whole, numbered through, and a file that breaks is a failure" {
	printf '@test "one" { true; }\n@test "two" { echo why; false; }\n' >a.bats
	printf '@test "three" { true; }\n@test "four" { skip tool; }\n' >b.bats
	run -1 as_typed "$TOP/ci/run-bats" a.bats b.bats
	assert_line '1..4'
	assert_line --regexp '^ok [0-9] - a.bats: one in [0-9]+ms$'
	assert_line --regexp '^not ok [0-9] - a.bats: two in [0-9]+ms$'
	assert_line --partial '# why'
	assert_line --regexp '^ok [0-9] - b.bats: four in [0-9]+ms # skip tool$'
	[ "$(grep -oE '^(not )?ok [0-9]' <<<"$output" | grep -o '[0-9]' | paste -sd ' ')" = \
		'1 2 3 4' ]
	run -0 as_typed "$TOP/ci/run-bats" b.bats
	echo 'setup_file() { exit 3; }' >>b.bats
	run -1 as_typed "$TOP/ci/run-bats" b.bats
	assert_line --partial 'not ok 1'
	echo '@test "half' >c.bats
	run -1 as_typed "$TOP/ci/run-bats" c.bats
	assert_line --regexp '^not ok 1 - c.bats: '
	run -2 as_typed "$TOP/ci/run-bats" missing.bats
}

@test "run-bats names a test that hangs and what it waits for, runs the next ones, and leaves nothing behind" {
	# a number for each run: other checks on this machine have such processes too
	long=864$BASHPID
	printf '@test "%s" { %s; }\n' waits "run sh -c 'sleep ${long}1; true'" next true leaves \
		"sleep ${long}2 & true" >a.bats
	printf '@test "%s" { %s; }\n' first true loops 'while :; do sleep 0.1; done' unreached \
		true >b.bats
	run -1 as_typed "$TOP/ci/run-bats" -l 2 a.bats b.bats
	assert_line "# a.bats: 'waits' did not end in 2 s"
	assert_line --regexp "^# still running for [0-9]+ s: sleep ${long}1\$"
	assert_line --regexp '^not ok [0-9] - a.bats: waits in [0-9]+ms \(over its limit of 2 s\)$'
	assert_line --regexp '^ok [0-9] - a.bats: next in '
	assert_line --regexp '^ok [0-9] - a.bats: leaves in '
	assert_line --regexp '^not ok [0-9] - a.bats: the file does not end, 2 s after its last test: '
	assert_line --regexp "^# still running for [0-9]+ s: sleep ${long}2\$"
	# its commands are ended first, then the file
	assert_line --regexp '^not ok [0-9] - b.bats: loops(: over its limit, | in [0-9]+ms \(over its limit of 2 s)'
	run -1 pgrep -fx "sleep ${long}[12]"
}

@test "run-bats takes tests by a tag, of a file or of one test: each is in one of two runs" {
	printf '@test "plain" { true; }\n# bats test_tags=odd\n@test "odd one" { true; }\n@test "after" { true; }\n' >a.bats
	printf '# bats file_tags=odd\n@test "odd file" { true; }\n' >b.bats
	run -0 as_typed "$TOP/ci/run-bats" -j 1 -o odd a.bats b.bats
	assert_line 1..2
	assert_line --partial 'ok 1 - a.bats: odd one'
	assert_line --partial 'ok 2 - b.bats: odd file'
	run -0 as_typed "$TOP/ci/run-bats" -j 1 -x odd a.bats b.bats
	assert_line 1..2
	assert_line --partial 'ok 1 - a.bats: plain'
	assert_line --partial 'ok 2 - a.bats: after'
	run -0 as_typed "$TOP/ci/run-bats" -j 1 a.bats b.bats
	assert_line 1..4
}

@test "run-bats: what a file mounts stays in no namespace that a test beside it makes" {
	printf '@test "%s" { %s; }\n' mounted \
		'mkdir m; mount -t tmpfs here m; : >mounted; until [ -e looked ]; do sleep 0.1; done; umount m' >a.bats
	printf '@test "%s" { %s; }\n' beside \
		'until [ -e mounted ]; do sleep 0.1; done; unshare -m cat /proc/self/mounts >seen; : >looked' >b.bats
	run -0 as_typed "$TOP/ci/run-bats" -j 2 -l 60 a.bats b.bats
	run ! grep '^here ' seen
}

# fake_gates: a tree with two quick gates
fake_gates() {
	mkdir -p tree/ci/gates
	cp "$TOP/ci/run-gates" "$TOP/ci/bounded" "$TOP/ci/cpu-seconds" tree/ci
	printf '#!/bin/sh\necho 1..2; echo ok 1 - first; echo "not ok 2 - second"; exit 1\n' \
		>tree/ci/gates/10-bad
	printf '#!/bin/sh\necho 1..1; echo ok 1 - third\n' >tree/ci/gates/20-good
	chmod +x tree/ci/gates/*
	export XDG_CACHE_HOME=$PWD/cache
}

@test "run-gates on a terminal: which gate, how many, how long still; failures stay, the count is last" {
	fake_gates
	run -1 script -qec tree/ci/run-gates /dev/null
	assert_output --partial '[1/2] bad: 1 passed'
	assert_output --partial '[2/2] good: 1 passed of 1; time left: not known before a first run'
	assert_output --partial 'not ok 2 - second'
	assert_output --partial '2 passed, 1 failed, 0 skipped'
	run -0 script -qec 'tree/ci/run-gates good' /dev/null
	assert_output --partial '[1/1] good: 1 passed of 1; '
	refute_output --partial 'not known'
	rm -r cache
	# a gate that takes longer takes nothing from those after it
	printf 'everyday good 91\neveryday bad 0\nquick good 1\n' >tree/ci/gate-times
	sed -i '2i sleep 2' tree/ci/gates/10-bad
	run -1 script -qec tree/ci/run-gates /dev/null
	assert_output --partial '[1/2] bad: 1 passed, 1 failed of 2; about 2 min left'
	sed -i 2d tree/ci/gates/10-bad
	printf 'everyday good 600\neveryday bad 1200\nquick good 1\n' >tree/ci/gate-times
	rm -r cache
	run -1 script -qec tree/ci/run-gates /dev/null
	assert_output --partial '[1/2] bad: 1 passed, 1 failed of 2; about 30 min left'
	assert_output --partial '[2/2] good: 1 passed of 1; about 10 min left'
	run -1 tree/ci/run-gates
	assert_line 'ok 1 - third'
	assert_line '# gate 20-good (2/2)'
	assert_line --regexp '^# gate 20-good took [0-9]+ s, [0-9]+ s of CPU$'
	[ "${lines[-1]}" = '2 passed, 1 failed, 0 skipped' ]
}
