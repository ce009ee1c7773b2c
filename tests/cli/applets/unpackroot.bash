# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot against bsdtar: the same tree, or none at all. Runs as root.
load ../../lib/env

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
	tar --numeric-owner -S -C "$TREE" -H gnu -cf "$ARCHIVES/gnu.tar" .
	# no xattrs, whole seconds
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
