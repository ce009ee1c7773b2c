# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scripts behind `mkvinitrd NAME` share. The script sets `name` and a function `help` first.

die() {
	printf '%s\n' "$name: $*" >&2
	exit 1
}

usage() {
	printf '%s\n' "$name: $*" >&2
	echo "Try 'mkvinitrd $name --help'." >&2
	exit 2
}

# need PROGRAM PACKAGE
need() {
	command -v "$1" >/dev/null || die "$1 is not installed: apt-get install $2"
}

# The mkvinitrd beside this script: in the source tree, installed, or on the PATH.
mkvinitrd() {
	for program in "${MKVINITRD:-}" "$here/../build/host/mkvinitrd" "$here/../../sbin/mkvinitrd"; do
		if [ -n "$program" ] && [ -x "$program" ]; then
			"$program" "$@"
			return
		fi
	done
	command mkvinitrd "$@"
}

# Variables of the options that all these scripts have: -p -s -k -r -o
build_defaults() {
	profile=${1:-overlay} kernel='' sysroot='' output='' build_lines=''
}

# Sets vmlinuz: -k FILE, else that version's (or the only one's, or the running one's) below SYSROOT.
find_kernel() {
	if [ -f "$kernel" ]; then
		vmlinuz=$kernel
		return
	fi
	version=$kernel
	if [ -z "$version" ]; then
		set -- "$sysroot"/lib/modules/*
		[ -e "$1" ] || set -- "$sysroot"/usr/lib/modules/*
		if [ $# = 1 ] && [ -e "$1" ]; then version=${1##*/}; else version=$(uname -r); fi
	fi
	for vmlinuz in "$sysroot/boot/vmlinuz-$version" "$sysroot/lib/modules/$version/vmlinuz" \
		"$sysroot/usr/lib/modules/$version/vmlinuz"; do
		[ ! -r "$vmlinuz" ] || return 0
	done
	die "no kernel 'vmlinuz-$version' in $sysroot/boot: name one with -k FILE"
}

# build_image OUT [ARGS...]: runs mkvinitrd build with the user's options
build_image() {
	image_out=$1
	shift
	set -- build -q -p "$profile" -o "$image_out" "$@"
	[ -z "$kernel" ] || set -- "$@" -k "$kernel"
	[ -z "$sysroot" ] || set -- "$@" -r "$sysroot"
	while IFS= read -r line; do
		[ -z "$line" ] || set -- "$@" -s "$line"
	done <<LINES
$build_lines
LINES
	mkvinitrd "$@"
}
