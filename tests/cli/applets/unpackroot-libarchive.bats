#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot and bsdtar make the same trees of libarchive's own test archives, which are of many
# programs and times. They are taken from the Debian source package that the applets are built from.
load ../../lib/env

bats_require_minimum_version 1.5.0

# Those that bsdtar takes and unpackroot refuses, by what it says. What is half of a root must not
# become one.
refused_by_us() {
	case $1 in
	test_read_format_tar_concatenated.tar | test_compat_plexus_archiver_tar.tar | test_compat_bzip2_2.tbz | test_compat_gzip_2.tgz) REFUSAL='garbage follows the end' ;;
	test_compat_tar_hardlink_1.tar) REFUSAL='no end mark after 2 members' ;;
	test_read_format_tar_empty_with_gnulabel.tar) REFUSAL='the archive is empty' ;;
	*.lz4 | *lzip* | *.lz | *.Z)
		REFUSAL='is compressed by [a-z0-9() ]*, which is not supported'
		;;
	*) return 1 ;;
	esac
}

setup_file() {
	local source
	export UNPACKROOT=${UNPACKROOT:-$HOST/bin/unpackroot} ARCHIVES=$BATS_FILE_TMPDIR/archives
	mkdir "$ARCHIVES" "$BATS_FILE_TMPDIR/source"
	source=$(find "${MKVINITRD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mkvinitrd}/sources" \
		-name 'libarchive_*.orig.tar.xz' | sort -V | tail -n 1)
	[ -n "$source" ] || {
		echo 'libarchive: no source package in the cache, which scripts/musl-libs makes' >&2
		return 1
	}
	tar -xJf "$source" -C "$BATS_FILE_TMPDIR/source" --wildcards '*/libarchive/test/*.uu'
	# not by a program: busybox and sharutils disagree about lines that end in blanks
	find "$BATS_FILE_TMPDIR/source" -name '*.uu' -print0 | xargs -0 python3 -c '
import binascii, os, sys
for path in sys.argv[2:]:
    with open(path, "rb") as text, open(os.path.join(sys.argv[1], os.path.basename(path)[:-3]), "wb") as out:
        begun = False
        for line in text:
            if line.startswith(b"begin "):
                begun = True
            elif line.startswith(b"end"):
                break
            elif begun:
                try:
                    out.write(binascii.a2b_uu(line))
                except binascii.Error:
                    out.write(binascii.a2b_uu(line[:(((line[0] - 32) & 63) * 4 + 5) // 3]))
' "$ARCHIVES"
}

# listed DIR: what is in it, with all that matters but times of what the archive only implies
listed() {
	(cd "$1" && find . -mindepth 1 -printf '%p %y %m %U:%G %n %l %s ' \( -type f \
		-exec sha256sum {} \; -o -printf '\n' \) | sed 's/^\(.* d [^ ]* [^ ]*\) .*/\1/' |
		sort)
}

# compare NAME: 1 when it is not for comparing
compare() {
	local archive=$ARCHIVES/$1 status=0
	rm -rf "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
	mkdir "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
	timeout 60 "$UNPACKROOT" "$archive" "$BATS_TEST_TMPDIR/ours" >"$BATS_TEST_TMPDIR/said" \
		2>&1 || status=$?
	[ $status -lt 124 ] || {
		echo "$1: unpackroot ended with status $status"
		return 1
	}
	if refused_by_us "$1"; then
		grep -q "$REFUSAL" "$BATS_TEST_TMPDIR/said"
		return
	fi
	if ! (umask 022 && timeout 60 bsdtar -xpf "$archive" \
		--no-acls --no-xattrs --numeric-owner -C "$BATS_TEST_TMPDIR/theirs" \
		>"$BATS_TEST_TMPDIR/they-said" 2>&1); then
		[ $status != 0 ] || {
			echo "$1: bsdtar refuses it: $(<"$BATS_TEST_TMPDIR/they-said")"
			return 1
		}
		return 0
	fi
	[ $status = 0 ] || {
		echo "$1: $(<"$BATS_TEST_TMPDIR/said")"
		return 1
	}
	diff <(listed "$BATS_TEST_TMPDIR/theirs") <(listed "$BATS_TEST_TMPDIR/ours") || {
		echo "$1: other trees"
		return 1
	}
}

@test "libarchive's tar and cpio archives make the trees that bsdtar makes" {
	local path bad=0 count=0
	for path in "$ARCHIVES"/test_{acl_pax,compat_{bzip2,cpio,gtar,gzip,lz4,lzip,perl,plexus,solaris_tar,star,tar,xz,zstd},extract,read_{format,pax}_{tar,cpio,gtar,pax,ustar},read_large_splitted,sparse}*; do
		# ACLs, which unpackroot.bats compares, change modes
		case $path in *'*'* | *_acl_posix1e* | *.rpm | *rar* | *zip | *.exe | *extract.*.[glux]*) continue ;; esac
		count=$((count + 1))
		compare "${path##*/}" || bad=$((bad + 1))
	done
	echo "$count compared, $bad differ"
	[ "$bad" = 0 ] && [ "$count" -gt 40 ]
}
