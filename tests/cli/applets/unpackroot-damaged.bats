#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot and archives that are damaged, cut short, false or hostile: an error, and nothing is
# left.
load unpackroot

@test "sha256: right passes, wrong says both and leaves nothing" {
	local sum
	sum=$(sha256sum <"$ARCHIVES/pax.tar.xz" | cut -c1-64)
	refuses "is $sum, expected 00${sum:2}" --sha256 "00${sum:2}" "$ARCHIVES/pax.tar.xz"
	refuses "is $sum, expected 00${sum:2}" --sha256 "00${sum:2}" - <"$ARCHIVES/pax.tar.xz"
	"$UNPACKROOT" --sha256 "${sum^^}" - "$ROOT" < <(cat "$ARCHIVES/pax.tar.xz")
	same_as_tree
}

@test "sha256 of a damaged archive is reported, not what the damage did" {
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
		for cut in 1 5 100 511 512 1024 40000 $((size / 2)) $((size * 2 / 3)) \
			$((size - 20000)) \
			$((size - 300)) $((size - 12)) $((size - 1)); do
			head -c "$cut" "$ARCHIVES/$archive" >"$A/cut"
			# the last zeros of tar and cpio are padding
			if "$UNPACKROOT" -q "$A/cut" "$ROOT" 2>"$A/err"; then
				case $archive in
				*.tar | *.cpio) [ "$cut" -ge $((size - 20000)) ] &&
					same_or_newc "$archive" ;;
				*) false ;;
				esac || {
					echo "accepted $archive cut at $cut"
					return 1
				}
				find "$ROOT" -mindepth 1 -delete
			else
				[ "$(wc -l <"$A/err")" -eq 1 ]
				root_is_empty
				run ! "$UNPACKROOT" -q - "$ROOT" < <(cat "$A/cut")
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

@test "a file that is no archive is refused as such" {
	head -c 100000 /dev/urandom >"$A/random"
	refuses "not a tar or cpio archive" "$A/random"
	: >"$A/empty"
	refuses "is empty" "$A/empty"
	refuses "is empty" - <"$A/empty"
	head -c 10240 /dev/zero >"$A/zeros"
	refuses "is empty" "$A/zeros"
	refuses "cannot open '$A/none'" "$A/none"
	head -c 100000 /dev/urandom | xz -0 >"$A/random.xz"
	refuses "not a tar or cpio archive" "$A/random.xz"
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
	hostile "$A/1" usr dir "" "" usr/lib dir "" "" lib sym usr/lib "" lib/file file "" x abs \
		sym /usr/lib "" abs/two file "" y
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

@test "an unsupported compressor is refused by name" {
	local name
	cat "$ARCHIVES/pax.tar" >"$A/rootfs.tar"
	python3 - "$A" <<'PYTHON'
import sys, lzma, zipfile
top = sys.argv[1]
data = open(f'{top}/rootfs.tar', 'rb').read()[:100000]
# magic numbers as the formats' programs write them; lzma by liblzma itself
open(f'{top}/rootfs.tar.lz4', 'wb').write(b'\x04\x22\x4d\x18\x64\x40\xa7' + data)
open(f'{top}/rootfs.tar.lzip', 'wb').write(b'LZIP\x01\x0c' + data)
open(f'{top}/rootfs.tar.lzma', 'wb').write(lzma.compress(data, format=lzma.FORMAT_ALONE))
with zipfile.ZipFile(f'{top}/rootfs.tar.zip', 'w') as z:
    z.writestr('a', data)
PYTHON
	for name in lz4 lzip lzma zip; do
		refuses "rootfs.tar.$name is compressed by $name, which is not supported: compress the archive with zstd" "$A/rootfs.tar.$name"
	done
	refuses "the archive is compressed by lz4, which is not supported" - <"$A/rootfs.tar.lz4"
}
