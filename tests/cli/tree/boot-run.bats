#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# Which cases tests/boot/run takes for which kernel; nothing is booted.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	load archive
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	private_archive
	kernels=$cache/kernels
}

# boot_plan ARG...: the cases and kernels that tests/boot/run would take
boot_plan() { "$root/tests/boot/run" -n "$@"; }

@test "boot runner: which case runs on which kernel" {
	for kernel in 6.1.0-9-amd64 6.12.1+deb12-amd64 7.2.13+deb14-amd64; do
		mkdir -p "$kernels/$kernel"
		: >"$kernels/$kernel/vmlinuz"
	done
	ln -s 7.2.13+deb14-amd64 "$kernels/current"
	: >plain.sh
	echo '# also: current' >also.sh
	echo '# kernels: 6.12' >only.sh
	echo '# kernels: 6.12 current' >new.sh
	run -0 --separate-stderr boot_plan ./plain.sh ./also.sh ./only.sh ./new.sh
	assert_output - <<-'END'
		# kernels: current is 7.2.13+deb14-amd64, which the cache has
		1..8
		# 1 plain.sh 6.1
		# 2 plain.sh 6.12
		# 3 also.sh 6.1
		# 4 also.sh 6.12
		# 5 also.sh current
		# 6 only.sh 6.12
		# 7 new.sh 6.12
		# 8 new.sh current
	END
	run -0 --separate-stderr boot_plan -k current ./plain.sh ./only.sh
	assert_line '# 1 plain.sh current'
	assert_line 1..1
}

@test "boot runner: a kernel that cannot be had fails the run by name" {
	mkdir -p "$kernels/6.1.0-9-amd64"
	: >"$kernels/6.1.0-9-amd64/vmlinuz"
	: >plain.sh
	run -1 --separate-stderr boot_plan -k '6.1 9.9' ./plain.sh
	assert_line --regexp '^not ok - kernel 9\.9: kernels: kernel 9\.9 is not available'
	assert_line '# 1 plain.sh 6.1'
}
