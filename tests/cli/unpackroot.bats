#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot against bsdtar: the same tree, or none at all. Runs as root.

bats_require_minimum_version 1.5.0

setup_file() {
	export UNPACKROOT="${UNPACKROOT:-$HOST/bin/unpackroot}"
	export LIST="$BATS_FILE_TMPDIR/list-tree"
	export TREE="$BATS_FILE_TMPDIR/tree" ARCHIVES="$BATS_FILE_TMPDIR/archives"
	mkdir "$TREE" "$ARCHIVES" "$BATS_FILE_TMPDIR/ram"
	write_lister >"$LIST"
	mount -t tmpfs -o size=512m tmpfs "$TREE"
	make_tree "$TREE"
	make_archives
}

teardown_file() {
	umount "$TREE"
}

setup() {
	A="$BATS_TEST_TMPDIR"
	ROOT="$A/root"
	mkdir "$ROOT"
}

teardown() {
	local mountpoint
	for mountpoint in "$ROOT" "$A/ram"; do
		while mountpoint -q "$mountpoint"; do umount "$mountpoint"; done
	done
}

# Everything that a root may care about, one file a line. Contents are hashed by
# non-zero 4 KiB blocks, so that 8 GiB of hole cost nothing.
write_lister() {
	cat <<'EOF'
import hashlib, os, stat, sys

def digest(path, size):
    h = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY)
    pos = 0
    while pos < size:
        try:
            pos = os.lseek(fd, pos, os.SEEK_DATA)
        except OSError:
            break
        end = os.lseek(fd, pos, os.SEEK_HOLE)
        pos -= pos % 4096
        while pos < end:
            block = os.pread(fd, 4096, pos)
            if block.strip(b"\0"):
                h.update(b"%d:" % pos + block)
            pos += 4096
    os.close(fd)
    return h.hexdigest()[:16]

os.chdir(sys.argv[1])
ignore = sys.argv[2:]
links, paths = {}, [b"."]
for top, dirs, files in os.walk(b"."):
    paths += [os.path.join(top, n) for n in dirs + files]
for path in sorted(paths):
    st = os.lstat(path)
    out = [repr(path), oct(st.st_mode), st.st_uid, st.st_gid]
    if "mtime" not in ignore:
        out.append(st.st_mtime_ns if "ns" not in ignore else int(st.st_mtime))
    if not stat.S_ISDIR(st.st_mode):
        out += ["nlink", st.st_nlink, "first", links.setdefault(st.st_ino, repr(path))]
    if stat.S_ISREG(st.st_mode):
        out += ["size", st.st_size, digest(path, st.st_size)]
    if stat.S_ISLNK(st.st_mode):
        out.append(os.readlink(path))
    if stat.S_ISBLK(st.st_mode) or stat.S_ISCHR(st.st_mode):
        out += [os.major(st.st_rdev), os.minor(st.st_rdev)]
    if "xattr" not in ignore:
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            out += [name, os.getxattr(path, name, follow_symlinks=False).hex()]
    print(*out)
EOF
}

make_tree() {
	local long deep
	long=$(printf 'n%.0s' $(seq 200))
	deep=$(printf 'directory-%02d/' $(seq 40))
	pushd "$1" >/dev/null || return
	mkdir -p usr/bin etc dev tmp home/üser "$deep" empty
	echo root:x:0:0::/root:/bin/sh >etc/passwd
	echo joe:x:1234:1234::/home:/bin/sh >>etc/passwd
	echo root:x:0: >etc/group
	head -c 3000000 /dev/urandom >usr/bin/random
	seq 400000 >usr/bin/numbers
	: >empty/nothing
	echo a >"$long"
	echo b >"${deep}file"
	ln -s "../${deep}file" etc/long-link
	echo c >"home/üser/$(printf 'caf\351')"
	echo d >"home/üser/日本語 $long"
	ln usr/bin/numbers usr/bin/numbers-again
	ln usr/bin/numbers etc/numbers-third
	ln -s /usr/bin/absolute etc/absolute
	ln -s ../tmp tmp/relative
	truncate -s 8G usr/sparse
	printf start | dd of=usr/sparse conv=notrunc status=none
	printf middle | dd of=usr/sparse bs=1M seek=4100 conv=notrunc status=none
	printf end | dd of=usr/sparse bs=1M seek=8000 conv=notrunc status=none
	truncate -s 100k usr/hole-only
	mknod dev/null c 1 3
	mknod dev/disk b 259 70000
	mkfifo tmp/fifo
	cp /bin/true usr/bin/cap && setcap cap_net_raw,cap_setuid=ep usr/bin/cap
	cp /bin/true usr/bin/su && chmod 4755 usr/bin/su
	touch usr/bin/sgid && chgrp 50 usr/bin/sgid && chmod 2711 usr/bin/sgid
	chmod 1777 tmp && chmod 3770 home
	chown 2097152:4294967294 empty/nothing
	chown 3:4 . && chmod 2751 .
	chown -h 12345:54321 etc/absolute
	setfattr -n user.note -v 'some text' usr/bin/random
	setfattr -n user.binary -v 0x000102ff00 usr
	setfattr -n trusted.overlay.opaque -v y empty
	setfacl -m u:1234:rwx,u:7:r,g:54321:rx usr/bin/random
	setfacl -m u:1234:rwx -m d:u:1234:rwx,d:g:9:r home
	setfacl -m g:7:- home/üser
	chmod 000 usr/bin/numbers
	touch -d '2001-02-03 04:05:06.123456789' usr/bin/random
	touch -h -d '1965-02-03 04:05:06' etc/absolute
	touch -d '2040-01-01 00:00:00.25' home/üser empty
	touch -d '2040-01-01 00:00:00' .
	popd >/dev/null || return
}

make_archives() {
	local gnu
	gnu="tar --xattrs --xattrs-include=* --acls --numeric-owner -S -C $TREE"
	tar --numeric-owner -S -C "$TREE" -H gnu -cf "$ARCHIVES/gnu.tar" . # no xattrs, whole seconds
	$gnu -H posix -cf "$ARCHIVES/posix.tar" .
	bsdtar --format=pax --xattrs --acls --numeric-owner -C "$TREE" -cf "$ARCHIVES/pax.tar" .
	# the old formats know no 64-bit sizes
	(cd "$TREE" && find . -path ./usr/sparse -prune -o -print | cpio --quiet -o -H newc) \
		>"$ARCHIVES/newc.cpio"
	xz -1 -T2 --block-size=1MiB -k "$ARCHIVES/pax.tar"
	xz -0 -T1 -k "$ARCHIVES/posix.tar"
	gzip -1 -k "$ARCHIVES/pax.tar"
	bzip2 -k "$ARCHIVES/pax.tar"
	zstd -q -1 "$ARCHIVES/pax.tar"
}

list() { python3 "$LIST" "$@"; }

# What bsdtar makes of ARCHIVE, which must be what we make of it.
same_as_bsdtar() { # ARCHIVE [IGNORED]...
	local archive=$1
	shift
	mkdir "$A/bsd"
	mount -t tmpfs -o size=256m tmpfs "$ROOT"
	bsdtar -xpf "$archive" --numeric-owner -C "$A/bsd"
	# it sets the times of a directory that exists too early
	touch -r "$TREE" "$A/bsd"
	"$UNPACKROOT" "$archive" "$ROOT"
	diff <(list "$A/bsd" "$@") <(list "$ROOT" "$@")
}

same_as_tree() { diff <(list "$TREE") <(list "$ROOT"); }

root_is_empty() {
	local found
	found=$(find "$ROOT" -mindepth 1 -print -quit)
	[ -z "$found" ] || {
		echo "left behind: $found"
		return 1
	}
}

refuses() { # TEXT ARGUMENT...
	local text=$1
	shift
	run "$UNPACKROOT" "$@" "$ROOT"
	echo "$output"
	[ "$status" -eq "${wanted:-1}" ]
	[[ $output == *"$text"* ]]
	root_is_empty
}

@test "help and version go to stdout, misuse exits 2" {
	run --separate-stderr "$UNPACKROOT" --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "${#lines[@]}" -le 20 ]
	run "$UNPACKROOT" -V
	[[ $output =~ ^unpackroot\ [0-9] ]]
	for arguments in "" "a" "a b c" "-j 0 a b" "-j x a b" "--sha256 12 a b" "--nonsense a b" "-j"; do
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

@test "sha256: right passes, wrong says both and leaves nothing" {
	local sum
	sum=$(sha256sum <"$ARCHIVES/pax.tar.xz" | cut -c1-64)
	refuses "is $sum, expected 00${sum:2}" --sha256 "00${sum:2}" "$ARCHIVES/pax.tar.xz"
	refuses "is $sum, expected 00${sum:2}" --sha256 "00${sum:2}" - <"$ARCHIVES/pax.tar.xz"
	"$UNPACKROOT" --sha256 "${sum^^}" - "$ROOT" < <(cat "$ARCHIVES/pax.tar.xz")
	same_as_tree
}

@test "sha256 of a damaged archive is told, not what the damage did" {
	local sum
	sum=$(sha256sum <"$ARCHIVES/pax.tar.xz" | cut -c1-64)
	cp "$ARCHIVES/pax.tar.xz" "$A/a"
	printf xxxx | dd of="$A/a" bs=1 seek=200000 conv=notrunc status=none
	refuses "expected $sum" --sha256 "$sum" "$A/a"
	head -c 200000 "$ARCHIVES/pax.tar.xz" >"$A/b"
	refuses "expected $sum" --sha256 "$sum" "$A/b"
	refuses "expected $sum" --sha256 "$sum" - <"$A/b"
}

@test "cut anywhere: an error, and nothing is left" {
	local archive size cut
	for archive in pax.tar pax.tar.xz pax.tar.gz pax.tar.bz2 pax.tar.zst newc.cpio; do
		size=$(stat -c %s "$ARCHIVES/$archive")
		for cut in 1 5 100 511 512 1024 40000 $((size / 2)) $((size * 2 / 3)) $((size - 20000)) \
			$((size - 300)) $((size - 12)) $((size - 1)); do
			head -c "$cut" "$ARCHIVES/$archive" >"$A/cut"
			# the last zeros of tar and cpio are padding
			if "$UNPACKROOT" -q "$A/cut" "$ROOT" 2>"$A/err"; then
				case $archive in
				*.tar | *.cpio) [ "$cut" -ge $((size - 20000)) ] && same_or_newc "$archive" ;;
				*) false ;;
				esac || {
					echo "accepted $archive cut at $cut"
					return 1
				}
				find "$ROOT" -mindepth 1 -delete
			else
				[ "$(wc -l <"$A/err")" -eq 1 ]
				root_is_empty
				! "$UNPACKROOT" -q - "$ROOT" 2>/dev/null < <(cat "$A/cut")
				root_is_empty
			fi
		done
	done
}

same_or_newc() { [ "$1" = newc.cpio ] || same_as_tree; }

@test "tar cut between two members is no whole tar" {
	bsdtar -C "$TREE" -cf - etc/passwd >"$A/a.tar"
	head -c 1024 "$A/a.tar" >"$A/cut"
	refuses "no end mark after 1 members" "$A/cut"
}

@test "flipped bits: an error and nothing left, or the tree" {
	local archive size at
	RANDOM=7
	for archive in pax.tar.xz pax.tar.gz pax.tar.bz2 pax.tar.zst; do
		size=$(stat -c %s "$ARCHIVES/$archive")
		for _ in 1 2 3 4 5 6; do
			cp "$ARCHIVES/$archive" "$A/flip"
			at=$(((RANDOM * 32768 + RANDOM) % size))
			python3 -c 'import sys; f = open(sys.argv[1], "r+b"); p = int(sys.argv[2]); f.seek(p)
b = f.read(1); f.seek(p); f.write(bytes([b[0] ^ 4]))' "$A/flip" "$at"
			if "$UNPACKROOT" -q "$A/flip" "$ROOT" 2>"$A/err"; then
				same_as_tree
				find "$ROOT" -mindepth 1 -delete
			else
				[ "$(wc -l <"$A/err")" -eq 1 ]
				root_is_empty
			fi
		done
	done
}

@test "garbage after the end is refused, zeros are not" {
	local archive
	for archive in pax.tar pax.tar.xz pax.tar.gz pax.tar.bz2 pax.tar.zst newc.cpio; do
		(cat "$ARCHIVES/$archive" && echo garbage) >"$A/a"
		refuses "follows" -q - <"$A/a"
		(cat "$ARCHIVES/$archive" && head -c 70000 /dev/zero) >"$A/a"
		"$UNPACKROOT" -q - "$ROOT" <"$A/a"
		find "$ROOT" -mindepth 1 -delete
	done
}

@test "what is no archive is said to be none" {
	head -c 100000 /dev/urandom >"$A/random"
	refuses "no tar or cpio archive" "$A/random"
	: >"$A/empty"
	refuses "is empty" "$A/empty"
	refuses "is empty" - <"$A/empty"
	head -c 10240 /dev/zero >"$A/zeros"
	refuses "is empty" "$A/zeros"
	refuses "open '$A/none'" "$A/none"
	head -c 100000 /dev/urandom | xz -0 >"$A/random.xz"
	refuses "no tar or cpio archive" "$A/random.xz"
}

@test "a directory that is not empty is refused and kept" {
	echo precious >"$ROOT/file"
	run "$UNPACKROOT" "$ARCHIVES/pax.tar" "$ROOT"
	[ "$status" -eq 1 ]
	[[ $output == *"is not empty"* ]]
	[ "$(cat "$ROOT/file")" = precious ]
}

# Members made by hand: NAME TYPE LINKNAME CONTENT, four arguments each.
hostile() { # FILE [NAME TYPE LINK CONTENT]...
	python3 - "$@" <<-'EOF'
		import io, sys, tarfile
		types = {"file": tarfile.REGTYPE, "sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "dir": tarfile.DIRTYPE}
		t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
		args = sys.argv[2:]
		for name, kind, link, text in zip(*[iter(args)] * 4):
		    info = tarfile.TarInfo(name)
		    info.type, info.linkname, info.mode = types[kind], link, 0o755
		    info.size = len(text) if kind == "file" else 0
		    t.addfile(info, io.BytesIO(text.encode()))
		t.close()
	EOF
}

@test "hostile names stay inside" {
	mkdir "$A/outside"
	echo secret >"$A/outside/secret"
	hostile "$A/1" a file "" x ../outside/new file "" x
	refuses "'../outside/new' has '..' in its path" "$A/1"
	hostile "$A/2" a file "" x b/../../outside/new file "" x
	refuses "has '..' in its path" "$A/2"
	hostile "$A/3" a file "" x b hard ../outside/secret ""
	refuses "a hard link to ../outside/secret has '..'" "$A/3"
	hostile "$A/4" b hard "$A/outside/secret" ""
	refuses "unpack 'b'" "$A/4"
	hostile "$A/5" "$A/outside/new" file "" x
	"$UNPACKROOT" "$A/5" "$ROOT"
	[ -e "$ROOT$A/outside/new" ]
	find "$ROOT" -mindepth 1 -delete
	[ "$(ls "$A/outside")" = secret ]
}

@test "hostile symlinks lead nowhere outside" {
	mkdir "$A/outside"
	echo secret >"$A/outside/secret"
	hostile "$A/1" out sym "$A/outside" "" out/new file "" x
	run "$UNPACKROOT" "$A/1" "$ROOT"
	rm -rf "${ROOT:?}"/*
	hostile "$A/2" out sym ../outside "" out/new file "" x
	run "$UNPACKROOT" "$A/2" "$ROOT"
	rm -rf "${ROOT:?}"/*
	hostile "$A/3" out sym "$A/outside/secret" "" out file "" overwritten
	"$UNPACKROOT" "$A/3" "$ROOT"
	[ "$(cat "$ROOT/out")" = overwritten ]
	rm -rf "${ROOT:?}"/*
	hostile "$A/4" out sym "../../../../../../../../../../$A/outside" "" got hard out/secret ""
	refuses "unpack 'got'" "$A/4"
	[ "$(ls "$A/outside")" = secret ]
	[ "$(cat "$A/outside/secret")" = secret ]
}

@test "directories through symlinks inside the root work, as a merged /usr needs" {
	hostile "$A/1" usr dir "" "" usr/lib dir "" "" lib sym usr/lib "" lib/file file "" x abs sym /usr/lib "" abs/two file "" y
	"$UNPACKROOT" "$A/1" "$ROOT"
	[ "$(cat "$ROOT/usr/lib/file" "$ROOT/usr/lib/two")" = xy ]
}

@test "a very deep tree that ends badly is removed to the last directory" {
	python3 - "$A/deep.tar" <<-'EOF'
		import sys, tarfile
		t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
		for n in range(1, 300):
		    info = tarfile.TarInfo("/".join(["d%03d" % i for i in range(n)]))
		    info.type = tarfile.DIRTYPE
		    info.mode = 0o700
		    t.addfile(info)
		t.close()
	EOF
	"$UNPACKROOT" "$A/deep.tar" "$ROOT"
	[ "$(find "$ROOT" -type d | wc -l)" -eq 300 ]
	find "$ROOT" -mindepth 1 -delete
	echo garbage >>"$A/deep.tar"
	refuses "garbage follows" "$A/deep.tar"
}

@test "too little room is refused before anything is unpacked" {
	local archive wanted=4
	for archive in pax.tar.xz posix.tar.xz pax.tar.zst pax.tar.gz pax.tar; do
		mount -t tmpfs -o size=2m tmpfs "$ROOT"
		refuses "have 2 MiB (the size of the tmpfs): add memory or raise vi.size" "$ARCHIVES/$archive"
		[[ $output == *"need "[5-9]" MiB"* ]]
		umount "$ROOT"
	done
}

@test "more than the machine's memory is refused" {
	local wanted=4
	mount -t tmpfs -o size=100% tmpfs "$ROOT"
	truncate -s "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)K" "$A/zeros"
	mount -o remount,size=1000g "$ROOT"
	(cat "$ARCHIVES/posix.tar") | dd of="$A/zeros" conv=notrunc status=none
	refuses "of free memory: add memory" "$A/zeros"
}

@test "room that runs out on the way is told in MiB and leaves nothing" {
	local wanted=4
	mount -t tmpfs -o size=2m tmpfs "$ROOT"
	refuses "its tmpfs has 2 MiB: add memory or raise vi.size" -q - < <(cat "$ARCHIVES/pax.tar.xz")
	[[ $output == *"the new root is full: "[12]" MiB unpacked"* ]]
}

@test "beside the tree the program takes less than 32 MiB, however big the blocks of an xz are" {
	local archive mib
	mkdir "$A/src"
	seq 10000000 >"$A/src/file"
	bsdtar -C "$A/src" -cf "$A/a.tar" file
	xz -0 -T1 -k "$A/a.tar"
	zstd -q -1 "$A/a.tar"
	for mib in 2 8 64; do
		xz --lzma2=preset=0,dict=8MiB -T2 --block-size="${mib}MiB" <"$A/a.tar" >"$A/$mib.tar.xz"
	done
	for archive in a.tar a.tar.xz a.tar.zst 2.tar.xz 8.tar.xz 64.tar.xz; do
		/usr/bin/time -f %M -o "$A/kib" "$MUSL/bin/unpackroot" "$A/$archive" "$ROOT"
		echo "$archive: $(cat "$A/kib") KiB"
		[ "$(cat "$A/kib")" -lt 32768 ]
		cmp "$A/src/file" "$ROOT/file"
		rm "$ROOT/file"
	done
}

@test "--consume frees the archive while it is read and removes it" {
	local sum
	mkdir "$A/ram"
	mount -t tmpfs -o size=64m tmpfs "$A/ram"
	# 20 MiB that do not compress: archive and tree do not fit together
	mkdir "$A/src"
	head -c 20M /dev/urandom >"$A/src/file"
	bsdtar -C "$A/src" -cf "$A/ram/root.tar" file
	mkdir "$A/ram/root"
	mount -o remount,size=30m "$A/ram"
	sum=$(sha256sum <"$A/ram/root.tar" | cut -c1-64)
	run "$UNPACKROOT" --consume --sha256 "00${sum:2}" "$A/ram/root.tar" "$A/ram/root"
	[ "$status" -eq 1 ]
	[[ $output == *"expected 00${sum:2}"* ]]
	[ "$(sha256sum <"$A/ram/root.tar" | cut -c1-64)" = "$sum" ]
	"$UNPACKROOT" --consume --sha256 "$sum" "$A/ram/root.tar" "$A/ram/root"
	cmp "$A/src/file" "$A/ram/root/file"
	[ ! -e "$A/ram/root.tar" ]
}

@test "--consume wants a regular file of one name" {
	cp "$ARCHIVES/pax.tar" "$A/a" && ln "$A/a" "$A/b"
	refuses "--consume needs a regular file with one name" --consume "$A/a"
	refuses "--consume needs a regular file" --consume - <"$A/a"
	cmp "$A/b" "$ARCHIVES/pax.tar"
}

@test "attributes that the file system cannot store are counted, not fatal" {
	truncate -s 64M "$A/disk"
	mkfs.ext4 -q -E nodiscard "$A/disk"
	mount -o loop,noacl,nouser_xattr "$A/disk" "$ROOT" || mount -t ramfs ramfs "$ROOT"
	run "$UNPACKROOT" "$ARCHIVES/posix.tar" "$ROOT"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'attributes that the file system cannot store' <<<"$output")" -le 1 ]
}

@test "progress: a line each 25 %, or each 64 MiB when the size is unknown" {
	mkdir "$A/src"
	head -c 12M /dev/urandom >"$A/src/file"
	bsdtar -C "$A/src" -cf "$A/a.tar" file
	run --separate-stderr "$UNPACKROOT" "$A/a.tar" "$ROOT"
	[[ $stderr == *"unpackroot: 25 % ("*"unpackroot: 50 % ("*"unpackroot: 75 % ("* ]]
	[ "${lines[0]}" = MEMBERS=1 ]
	rm "$ROOT/file"
	run --separate-stderr "$UNPACKROOT" -q "$A/a.tar" "$ROOT"
	[ -z "$stderr" ]
	rm "$ROOT/file"
	seq 20000000 | head -c 140M >"$A/src/file"
	bsdtar -C "$A/src" -cf - file | gzip -1 | cat >"$A/b.tar.gz"
	run --separate-stderr "$UNPACKROOT" - "$ROOT" < <(cat "$A/b.tar.gz")
	[[ $stderr == *": 64 MiB unpacked"*": 128 MiB unpacked"* ]]
	rm "$ROOT/file"
	script -qec "'$UNPACKROOT' '$A/b.tar.gz' '$ROOT'" /dev/null >"$A/tty"
	grep -q '\[#* *\] *[0-9]* %' "$A/tty"
}
