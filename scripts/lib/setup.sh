# shellcheck shell=sh disable=SC2154 # name, top: of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What deps, quickstart and check share: messages, rights, owners, space. The script sets `name` and `top` first.

say() { echo "$name: $*"; }

die() {
	echo "$name: $*" >&2
	exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Programs like depmod and mke2fs, which a user's PATH does not reach; a home for the cache. Where sudo keeps HOME,
# root would leave files of its own in a user's cache.
prepare_environment() {
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	if [ -z "${HOME:-}" ] || { is_root && [ "$(stat -c %u "$HOME" 2>/dev/null)" != 0 ]; }; then
		HOME=$(getent passwd "$(id -u)" | cut -d : -f 6)
	fi
	export PATH HOME
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/mkvinitrd
	# shellcheck disable=SC2034 # for the script
	kernel_cache=${MKVINITRD_CACHE:-$cache}/kernels
}

# Root may build in a user's tree, and leaves nothing there that the user could not write to.
hand_back() {
	is_root && [ -e "$top/build" ] || return 0
	owner=$(stat -c %u:%g "$top")
	[ "${owner%:*}" = 0 ] || chown -R -h "$owner" "$top/build"
}

require_writable() {
	is_root && return
	[ -w "$top" ] || die "you cannot write to $top: clone the repository to a directory of yours, or run: sudo scripts/$name"
	[ ! -e "$top/build" ] || foreign=$(find "$top/build" ! -user "$(id -u)" -print -quit)
	[ -z "${foreign:-}" ] ||
		die "$foreign belongs to $(stat -c %U "$foreign"), so this run could not replace it; run: sudo chown -R $(id -un) $top/build"
}

# require_space WHAT ADVICE: standard input has lines "MIB DIRECTORY". The needs on one file system are added up.
require_space() {
	short=$(while read -r mib directory; do
		while [ ! -d "$directory" ]; do directory=$(dirname "$directory"); done
		echo "$mib $(df -m --output=avail,target "$directory" | tail -n 1)"
	done | awk '{ need[$3] += $1; free[$3] = $2 }
		END { for (at in need) if (need[at] > free[at]) printf "%s: %d MiB needed, %d MiB free\n", at, need[at], free[at] }')
	[ -z "$short" ] || die "not enough space for $1 on the file system $short; $2"
}
