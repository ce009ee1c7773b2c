# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A private Debian archive in $PWD/archive for tests of what is downloaded, instead of the machine's
# mirrors.

# private_archive: no mirror of the machine, an empty cache
private_archive() {
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	mkdir -p parts archive/pool
	printf 'Dir::Etc::%s "%s";\n' sourcelist /dev/null sourceparts "$PWD/parts" >apt.conf
	export APT_CONFIG=$PWD/apt.conf XDG_CACHE_HOME=$PWD/cache
	unset MKVINITRD_CACHE MKVINITRD_SOURCES
	cache=$PWD/cache/mkvinitrd
	mirror "file:$PWD/archive"
}

# mirror URI: what apt's sources name
mirror() { echo "deb [trusted=yes] $1 $codename main" >parts/test.list; }

# Nothing listens on this port.
no_network() { mirror http://127.0.0.1:1/debian; }

# source_package NAME VERSION FILE=CONTENT...: into $PWD/sources
source_package() {
	local name=$1 version=$2 pair
	shift 2
	rm -rf "work/$name"
	mkdir -p "work/$name/debian/source" sources
	for pair in "$@"; do
		mkdir -p "work/$name/$(dirname "${pair%%=*}")"
		echo "${pair#*=}" >"work/$name/${pair%%=*}"
	done
	echo '3.0 (native)' >"work/$name/debian/source/format"
	printf '%s (%s) unstable; urgency=low\n\n  * One.\n\n -- A <a@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n' \
		"$name" "$version" >"work/$name/debian/changelog"
	printf 'Source: %s\nMaintainer: A <a@example.org>\n\nPackage: %s\nArchitecture: any\nDescription: one\n' \
		"$name" "$name" >"work/$name/debian/control"
	(cd sources && dpkg-source -b "../work/$name" >/dev/null 2>&1)
}

# binary_package NAME VERSION DEPENDS FILE...: into $PWD/archive/pool
binary_package() {
	local name=$1 version=$2 depends=$3 file
	shift 3
	rm -rf "work/$name"
	mkdir -p "work/$name/DEBIAN"
	printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: one\n' \
		"$name" "$version" >"work/$name/DEBIAN/control"
	[ -z "$depends" ] || echo "Depends: $depends" >>"work/$name/DEBIAN/control"
	for file in "$@"; do
		mkdir -p "work/$name/$(dirname "$file")"
		echo "$name $version" >"work/$name/$file"
	done
	dpkg-deb --root-owner-group -Zgzip -b "work/$name" archive/pool >/dev/null
}

# publish SUITE: what the pool has now is listed as that suite's; package lists that were read are
# old ones then.
publish() {
	local dists=archive/dists/$1 file
	mkdir -p "$dists/main/source" "$dists/main/binary-amd64"
	cp -r sources/. archive/pool 2>/dev/null || :
	(cd archive && dpkg-scansources pool 2>/dev/null) >"$dists/main/source/Sources"
	(cd archive && dpkg-scanpackages -m pool 2>/dev/null) >"$dists/main/binary-amd64/Packages"
	{
		printf 'Origin: test\nSuite: %s\nCodename: %s\nComponents: main\nArchitectures: amd64\nDate: %s\nSHA256:\n' \
			"$1" "$1" "$(date -uR)"
		for file in main/source/Sources main/binary-amd64/Packages; do
			echo " $(sha256sum <"$dists/$file" | cut -d ' ' -f 1) $(stat -c %s "$dists/$file") $file"
		done
	} >"$dists/Release"
	old_lists
}

# Package lists are asked for again after a day.
old_lists() { find "$cache" -name fresh -exec touch -d '2 days ago' {} + 2>/dev/null || :; }
