# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's source packages, for scripts/musl-libs and tests/samples/fetch: of each the newest version that is available.
# Wants: the paths $here (of scripts), $cache, $apt, $log; a function have_build VERSION, where a build that needs no source will do.
# shellcheck disable=SC2154,SC2034 # those, and what the script uses that reads this

# shellcheck source=scripts/lib/debian-apt.sh
. "$here/lib/debian-apt.sh"

sources_help() {
	cat <<-'END'
		Of each source package every version that the package lists of this release know is tried,
		newest first; then what the cache has; then the newest of Debian's other releases.

		Environment:
		  MKVINITRD_SOURCES=DIRECTORY  source packages put there by hand (NAME_VERSION.dsc and the files
		                               that it lists) are taken instead, without any download; their
		                               checksums must be right
		  XDG_CACHE_HOME=DIRECTORY     the cache is DIRECTORY/mkvinitrd, else ~/.cache/mkvinitrd
	END
}

# dsc_field FIELD DSC
dsc_field() { sed -n "s/^$1: *//p" "$2" | sed -n 1p; }

# Prints what is wrong with the files that a DSC lists, nothing where all is right.
source_fault() {
	sums=$(awk '/^[^ ]/ { on = /^Checksums-Sha256:/ } on && /^ / { print $1, $3 }' "$1")
	[ -n "$sums" ] || echo "${1##*/} has no Checksums-Sha256"
	echo "$sums" | while read -r sum file; do
		case $file in '' | */*) continue ;; esac
		path=${1%/*}/$file
		if [ ! -f "$path" ]; then
			echo "$file is missing"
			break
		fi
		found=$(sha256sum <"$path")
		[ "${found%% *}" = "$sum" ] && continue
		echo "$file has the sha256 ${found%% *}, ${1##*/} says $sum"
		break
	done
}

# newest_dsc NAME VERSION DSC...: of those that exist and are of this package; VERSION: no other will do. Sets dsc, dsc_version.
newest_dsc() {
	dsc='' dsc_version='' want=$2 of=$1
	shift 2
	for file in "$@"; do
		if [ ! -f "$file" ] || [ "$(dsc_field Source "$file")" != "$of" ]; then continue; fi
		version=$(dsc_field Version "$file")
		[ -z "$want" ] || [ "$version" = "$want" ] || continue
		[ -z "$dsc" ] || newer "$version" "$dsc_version" || continue
		dsc=$file dsc_version=$version
	done
	[ -n "$dsc" ]
}

# What the user has put there is taken, or refused: nothing else is used in its place.
take_from_directory() {
	[ -d "$MKVINITRD_SOURCES" ] || die "MKVINITRD_SOURCES: '$MKVINITRD_SOURCES' is not a directory"
	newest_dsc "$1" '' "$(cd "$MKVINITRD_SOURCES" && pwd)"/*.dsc || return 1
	fault=$(source_fault "$dsc")
	[ -z "$fault" ] || die "source package $1 $dsc_version in MKVINITRD_SOURCES ($dsc) is damaged: $fault; put the right file there"
	say "$1 $dsc_version: from $MKVINITRD_SOURCES"
	src_dsc=$dsc src_version=$dsc_version
}

# take_from_cache NAME [VERSION]: a damaged one is removed.
take_from_cache() {
	while newest_dsc "$1" "${2:-}" "$cache/sources/$1"_*/*.dsc; do
		fault=$(source_fault "$dsc")
		if [ -z "$fault" ]; then
			src_dsc=$dsc src_version=$dsc_version
			return
		fi
		say "$1 $dsc_version in the cache is damaged: $fault" >&2
		rm -rf "${dsc%/*}"
	done
	return 1
}

# Directories are named as Debian names files: without the epoch. apt checks all that it downloads.
download_source() {
	[ -n "$offline" ] || say "downloading $1 ${2#*:}"
	rm -rf "$cache/sources/partial"
	mkdir -p "$cache/sources/partial/apt"
	request "$cache/sources/partial/apt" source --only-source --download-only "$1=$2" || {
		[ -n "$offline" ] || echo "$answer" >"$apt/missing/$1_${2#*:}"
		return 1
	}
	# of a mirror on this machine apt leaves links
	cp -RL "$cache/sources/partial/apt" "$cache/sources/partial/files"
	sync -f "$cache/sources/partial"
	rm -rf "${cache:?}/sources/$1_${2#*:}"
	mv "$cache/sources/partial/files" "$cache/sources/$1_${2#*:}"
	rm -rf "$cache/sources/partial"
}

# The versions that the package lists know, newest first
listed_versions() {
	apt-cache -c "$apt/apt.conf" showsrc --only-source "$1" 2>>"$log" |
		awk -v name="$1" '$1 == "Package:" { mine = $2 == name } $1 == "Version:" && mine { print $2 }' | sort_versions
}

# fetch_version NAME VERSION: what was missing already when these lists were new is not asked for again.
fetch_version() {
	mark=$apt/missing/$1_${2#*:}
	src_dsc='' src_version=$2
	have_build "$2" && return
	take_from_cache "$1" "$2" && return
	if [ -f "$mark" ]; then
		answer=$(cat "$mark")
		return 1
	fi
	if download_source "$1" "$2"; then
		take_from_cache "$1" "$2" && return
		die "apt's download of $1 $2 is damaged, see $log"
	fi
	[ -z "$offline" ] && lists_renewed && renewed=yes
	return 1
}

# Where it fails $tried has every version with its answer.
take_from_lists() {
	tried='' renewed=''
	for candidate in $(listed_versions "$1"); do
		if fetch_version "$1" "$candidate"; then
			[ -z "$tried" ] || say "$1 ${src_version#*:} taken: $tried"
			return
		fi
		if [ -n "$renewed" ]; then
			take_from_lists "$1"
			return
		fi
		tried="$tried${tried:+; }${candidate#*:}: $answer"
	done
	return 1
}

# Debian's other releases, on the same mirrors: better than none, where the mirrors have lost what this release lists. Adds to
# $failures what was tried.
take_from_other_release() {
	own=$apt found=1
	for release in trixie bookworm sid; do
		if [ "$release" = "$codename" ] || [ -n "$offline" ]; then continue; fi
		apt=$own-sources-$release
		refresh_lists deb-src "$release" && take_from_lists "$1" && found=0 && break
		failures="$failures; $release: ${tried:-$answer}"
	done
	apt=$own
	return "$found"
}

# The lists are read when the first package needs them. $lists says what is wrong with them.
need_lists() {
	[ -z "${lists:-}" ] || return 0
	lists=good
	refresh_lists deb-src '' && return
	lists="no package lists: $answer"
	say "$lists; looking in the cache $cache/sources" >&2
}

# find_source NAME: sets src_version and src_dsc, which is empty where there is a build of that version.
find_source() {
	[ -z "${MKVINITRD_SOURCES:-}" ] || ! take_from_directory "$1" || return 0
	need_lists
	tried=$lists
	if [ "$lists" = good ]; then
		take_from_lists "$1" && return
		: "${tried:=the package lists have no source package of this name}"
	fi
	if take_from_cache "$1"; then
		[ "$lists" != good ] || say "$1 ${src_version#*:} taken from the cache: $tried"
		return 0
	fi
	failures=$tried
	if [ "$lists" = good ] && take_from_other_release "$1"; then
		say "$1 ${src_version#*:} of $release taken: $failures"
		return 0
	fi
	die "no source of package $1 is available: $failures; the cache has none. Name another mirror in apt's sources," \
		"or put the source package (.dsc and its files) into a directory and set MKVINITRD_SOURCES=DIRECTORY"
}
