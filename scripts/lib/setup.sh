# shellcheck shell=sh disable=SC2154 # name, top: of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What deps, quickstart and check share: messages, rights, owners, space. The script sets `name` and
# `top` first.

say() { echo "$name: $*"; }

die() {
	echo "$name: $*" >&2
	exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# The variables that say how to reach a server
# shellcheck disable=SC2034 # for the scripts that read this
proxy_variables='http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY'

# by_sudo VARIABLES COMMAND...: sudo takes variables away; these go with the command
by_sudo() {
	variables=$1
	shift
	passed=''
	for variable in $variables; do
		eval "value=\${$variable:-}"
		[ -z "$value" ] || {
			set -- "$variable=$value" "$@"
			passed=yes
		}
	done
	sudo ${passed:+env} "$@"
}

require_debian() {
	for program in apt-get dpkg-query; do
		command -v "$program" >/dev/null ||
			die "this system has no $program: mkvinitrd is built from packages of Debian 12 or later; use such a system, a container or a chroot (mmdebstrap, debootstrap)"
	done
}

require_amd64() {
	architecture=$(dpkg --print-architecture 2>/dev/null)
	[ "$architecture" = amd64 ] ||
		die "this system is $architecture, and $name builds and boots for amd64: run it on an amd64 Debian"
}

# make_work: a temporary directory in work, by its absolute path
make_work() {
	{ work=$(mktemp -d 2>/dev/null) && work=$(cd "$work" && pwd); } ||
		die "cannot make a directory in ${TMPDIR:-/tmp}, for temporary files: set TMPDIR to a directory that can be written to"
}

# Programs like depmod and mke2fs, which a user's PATH does not reach; a home for the cache. Where
# sudo keeps HOME, root would leave files of its own in a user's cache.
prepare_environment() {
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	if [ ! -d "${HOME:-}" ] || { is_root &&
		[ "$(stat -c %u "$HOME" 2>/dev/null)" != 0 ]; }; then
		HOME=$(getent passwd "$(id -u)" | cut -d : -f 6)
	fi
	# one that depends on the directory is invalid, says the XDG Base Directory Specification
	case ${XDG_CACHE_HOME:-/} in /*) ;; *) unset XDG_CACHE_HOME ;; esac
	case ${MKVINITRD_SOURCES:-/} in /*) ;; *) MKVINITRD_SOURCES=$PWD/$MKVINITRD_SOURCES ;; esac
	unset CDPATH
	export PATH HOME
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/mkvinitrd
	# shellcheck disable=SC2034 # for the script
	kernel_cache=${MKVINITRD_CACHE:-$cache}/kernels
}

# A user without a home has no cache.
require_cache() {
	{
		{ [ -n "${XDG_CACHE_HOME:-}" ] || [ -d "$HOME" ]; } && mkdir -p "$cache" 2>/dev/null &&
			[ -w "$cache" ]
	} ||
		die "cannot write to $cache, where downloads and builds are kept: set XDG_CACHE_HOME to a directory that can be written to"
}

# Root may build in a user's tree, and leaves nothing there that the user could not write to.
hand_back() {
	is_root && [ -e "$top/build" ] || return 0
	owner=$(stat -c %u:%g "$top")
	[ "${owner%:*}" = 0 ] || chown -R -h "$owner" "$top/build"
}

require_writable() {
	if [ ! -w "$top" ]; then
		case ,$(findmnt -n -o OPTIONS -T "$top"), in
		*,ro,*) die "$top is on a file system that is mounted read-only: clone the repository to a directory that can be written to" ;;
		esac
		die "you cannot write to $top: clone the repository to a directory of yours, or run: sudo scripts/$name"
	fi
	! is_root || return 0
	[ ! -e "$top/build" ] || foreign=$(find "$top/build" ! -user "$(id -u)" -print -quit)
	[ -z "${foreign:-}" ] ||
		die "$foreign belongs to $(stat -c %U "$foreign"), so this run could not replace it; run: sudo chown -R $(id -un) $top/build"
}

# require_space WHAT ADVICE: standard input has lines "MIB DIRECTORY". The needs on one file system
# are added up.
require_space() {
	short=$(while read -r mib directory; do
		while [ ! -d "$directory" ]; do directory=$(dirname "$directory"); done
		echo "$mib $(df -m --output=avail,target "$directory" | tail -n 1)"
	done | awk '{ need[$3] += $1; free[$3] = $2 }
		END { for (at in need) if (need[at] > free[at]) printf "%s: %d MiB needed, %d MiB free\n", at, need[at], free[at] }')
	[ -z "$short" ] || die "not enough space for $1 on the file system $short; $2"
}
