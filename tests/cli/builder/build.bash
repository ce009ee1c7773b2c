# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build: what is in an image, that it is the same each time, and what failures leave behind.
# shellcheck disable=SC2154 # output, stderr, status: by bats
bats_require_minimum_version 1.5.0
load builder

setup() {
	builder_setup
	real_programs
	mounted=''
}

teardown() {
	[ -z "$mounted" ] || umount "$mounted"
	[ -z "${outside:-}" ] || rm -rf "$outside"
}
