# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's binary packages of any suite, unpacked and never installed, for scripts/kernels and tests/boot: of each the newest
# version that is available.
# Wants: the paths $here (of scripts), $cache.
# shellcheck disable=SC2154 # those

# shellcheck source=scripts/lib/debian-apt.sh
. "$here/lib/debian-apt.sh"

# use_suite SUITE: the machine's mirrors, and on them SUITE with its updates. Fails with $answer.
use_suite() {
	suite=$1 apt=$cache/apt-$1
	[ "${architecture:-amd64}" = amd64 ] || apt=$apt-$architecture
	refresh_lists deb "$1"
}

# One process at a time downloads.
lock_downloads() {
	make_cache "$cache"
	exec 8>"$cache/lock-packages"
	take_lock 8 "$cache/lock-packages"
	log=$cache/packages.log
	: >"$log"
}
unlock_downloads() { exec 8>&-; }

# The versions of a package that the lists know, newest first
package_versions() {
	apt-cache -c "$apt/apt.conf" madison "$1" 2>>"$log" | awk -v name="$1" '$1 == name { print $3 }' | sort_versions
}

# download_package NAME DIRECTORY: sets $version; where it fails $tried has every version with its answer.
download_package() {
	tried=''
	for version in $(package_versions "$1"); do
		request "$2" download "$1=$version" && return
		tried="$tried${tried:+; }$1 $version: $answer"
		if lists_renewed; then
			download_package "$1" "$2"
			return
		fi
	done
	: "${tried:=$1: not in the package lists of $suite}"
	return 1
}

# kept_package NAME DIRECTORY: the newest that was downloaded before
kept_package() {
	kept='' version=''
	for file in "$cache/packages/$1"_*.deb; do
		[ -f "$file" ] || continue
		new=$(/usr/bin/dpkg-deb -f "$file" Version) || continue
		[ -z "$kept" ] || newer "$new" "$version" || continue
		kept=$file version=$new
	done
	[ -n "$kept" ] && cp "$kept" "$2"
}

have_file() { [ -f "$1" ]; }

# fetch_packages SUITE DIRECTORY NAME...: their .deb files, of the mirrors or of the cache
fetch_packages() {
	if use_suite "$1"; then lists=good; else lists="no package lists of $1: $answer"; fi
	into=$2
	shift 2
	# the newest of all at once, then one by one what that did not bring
	[ "$lists" != good ] || request "$into" download "$@" || :
	for package in "$@"; do
		tried=$lists
		! have_file "$into/$package"_*.deb || continue
		if [ "$lists" = good ] && download_package "$package" "$into"; then
			[ -z "$tried" ] || say "$package $version taken: $tried" >&2
		elif kept_package "$package" "$into"; then
			say "$package $version taken from the cache: $tried" >&2
		else
			die "package $package is not available: $tried; the cache has none. Name another mirror in apt's sources"
		fi
	done
	mkdir -p "$cache/packages"
	for file in "$into"/*.deb; do
		cp "$file" "$cache/packages/.new"
		mv "$cache/packages/.new" "$cache/packages/${file##*/}"
	done
}

# unpack_packages SUITE NAME...: sets $tree, the directory in the cache that they are unpacked in together. Its name is of the
# script that asks, and changes with it.
unpack_packages() {
	tree=$cache/${0##*/}-$(sha256sum <"$0" | cut -c1-8)
	[ ! -d "$tree" ] || return 0
	lock_downloads
	if [ ! -d "$tree" ]; then
		# of one that was killed
		rm -rf "$cache"/.new.*
		temp=$(mktemp -d "$cache/.new.XXXXXX")
		trap 'rm -rf "$temp"' EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
		mkdir "$temp/root" "$temp/deb"
		from=$1
		shift
		fetch_packages "$from" "$temp/deb" "$@"
		for file in "$temp"/deb/*.deb; do /usr/bin/dpkg-deb -x "$file" "$temp/root"; done
		sync -f "$temp"
		mv -T "$temp/root" "$tree"
		rm -rf "$temp"
		trap - EXIT INT TERM
	fi
	unlock_downloads
}
