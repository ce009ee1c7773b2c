# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Paths of stores on NTFS. Windows takes them in any letter case and Linux's drivers do not: a store
# of the same name in another case would be a second one, which Windows cannot show, and the changes
# in the first would be missing.

# path_of_any_case MOUNTPOINT PATH: RET is PATH, on NTFS with each name as the only one there that
# differs in case alone
path_of_any_case() {
	local rest=${2#/} path='' name
	RET=$2
	is_on_ntfs "$1" || return 0
	while [ -n "$rest" ]; do
		name=${rest%%/*}
		case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
		[ -e "$1$path/$name" ] || {
			name_of_any_case "$1$path" "$name"
			name=$RET
		}
		path=$path/$name
	done
	case $2 in */) path=$path/ ;; esac
	RET=$path
}

# is_on_ntfs MOUNTPOINT
is_on_ntfs() {
	local device path type rest
	[ -r "$ROOT/proc/mounts" ] || return 1
	# shellcheck disable=SC2034
	while read -r device path type rest; do
		[ "$(printf '%b' "$path")" = "$1" ] || continue
		case $type in ntfs | ntfs3 | fuseblk) return 0 ;; esac
	done <"$ROOT/proc/mounts"
	return 1
}

# name_of_any_case DIRECTORY NAME: in RET
name_of_any_case() {
	local found
	RET=$2
	[ -n "$2" ] && [ -d "$1" ] || return 0
	# shellcheck disable=SC2010 # names are compared whole; one with a newline is none of them
	found=$(ls -A "$1" | grep -ixF -e "$2") || return 0
	case $found in
	*"$NL"*) fail VI203 "'$2' in vi.persist= can be several in $1" \
		"$(printf '%s' "$found" | tr '\n' ' ')" \
		'name one of them in its own letter case' ;;
	esac
	RET=$found
}
