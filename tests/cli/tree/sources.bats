#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# Source packages that a mirror, the network or the cache has not: tests/samples/fetch and
# scripts/musl-libs with a private archive.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	load archive
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || exit
	private_archive
}

fetch() { "$root/tests/samples/fetch" "$@"; }
musl_libs() { "$root/scripts/musl-libs" "$@"; }

# What the recipe of lzo2 wants
lzo2() { source_package lzo2 "$1" src/lzo1x_d2.c="int lzo_version;" \
	include/lzo/version.h="version $1"; }

@test "the newest version that the lists know is fetched, with all its files" {
	source_package tiny 1.9 file=old
	source_package tiny 1.10 file=new
	publish "$codename"
	run -0 --separate-stderr fetch tiny
	assert_output "$cache/sources/tiny_1.10"
	run -0 dpkg-source -x "$output/tiny_1.10.dsc" unpacked
	run -0 cat unpacked/file
	assert_output new
	rm -r archive
	run -0 --separate-stderr fetch tiny
	assert_output "$cache/sources/tiny_1.10"
}

@test "the newest version is listed but missing: the next one is taken, and a message says why" {
	source_package tiny 1:1.0 file=old
	source_package tiny 1:1.1 file=new
	publish "$codename"
	rm archive/pool/tiny_1.1*
	run -0 --separate-stderr fetch tiny
	assert_output "$cache/sources/tiny_1.0"
	run -0 fetch tiny
	assert_line --regexp '^fetch: tiny 1.0 taken: 1.1: File not found'
	refute_line --partial downloading
}

@test "another release in apt's sources, by an alias, is not this one; alone it is" {
	source_package tiny 1.0 file=ours
	publish "$codename"
	source_package tiny 2.0 file=theirs
	mkdir debian
	cp -r archive debian/
	publish sid
	cp -r archive debian/
	rm -r archive/dists/sid
	(cd archive/pool && rm tiny_2.0*)
	echo "deb [trusted=yes] file:$PWD/debian/archive sid main" >>parts/test.list
	run -0 fetch tiny
	assert_line "$cache/sources/tiny_1.0"
	sed -i 1d parts/test.list
	run -0 fetch tiny
	assert_line "$cache/sources/tiny_2.0"
}

@test "nothing of this release is available: another release's is taken, and a message says why" {
	source_package tiny 1.0 file=ours
	publish "$codename"
	rm archive/pool/tiny_1.0* sources/tiny_1.0*
	source_package tiny 0.9 file=theirs
	publish sid
	run -0 fetch tiny
	assert_line --regexp '^fetch: tiny 0.9 of sid taken: 1.0: File not found.*; trixie: '
	assert_line "$cache/sources/tiny_0.9"
}

@test "a mirror that answers 404" {
	source_package tiny 1.0 file=old
	source_package tiny 1.1 file=new
	publish "$codename"
	rm archive/pool/tiny_1.1*
	python3 -u -m http.server -b 127.0.0.1 -d archive 0 >http.log 2>&1 3>&- &
	server=$!
	timeout 60 sh -c 'until grep -q port http.log; do sleep 0.1; done'
	mirror "http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' http.log)"
	run fetch tiny
	kill "$server"
	assert_success
	assert_line 'fetch: tiny 1.0 taken: 1.1: 404 File not found'
}

@test "a file that does not match the lists is refused" {
	source_package tiny 1.0 file=old
	source_package tiny 1.1 file=new
	publish "$codename"
	echo more >>archive/pool/tiny_1.1.tar.xz
	run -0 fetch tiny
	assert_line --regexp '^fetch: tiny 1.0 taken: 1.1: .*(mismatch|unexpected size)'
}

@test "a damaged file in the cache is found, and downloaded again" {
	source_package tiny 1.0 file=old
	publish "$codename"
	dir=$(fetch tiny)
	echo more >>"$dir/tiny_1.0.tar.xz"
	run -0 fetch tiny
	assert_line --regexp 'tiny 1.0 in the cache is damaged: tiny_1.0.tar.xz has the sha256 [0-9a-f]{64}, tiny_1.0.dsc says [0-9a-f]{64}'
	cmp "$dir/tiny_1.0.tar.xz" archive/pool/tiny_1.0.tar.xz
}

@test "a directory of the cache that is named for another version is not that version" {
	source_package tiny 1.0 file=old
	source_package tiny 1.1 file=new
	publish "$codename"
	mkdir -p "$cache/sources/tiny_1.1"
	cp sources/tiny_1.0* "$cache/sources/tiny_1.1"
	rm archive/pool/tiny_1.1*
	run -0 fetch tiny
	assert_line --partial 'tiny 1.0 taken: 1.1:'
	assert_line "$cache/sources/tiny_1.1"
}

@test "no network: the cache has what was fetched before, whatever the lists know" {
	source_package tiny 1.0 file=old
	publish "$codename"
	fetch tiny
	no_network
	run -0 fetch tiny
	assert_line --regexp 'no package lists: .*onnect'
	assert_line "$cache/sources/tiny_1.0"
	mirror "file:$PWD/archive"
	source_package tiny 1.1 file=new
	publish "$codename"
	rm archive/pool/tiny_1.1*
	run -0 fetch tiny
	assert_line "$cache/sources/tiny_1.0"
	rm -r archive
	old_lists
	run -0 fetch tiny
	assert_line --partial 'no new package lists'
	assert_line "$cache/sources/tiny_1.0"
}

@test "nothing to be had: the package, each version with its answer, and what to do" {
	source_package tiny 1.0 file=old
	source_package tiny 1.1 file=new
	publish "$codename"
	rm archive/pool/tiny_*
	run -1 fetch tiny
	assert_line --regexp '^fetch: no source of package tiny is available: 1\.1: File not found.*; 1\.0: File not found.*; the cache has none\. .*mirror.*MKVINITRD_SOURCES=DIRECTORY'
	run -1 fetch unheard-of
	assert_line --partial 'package unheard-of is available: the package lists have no source package of this name'
	no_network
	run -1 fetch tiny
	assert_line --regexp 'package tiny is available: no package lists: .*onnect.*MKVINITRD_SOURCES=DIRECTORY'
}

@test "MKVINITRD_SOURCES: an empty cache, no network and no lists; no mirror is asked" {
	lzo2 1.0
	mv sources by-hand
	rm parts/test.list
	MKVINITRD_SOURCES=by-hand run -0 musl_libs out lzo2
	assert_line "musl-libs: lzo2 1.0: from by-hand"
	assert [ -s out/lib/liblzo2.a ]
	assert [ ! -e "$cache/apt" ]
	assert [ ! -e out/libs.stamp ]
}

@test "MKVINITRD_SOURCES: the newest of it, before what the mirrors have; a change of it is a new build" {
	lzo2 3.0
	publish "$codename"
	rm -r sources
	lzo2 1.9
	lzo2 1.10
	MKVINITRD_SOURCES=$PWD/sources run -0 musl_libs out lzo2
	run -0 cat out/include/lzo/version.h
	assert_output 'version 1.10'
	source_package lzo2 1.10 src/lzo1x_d2.c= include/lzo/version.h=changed
	MKVINITRD_SOURCES=$PWD/sources run -0 musl_libs out lzo2
	run -0 cat out/include/lzo/version.h
	assert_output changed
}

@test "MKVINITRD_SOURCES: a bad checksum, a missing file or directory is refused by name, with nothing in its place" {
	lzo2 1.0
	publish "$codename"
	mv sources/lzo2_1.0.tar.xz kept
	MKVINITRD_SOURCES=$PWD/sources run -1 musl_libs out lzo2
	assert_line --regexp "lzo2 1.0 in MKVINITRD_SOURCES .* is damaged: lzo2_1.0.tar.xz is missing"
	echo more | cat kept - >sources/lzo2_1.0.tar.xz
	MKVINITRD_SOURCES=$PWD/sources run -1 musl_libs out lzo2
	assert_line --regexp "lzo2 1.0 in MKVINITRD_SOURCES .* is damaged: lzo2_1.0.tar.xz has the sha256 .*, lzo2_1.0.dsc says"
	assert [ ! -e out/lib/liblzo2.a ]
	MKVINITRD_SOURCES=/nowhere run -1 musl_libs out lzo2
	assert_line --partial "'/nowhere' is not a directory"
}

@test "musl-libs: each version is a build of its own, and a build needs its source no more" {
	lzo2 1.0
	publish "$codename"
	musl_libs out lzo2
	lzo2 1.1
	publish "$codename"
	run -0 musl_libs out lzo2
	assert_line 'musl-libs: building lzo2 1.1'
	run -0 cat out/include/lzo/version.h
	assert_output 'version 1.1'
	run -0 ls "$cache/builds"
	assert [ "$(wc -l <<<"$output")" = 2 ]
	rm -r "$cache/sources" archive/pool
	old_lists
	run -0 musl_libs again lzo2
	refute_output --partial building
	run -0 cat again/include/lzo/version.h
	assert_output 'version 1.1'
}

@test "musl-libs: recipes that change while it runs are those of the next build" {
	lzo2 1.0
	publish "$codename"
	mkdir bin
	cp -r "$root/scripts" scripts
	# while it waits for another checkout's build
	cat >bin/flock <<-FLOCK
		#!/bin/sh
		echo '# changed' >>"$PWD/scripts/lib/musl-recipes.sh"
		exec "$(command -v flock)" "\$@"
	FLOCK
	chmod 755 bin/flock
	PATH=$PWD/bin:$PATH run -0 scripts/musl-libs out lzo2
	run -0 scripts/musl-libs out lzo2
	assert_line 'musl-libs: building lzo2 1.0'
	run -0 scripts/musl-libs out lzo2
	refute_output --partial building
}

@test "musl-libs: help and usage" {
	run -0 musl_libs --help
	assert_line --partial 'MKVINITRD_SOURCES=DIRECTORY'
	run -2 musl_libs
	run -2 musl_libs out unheard-of
	assert_line "musl-libs: no package 'unheard-of'"
	run -2 musl_libs --unknown
}

@test "musl-libs: of several packages it says which one, and how long still; directories have any name" {
	lzo2 1.0
	source_package libmd 1.0 configure='mktemp -d "$TMPDIR/cgXXXXXX"; mkdir -p src/.libs; printf "libmd.la:\n\ttouch .libs/libmd.a\n" >src/Makefile' include/md5.h=one src/one=1
	publish "$codename"
	mkdir 'a place, (with) ümlaut & $x'
	cd 'a place, (with) ümlaut & $x'
	mkdir 't m p'
	TMPDIR="$PWD/t m p" XDG_CACHE_HOME=$PWD/cache run -0 musl_libs 'o u t' libmd lzo2
	rmdir 't m p'
	assert_line 'musl-libs: building lzo2 1.0 (1 of 2)'
	assert_line 'musl-libs: building libmd 1.0 (2 of 2, less than 1 min left)'
	run -0 cat 'o u t/include/md5.h' 'o u t/include/lzo/version.h'
	assert_line one
	assert_line 'version 1.0'
	# nothing of this test is left there; what others have there may vanish meanwhile
	run --separate-stderr find /tmp -maxdepth 2 -path '/tmp/mkvinitrd-build.*' -lname "$PWD/*"
	assert_output ''
	run -0 ls -A 'o u t'
	assert_output "$(printf 'bin\ninclude\nlib')"
}
