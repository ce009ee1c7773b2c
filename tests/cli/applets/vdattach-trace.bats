#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vdattach trace: the names of the files that a root's programs open, as mkvinitrd pack --trace
# reads them.
bats_require_minimum_version 1.5.0
load ../../lib/env

bats_load_library bats-support
bats_load_library bats-assert

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir -p lower/usr/bin upper root
	for n in 1 2 3; do echo $n >lower/usr/bin/$n; done
	echo odd >'lower/usr/a [b]* '
	echo new >$'lower/usr/new\nline'
}

teardown() {
	# of our own: the directory is in their command lines
	for dir in /proc/[0-9]*; do
		line=$(tr '\0' ' ' 2>/dev/null <"$dir/cmdline") || continue
		case $line in *"trace -o $PWD/"*) kill "${dir#/proc/}" ;; esac
	done
}

@test "the files of an overlay are recorded in the order of their first opening, wherever the root is then" {
	# where it is at its first mount point, a process sees it at another: here one of a
	# namespace of its own
	unshare -m sh -euc '
		mount -t tmpfs upper upper
		mkdir upper/up upper/work
		mount -t overlay -o lowerdir=lower,upperdir=upper/up,workdir=upper/work overlay root
		"$1" trace -o "$PWD/trace" "$PWD/root"
		cat root/usr/bin/3 root/usr/bin/1 root/usr/bin/3 root/usr/a* root/usr/new* >/dev/null
		unshare -m cat root/usr/bin/2 >/dev/null
		ls -R root >/dev/null
		echo x >root/usr/made
		for n in $(seq 100); do
			! grep -qx usr/made trace || break
			sleep 0.1
		done' sh "$HOST/bin/vdattach"
	# where the test runs in a chroot, the kernel shows the way to it in the other namespace
	run sed "s,.*${PWD#/}/root/,," trace
	assert_output 'usr/bin/3
usr/bin/1
usr/a [b]* 
usr/bin/2
usr/made'
}

@test "what cannot be traced is said" {
	run -1 "$HOST/bin/vdattach" trace -o trace absent
	assert_output --partial "cannot trace 'absent'"
	run -1 "$HOST/bin/vdattach" trace -o absent/trace .
	assert_output --partial "cannot write 'absent/trace'"
	run -2 "$HOST/bin/vdattach" trace .
	assert_line --index 0 'vdattach: trace: missing --output'
}
