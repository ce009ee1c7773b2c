# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the shutdown ramfs: who holds what could not be taken down. All of it is read in /proc:
# nothing is asked of a file system, which may not answer.

# held_by DIR DEVICE: ", held by NAME (PID: WHAT)..." in RET, empty when no process holds it. DIR: a
# mount point or '', DEVICE: its major:minor number or ''
held_by() {
	local dir name list='' here
	here=$(readlink "$ROOT/proc/self/ns/mnt")
	for dir in "$ROOT"/proc/[0-9]*; do
		case ${dir##*/} in 1 | "$$") continue ;; esac
		RET=''
		if [ "$(readlink "$dir/ns/mnt" 2>/dev/null)" = "$here" ]; then
			uses_of "$dir" "$1"
		else
			mounts_device "$dir" "$2"
		fi
		[ -n "$RET" ] || continue
		name=''
		read -r name <"$dir/comm" || :
		list="$list${list:+, }$name (${dir##*/}: $RET)"
	done 2>/dev/null
	RET=${list:+, held by $list}
}

# uses_of PROC DIR: what that process has of the directory
uses_of() {
	local link found='' range access offset device inode path
	RET=''
	[ -n "$2" ] || return 0
	for link in "$1/cwd" "$1/root" "$1/exe" "$1"/fd/*; do
		path=$(readlink "$link") || continue
		case $path/ in "$2"/*) found="$found${found:+, }${link#"$1"/} $path" ;; esac
	done
	# shellcheck disable=SC2034
	[ -n "$found" ] || while read -r range access offset device inode path; do
		case $path in "$2"/*) found="map $path" ;; esac
	done <"$1/maps"
	RET=$found
}

# mounts_device PROC DEVICE: where that process, which has mounts of its own, has the device
mounts_device() {
	local id parent device inside path rest
	RET=''
	[ -n "$2" ] || return 0
	# shellcheck disable=SC2034
	while read -r id parent device inside path rest; do
		[ "$device" != "$2" ] || RET="mounted at $path"
	done <"$1/mountinfo"
}

# device_of DIR: major:minor of what is mounted there, in RET
device_of() {
	local id parent device inside path rest found=''
	# shellcheck disable=SC2034
	while read -r id parent device inside path rest; do
		[ "$(printf '%b' "$path")" != "$1" ] || found=$device
	done <"$ROOT/proc/self/mountinfo"
	RET=$found
}
