# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What the scripts behind `mkvinitrd NAME` share. The script sets `name` and a function `help`
# first.

# by_bytes COMMAND...: busybox as a shell runs its own tools without looking at a locale again; a
# small system may have no other
by_bytes() {
	if [ -x /usr/bin/env ]; then /usr/bin/env LC_ALL=C "$@"; else LC_ALL=C "$@"; fi
}

# without_controls <TEXT: without the controls beyond ASCII, C1 and those of the direction of
# writing, in UTF-8
without_controls() {
	by_bytes sed 's/\xc2[\x80-\x9f]//g; s/\xe2\x80[\x8e\x8f\xaa-\xae]//g; s/\xe2\x81[\xa6-\xa9]//g'
}

# one_line TEXT: names of files may have line breaks and other control characters: as printf's
# escapes; without what only terminals obey
one_line() {
	case $1 in
	*[[:cntrl:]]*)
		TEXT=$1 LC_ALL=C awk 'BEGIN {
			for (i = 1; i < 32; i++) escape[sprintf("%c", i)] = sprintf("\\%03o", i)
			escape["\n"] = "\\n"
			escape["\t"] = "\\t"
			escape["\177"] = "\\177"
			for (i = 1; i <= length(ENVIRON["TEXT"]); i++) {
				c = substr(ENVIRON["TEXT"], i, 1)
				printf "%s", c in escape ? escape[c] : c
			}
			print ""
		}'
		;;
	*) printf '%s\n' "$1" ;;
	esac | without_controls
}

# message TEXT: a line of ours, in which text of images and labels may be
message() {
	one_line "$name: $*" >&2
}

die() {
	message "$*"
	exit 1
}

usage() {
	message "$*"
	echo "Try 'mkvinitrd $name --help'." >&2
	exit 2
}

# write_result FORMAT WORD...: a result on standard output, by printf; what was made stays if that
# is full or closed
write_result() {
	# shellcheck disable=SC2059 # a format
	printf "$@" 2>/dev/null ||
		die "cannot write the result to standard output${output_kept:+; $output_kept}"
}

# need PROGRAM PACKAGE
need() {
	command -v "$1" >/dev/null || die "$1 is not installed: apt-get install $2"
}

# The mkvinitrd beside this script: in the source tree, installed, or on the PATH.
mkvinitrd() {
	for program in "${MKVINITRD:-}" "$here/../build/host/mkvinitrd" \
		"$here/../../sbin/mkvinitrd"; do
		if [ -n "$program" ] && [ -x "$program" ]; then
			"$program" "$@"
			return
		fi
	done
	command mkvinitrd "$@"
}

# Variables of the options that all these scripts have: -p -s -k -r -o
build_defaults() {
	profile=${1-overlay} kernel='' sysroot='' output='' build_lines=''
}

# Sets vmlinuz: -k FILE, else that version's (or the only one's, or the running one's) below
# SYSROOT.
find_kernel() {
	if [ -f "$kernel" ]; then
		vmlinuz=$kernel
		return
	fi
	version=$kernel
	[ -n "$version" ] || choose_version
	! kernel_of_version "$sysroot" "$version" || return 0
	sysroot_file "$sysroot" "boot/vmlinuz-$version"
	[ ! -f "$vmlinuz" ] ||
		die "cannot read the kernel '$vmlinuz', which some systems let only root read: run this as root, or name a copy with -k FILE"
	die "no kernel of version $version in $sysroot/boot, as vmlinuz-$version or by another name: name one with -k FILE"
}

# kernel_of_version SYSROOT VERSION: the file in vmlinuz
kernel_of_version() {
	for file in boot/vmlinuz-"$2" lib/modules/"$2"/vmlinuz usr/lib/modules/"$2"/vmlinuz \
		boot/kernel-"$2"; do
		sysroot_file "$1" "$file"
		[ ! -r "$vmlinuz" ] || return 0
	done
	# Arch has vmlinuz-linux, Alpine vmlinuz-lts: the kernel knows its version
	for file in "$1"/boot/vmlinuz* "$1"/boot/kernel* "$1"/boot/bzImage*; do
		sysroot_file "$1" "${file#"$1/"}"
		[ "$(bzimage_version "$vmlinuz")" != "$2" ] || return 0
	done
	return 1
}

# As the builder chooses: what a removed kernel left behind (modules of DKMS) is none.
choose_version() {
	version=$(uname -r)
	for modules in lib/modules usr/lib/modules; do
		set --
		for dir in "$sysroot/$modules"/*; do
			[ ! -e "$dir/modules.dep" ] || set -- "$@" "${dir##*/}"
		done
		[ $# = 0 ] || break
	done
	[ $# != 1 ] || version=$1
	[ $# -lt 2 ] || [ -e "$sysroot/$modules/$version" ] ||
		die "'$sysroot' has several kernels ($*): choose one with -k"
}

# sysroot_file SYSROOT PATH: in vmlinuz; an absolute link leads from the top of the system that it
# is in
sysroot_file() {
	vmlinuz=$1/$2 hops=0
	while [ -L "$vmlinuz" ] && [ $((hops += 1)) -le 8 ]; do
		link=$(readlink "$vmlinuz")
		case $link in /*) vmlinuz=$1$link ;; *) vmlinuz=${vmlinuz%/*}/$link ;; esac
	done
}

# bzimage_version FILE: see the kernel's Documentation/arch/x86/boot.rst, kernel_version
bzimage_version() {
	[ -r "$1" ] && [ "$(od -An -c -j 514 -N 4 "$1" 2>/dev/null | tr -d ' ')" = HdrS ] ||
		return 0
	at=$(od -An -tu2 -j 526 -N 2 "$1" | tr -d ' ')
	tail -c +$((at + 513)) "$1" | head -c 200 | tr '\0' '\n' | sed -n '1s/ .*//p'
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
