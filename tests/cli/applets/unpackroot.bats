#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot against bsdtar: the same tree, or none at all. Runs as root.
load unpackroot

@test "help and version go to stdout, misuse exits 2" {
	run --separate-stderr "$UNPACKROOT" --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -le 20 ]
	run "$UNPACKROOT" -V
	[[ $output =~ ^unpackroot\ [0-9] ]]
	for arguments in "" "a" "a b c" "-j 0 a b" "-j x a b" "--sha256 12 a b" "--nonsense a b" \
		"-j"; do
		# shellcheck disable=SC2086 # a list of words
		run --separate-stderr "$UNPACKROOT" $arguments
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ $stderr == *"Try 'unpackroot --help'."* ]]
	done
}

@test "pax: the source tree itself, down to attributes and nanoseconds" {
	mount -t tmpfs tmpfs "$ROOT"
	"$UNPACKROOT" "$ARCHIVES/pax.tar" "$ROOT"
	same_as_tree
	[ "$(stat -c %b "$ROOT/usr/sparse")" -lt 100 ]
}

@test "pax.tar.xz of several blocks equals bsdtar" { same_as_bsdtar "$ARCHIVES/pax.tar.xz"; }
@test "tar.gz equals bsdtar" { same_as_bsdtar "$ARCHIVES/pax.tar.gz"; }
@test "tar.bz2 equals bsdtar" { same_as_bsdtar "$ARCHIVES/pax.tar.bz2"; }
@test "tar.zst equals bsdtar" { same_as_bsdtar "$ARCHIVES/pax.tar.zst"; }
@test "GNU tar format equals bsdtar" { same_as_bsdtar "$ARCHIVES/gnu.tar"; }
@test "cpio newc equals bsdtar" { same_as_bsdtar "$ARCHIVES/newc.cpio"; }

# bsdtar 3.6 cannot do this one: it takes the names in its ACLs for wrong ones
@test "posix.tar.xz of GNU tar, one block: the source tree itself" {
	mount -t tmpfs tmpfs "$ROOT"
	"$UNPACKROOT" "$ARCHIVES/posix.tar.xz" "$ROOT"
	same_as_tree
}

@test "the static program on a disk: the source tree itself" {
	"$MUSL/bin/unpackroot" "$ARCHIVES/pax.tar.xz" "$ROOT"
	same_as_tree
}

@test "standard input, any number of threads, archive named as nothing" {
	cp "$ARCHIVES/pax.tar.xz" "$A/rootfs.gz"
	for threads in 1 4; do
		mount -t tmpfs tmpfs "$ROOT"
		"$UNPACKROOT" -j "$threads" "$A/rootfs.gz" "$ROOT"
		same_as_tree
		umount "$ROOT"
	done
	"$UNPACKROOT" - "$ROOT" < <(cat "$ARCHIVES/pax.tar.zst")
	same_as_tree
}

@test "several xz streams, zstd frames, gzip members, with padding" {
	head -c 1000000 "$ARCHIVES/pax.tar" >"$A/1"
	tail -c +1000001 "$ARCHIVES/pax.tar" >"$A/2"
	for tool in "xz -0" "zstd -q -1" "gzip -1" "bzip2 -1"; do
		$tool -c "$A/1" >"$A/joined"
		[ "$tool" != "xz -0" ] || head -c 8 /dev/zero >>"$A/joined"
		$tool -c "$A/2" >>"$A/joined"
		head -c 1024 /dev/zero >>"$A/joined"
		mount -t tmpfs tmpfs "$ROOT"
		"$UNPACKROOT" "$A/joined" "$ROOT"
		same_as_tree
		umount "$ROOT"
	done
}

@test "zstd with a long window, skippable frames" {
	printf '\x50\x2a\x4d\x18\x04\x00\x00\x00abcd' >"$A/a"
	zstd -q --long=28 -c "$ARCHIVES/posix.tar" >>"$A/a"
	"$UNPACKROOT" "$A/a" "$ROOT"
	same_as_tree
}

@test "ACL by name takes the number from the new root's passwd" {
	mkdir "$A/src" "$A/src/etc" && cp "$TREE/etc/passwd" "$TREE/etc/group" "$A/src/etc"
	bsdtar --format=pax -C "$A/src" -cf "$A/a.tar" etc
	setfacl -m u:1234:rw "$A/src/etc/group"
	# bsdtar writes name and number; take the number away, as GNU tar does
	bsdtar --format=pax --acls -C "$A/src" -cf - etc/group etc/passwd >"$A/b.tar"
	python3 - "$A/b.tar" <<-'EOF'
		import sys
		data = open(sys.argv[1], "rb").read()
		old = [l for l in data.split(b"\n") if b"SCHILY.acl.access" in l][0]
		new = old.replace(b"user:1234:rw-:1234", b"user:joe:rw-,mask:rw-"[:18])
		new = old.replace(b"user:1234:rw-:1234", b"user:joe:rw-      ")
		open(sys.argv[1], "wb").write(data.replace(old, new))
	EOF
	"$UNPACKROOT" "$A/b.tar" "$ROOT"
	getfacl -n "$ROOT/etc/group" | grep -q '^user:1234:rw-'
}
