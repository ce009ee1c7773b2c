#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Archives by each program that makes them: the tree is that which bsdtar makes of them.
load unpackroot

# what no program has to read 8 GiB of, and no tar writes that asks for a locale
make_archives() {
	rm "$TREE"/usr/sparse "$TREE"/home/üser/caf*
	truncate -s 6M "$TREE/usr/sparse"
	printf end | dd of="$TREE/usr/sparse" bs=1M seek=4 conv=notrunc status=none
}

# each WRITER FORMAT...: WRITER FORMAT makes $A/FORMAT.tar of $TREE, in which bsdtar and unpackroot
# see the same
each() {
	local writer=$1 format
	shift
	for format; do
		echo "$writer $format"
		(cd "$TREE" && "$writer" "$format" >"$A/$format.tar" 2>"$A/$format.log") || :
		[ -s "$A/$format.tar" ]
		same_as_bsdtar "$A/$format.tar"
		umount "$ROOT"
		rm -r "$A/bsd"
	done
}

gnu_tar() { tar --numeric-owner --format="$1" -c .; }
gnu_sparse() { tar --numeric-owner --sparse --format=posix --sparse-version="$1" -c .; }
libarchive() { bsdtar --numeric-owner --format="$1" -c .; }
gnu_cpio() { find . -path ./usr/sparse -prune -o -print | cpio --quiet -o -H "$1"; }
python() {
	python3 -c '
import sys, tarfile
def fits(member):
    try:
        member.tobuf(form)
    except ValueError:
        return None
    return member
form = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}[sys.argv[1]]
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=form) as archive:
    archive.add(".", filter=fits)' "$1"
}
busybox_tar() { busybox tar -c "-$1" .; }

gnu_old_sparse() { tar --numeric-owner --sparse --format="$1" -c .; }
gnu_incremental() { tar --format="$1" --listed-incremental="$A/state-$1" -c .; }
gnu_special() {
	case $1 in
	label) tar -V name -c . ;;
	global) tar --format=posix --pax-option='globexthdr.name=g,comment=x' -c . ;;
	append) tar -cf "$A/append" etc && tar -rf "$A/append" . && cat "$A/append" ;;
	depth) find . -depth | tar --no-recursion -c -T - ;;
	blocks) tar -b 2048 -c . ;;
	esac
}
busybox_cpio() { find . -path ./usr/sparse -prune -o -print | busybox cpio -o -H "$1"; }

@test "GNU tar: v7, oldgnu, gnu, ustar, posix" { each gnu_tar v7 oldgnu gnu ustar posix; }
@test "GNU tar: sparse files of posix 0.0, 0.1 and 1.0" { each gnu_sparse 0.0 0.1 1.0; }
@test "GNU tar: sparse files of oldgnu and gnu" { each gnu_old_sparse oldgnu gnu; }
@test "GNU tar: labels, global headers, appended and replaced members, directories last, blocks of other sizes" {
	each gnu_special label global append depth blocks
}
@test "GNU tar: an incremental archive, whose directories list their names" { each gnu_incremental \
	gnu posix; }
@test "bsdtar: v7tar, ustar, gnutar, paxr, pax, and the formats of cpio" { each libarchive v7tar \
	ustar gnutar paxr pax odc newc; }
@test "GNU cpio: bin, odc, newc, crc, tar, ustar" { each gnu_cpio bin odc newc crc tar ustar; }
@test "Python's tarfile: ustar, gnu, pax" { each python ustar gnu pax; }
@test "busybox tar: plain, gzip, xz" { each busybox_tar v z J; }
@test "busybox cpio" { each busybox_cpio newc; }

# go_layer TREE: a layer of an image in $A/image, which umoci makes by Go's archive/tar; prints its
# path
go_layer() {
	local umoci
	umoci=$("$BATS_TEST_DIRNAME/../../lib/umoci") && (
		cd "$A" && "$umoci" init --layout image && "$umoci" new --image image:test &&
			"$umoci" unpack --image image:test bundle &&
			cp -a "$1/." bundle/rootfs/ && "$umoci" repack --image image:test bundle
	) >"$A/umoci.log" 2>&1 || return
	python3 - "$A/image/blobs/sha256" <<'PYTHON'
import json, os, sys
for name in os.listdir(sys.argv[1]):
    try:
        with open(os.path.join(sys.argv[1], name)) as f:
            print(os.path.join(sys.argv[1], json.load(f)["layers"][-1]["digest"][7:]))
    except (ValueError, KeyError, IndexError):
        pass
PYTHON
}

@test "Go's archive/tar, a layer of a container image: the tree, with its ACLs" {
	local layer
	setfattr -x trusted.overlay.opaque "$TREE/empty" # umoci's own
	layer=$(go_layer "$TREE")
	mount -t tmpfs -o size=256m tmpfs "$ROOT"
	"$UNPACKROOT" "$layer" "$ROOT"
	diff <(list "$TREE" mtime) <(list "$ROOT" mtime) # it rounds to seconds
}

@test "a container image is refused by its name: an OCI layout, docker save of new and old, podman save" {
	local id
	mkdir "$A/small" && echo data >"$A/small/file"
	go_layer "$A/small" >"$A/layer"
	tar -C "$A/image" -cf "$A/oci.tar" .
	refuses 'the archive is a container image (docker save, OCI), not a root: unpack its layers into one' "$A/oci.tar"
	id=$(printf 'a%.0s' $(seq 64))
	mkdir -p "$A/old/$id" && cp "$(<"$A/layer")" "$A/old/$id/layer.tar" &&
		echo '[]' >"$A/old/manifest.json"
	(cd "$A/old" && tar -czf "$A/old.tar.gz" "$id" manifest.json)
	refuses 'the archive is a container image' "$A/old.tar.gz"
	mv "$A/old/$id/layer.tar" "$A/old/$id.tar"
	(cd "$A/old" && tar -cf "$A/podman.tar" "$id.tar" manifest.json)
	refuses 'the archive is a container image' "$A/podman.tar"
}

@test "a single layer of a container image: its whiteouts are reported; a root may have a manifest.json" {
	mkdir -p "$A/layer/etc" && touch "$A/layer/etc/.wh.hosts" "$A/layer/.wh..wh.aufs" \
		"$A/layer/manifest.json"
	tar -C "$A/layer" -cf "$A/layer.tar" .
	run "$UNPACKROOT" "$A/layer.tar" "$ROOT"
	[ "$status" -eq 0 ]
	[[ $output == *"a layer of a container image, without the layers below it: 1 of its members are whiteouts, the first: 'etc/.wh.hosts'"* ]]
	[ -e "$ROOT/etc/.wh.hosts" ] && [ -e "$ROOT/manifest.json" ]
}

# members TYPE:NAME[:TARGET]...: a tar of members that no file system has together, in
# $A/members.tar
members() {
	python3 - "$A/members.tar" "$@" <<'PYTHON'
import io, sys, tarfile
types = {"dir": tarfile.DIRTYPE, "file": tarfile.REGTYPE, "symlink": tarfile.SYMTYPE, "link": tarfile.LNKTYPE}
with tarfile.open(sys.argv[1], "w") as archive:
    for number, member in enumerate(sys.argv[2:]):
        kind, name, target = (member + ":").split(":")[:3]
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mtime = types[kind], target, 1000000000 + number
        info.mode = 0o755 if kind == "dir" else 0o640
        data = str(number).encode() if kind == "file" else b""
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
PYTHON
}

# as_gnu_tar MEMBER...
as_gnu_tar() {
	members dir:./ "$@"
	rm -rf "$A/gnu" "${ROOT:?}"/*
	mkdir "$A/gnu"
	tar -xpf "$A/members.tar" --numeric-owner -C "$A/gnu"
	"$UNPACKROOT" "$A/members.tar" "$ROOT"
	diff <(list "$A/gnu" xattr mtime) <(list "$ROOT" xattr mtime)
}

@test "members that come twice: the later one counts, as for GNU tar" {
	as_gnu_tar file:a file:a
	as_gnu_tar dir:a file:a
	as_gnu_tar file:a dir:a file:a/b
	as_gnu_tar dir:usr dir:usr/lib symlink:lib:usr/lib dir:lib/ file:lib/new
	as_gnu_tar file:target symlink:a:target file:a
	as_gnu_tar dir:usr dir:usr/lib dir:lib symlink:lib:usr/lib
	as_gnu_tar file:a link:b:a file:a
	as_gnu_tar file:a link:a:a link:./a:a
	as_gnu_tar dir:usr dir:usr/lib symlink:lib:usr/lib file:lib/x link:y:lib/x
}

@test "a link to a later member is refused" {
	members link:b:a file:a
	refuses "cannot unpack 'b': Hard-link target 'a' does not exist" "$A/members.tar"
}
