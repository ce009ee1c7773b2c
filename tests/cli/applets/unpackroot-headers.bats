#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Headers that no tar here writes, from reports to other projects: the tree is that of GNU tar, or of
# bsdtar where GNU tar does not know the header.
# shellcheck disable=SC2154 # output, status: by bats
load unpackroot

# no tree of files is needed, only the program that lists one
make_tree() { :; }

make_archives() {
	python3 - "$ARCHIVES" <<'PYTHON'
import os, struct, sys

def field(number, length):
    return b"%0*o\0" % (length - 1, number)

def header(name, kind=b"0", size=0, mode=0o644, link=b"", magic=b"ustar\00000", dev=(0, 0),
           uid=None, length=None):
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:124] = field(mode, 8) + (uid or field(0, 8)) + field(0, 8)
    block[124:148] = (length or field(size, 12)) + field(0, 12)
    block[148:157] = b" " * 8 + kind
    block[157:157 + len(link)] = link
    block[257:265] = magic
    block[329:345] = field(dev[0], 8) + field(dev[1], 8)
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)

def data(text):
    return text + b"\0" * (-len(text) % 512)

def file(name, text=b"hello\n", **more):
    return header(name, b"0", len(text), **more) + data(text)

def directory(name):
    return header(name, b"5", mode=0o755)

def hard(name, link, size=0):
    return header(name, b"1", size, link=link)

def pax(*records):
    text = b""
    for key, value in records:
        body = b" " + key + b"=" + value + b"\n"
        length = len(body) + 1
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        text += str(length).encode() + body
    return header(b"PaxHeaders/x", b"x", len(text)) + data(text)

def gnu(kind, text):
    return header(b"././@LongLink", kind, len(text) + 1) + data(text + b"\0")

archives = {
    "tar/base256-uid": file(b"f", uid=b"\x80\0\0\0" + struct.pack(">I", 3000000000)),
    "tar/base256-size": header(b"f", length=b"\x80" + b"\0" * 10 + b"\6") + data(b"hello\n"),
    "tar/size-in-blanks": header(b"f", length=b"          6 ") + data(b"hello\n"),
    "tar/pax-size": pax((b"size", b"6")) + header(b"f") + data(b"hello\n"),
    "tar/pax-fraction": pax((b"mtime", b"1700000000.123456789123")) + file(b"f"),
    "tar/pax-large-owner": pax((b"uid", b"4294967294")) + file(b"f"),
    "tar/pax-binary-attribute": pax((b"SCHILY.xattr.user.x", b"a=b\nc\0d")) + file(b"f"),
    "tar/hard-link-below-nothing": file(b"bin/app") + hard(b"r/_main/app_/app", b"bin/app"),
    "tar/hard-link-of-another-spelling": file(b"./bin/app") + hard(b"./bin/b", b"bin/app"),
    "tar/hard-link-with-size": file(b"f") + hard(b"l", b"f", 6) + file(b"g"),
    "tar/hard-link-to-link": header(b"s", b"2", link=b"nowhere") + hard(b"t", b"s"),
    "tar/contiguous": header(b"c", b"7", 6) + data(b"hello\n"),
    "tar/unknown-kind": header(b"u", b"Q", 6) + data(b"hello\n") + file(b"z"),
    "tar/old-directory": header(b"d/", b"\0", mode=0o755, magic=b"\0" * 8) + file(b"d/f"),
    "tar/file-then-directory": file(b"x") + directory(b"x/") + file(b"x/f"),
    "tar/directory-then-link": directory(b"d/") + header(b"d", b"2", link=b"e"),
    "tar/link-then-directory": header(b"lib", b"2", link=b"usr/lib") + directory(b"usr/")
        + directory(b"usr/lib/") + directory(b"lib/") + file(b"lib/f"),
    "tar/label": header(b"label", b"V") + file(b"z"),
    "tar/directory-with-a-list": header(b"d/", b"D", 5, 0o755, magic=b"ustar  \0")
        + data(b"Yf\0\0\0") + file(b"d/f"),
    "tar/long-name-and-link": gnu(b"K", b"y" * 200) + gnu(b"L", b"z" * 180)
        + header(b"s", b"2", link=b"y" * 100),
    "tar/set-id": file(b"su", mode=0o4755) + file(b"sg", mode=0o2755),
    "tar/no-second-empty-block": file(b"f")[:1024],
    "bsd/sun-holes": pax((b"SCHILY.realsize", b"8192"), (b"SUN.holesdata", b" 0 4096 8192 "))
        + header(b"f", size=4096) + b"A" * 4096,
    "bsd/time-before-1970": pax((b"mtime", b"-2146608000.5")) + file(b"f"),
    "bsd/pax-link-with-data": file(b"f") + pax((b"size", b"6")) + hard(b"l", b"f", 6)
        + data(b"hello\n"),
}
for name, content in archives.items():
    path = os.path.join(sys.argv[1], name + ".tar")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    end = 512 if name.endswith("no-second-empty-block") else 1024
    open(path, "wb").write(content + b"\0" * end)
PYTHON
}

# same ARCHIVE COMMAND...: what the command makes of it in a directory; directories that no header
# names have the time of now
same() {
	local archive=$1 status=0
	shift
	rm -rf "$A/theirs" "$A/ours" && mkdir "$A/theirs" "$A/ours"
	(cd "$A/theirs" && "$@" "$archive") 2>"$A/log" || status=$?
	[ "$status" = 0 ] || cat "$A/log"
	"$UNPACKROOT" -q "$archive" "$A/ours" >/dev/null || return 1
	diff <(list "$A/theirs") <(list "$A/ours")
}

list() {
	python3 "$LIST" "$1" | sed -E "s/^(b'[^']*' 0o4[0-7]+ [0-9]+ [0-9]+) [0-9]{19}/\\1/"
}

@test "as GNU tar reads them" {
	local archive failed=''
	for archive in "$ARCHIVES"/tar/*.tar; do
		same "$archive" tar --numeric-owner --xattrs --xattrs-include='*' -xpf ||
			failed="$failed ${archive##*/}"
	done
	[ -z "$failed" ] || {
		echo "differ:$failed"
		return 1
	}
}

@test "as bsdtar reads them" {
	local archive failed=''
	for archive in "$ARCHIVES"/bsd/*.tar; do
		same "$archive" bsdtar --numeric-owner -xpf || failed="$failed ${archive##*/}"
	done
	[ -z "$failed" ] || {
		echo "differ:$failed"
		return 1
	}
}
