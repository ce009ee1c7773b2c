#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# ls, cat, unpack and diff on images that other programs made. Runs as root.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	mkdir -p tree/usr/bin tree/etc tree/dev tree/empty-dir
	ln -s usr/bin tree/bin
	head -c 300000 /dev/urandom >tree/usr/bin/tool
	seq 1 100000 >tree/etc/numbers
	printf 'root:x:0:0::/root:/bin/sh\n' >tree/etc/passwd
	: >tree/etc/empty
	ln tree/usr/bin/tool tree/usr/bin/tool-again
	ln -s tool tree/usr/bin/link
	ln -s /etc/passwd tree/etc/absolute
	mknod tree/dev/console c 5 1
	mkfifo tree/dev/pipe
	printf 'x' >'tree/etc/with space'
	chmod 4755 tree/usr/bin/tool
	chmod 1777 tree/empty-dir
	chown 12:34 tree/etc/passwd
	# cpio keeps whole seconds
	find tree -exec touch -h -d @1234567890 {} +
	touch -d '2001-02-03 04:05:06 UTC' tree/etc/passwd tree/empty-dir
	pack tree >raw
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	F=$BATS_FILE_TMPDIR
	cd "$BATS_TEST_TMPDIR"
}

pack() {
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet)
}

pad4() {
	cat "$@"
	head -c $(((4 - $(cat "$@" | wc -c) % 4) % 4)) /dev/zero
}

# Archives that cpio -o would not write.
newc() {
	name=$1 mode=$2 data=$3
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\0' \
		1 "0$mode" 0 0 1 0 ${#data} 0 0 0 0 $((${#name} + 1)) 0 "$name" >header
	pad4 header
	printf %s "$data" >data
	pad4 data
}

# The kernel's seven, each by the program that the world uses.
compress_all() {
	gzip -n <"$1" >gzip
	bzip2 <"$1" >bzip2
	xz --check=crc32 <"$1" >xz
	xz --format=lzma <"$1" >lzma
	zstd -q <"$1" >zstd
	lz4 -lq <"$1" >lz4
	busybox lzop <"$1" >lzo
}

# One line a file: type, mode, owner, size, link target, time and content.
describe() {
	(cd "$1" && find . -mindepth 1 -printf '%y %m %U:%G %l %T@ %P\n' | LC_ALL=C sort -k6 &&
		find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}

@test "ls names the members of every compression as cpio -t does" {
	cpio -t --quiet <"$F/raw" | sed 's,^\./,,' >expected
	compress_all "$F/raw"
	for name in gzip bzip2 xz lzma zstd lz4 lzo; do
		"$M" ls $name >found
		diff expected found
	done
	"$M" ls - <"$F/raw" >found
	diff expected found
	cat gzip | "$M" ls /dev/stdin >found
	diff expected found
}

@test "ls -l agrees with cpio -tvn" {
	cpio -tvn --quiet <"$F/raw" | awk '{ print $1, $2, $3, $4 }' >expected
	"$M" ls -l "$F/raw" | awk '{ print $1, $2, $3, $4 }' >found
	diff expected found
	run "$M" ls -l "$F/raw"
	assert_line --regexp '^-rw-r--r-- +1 12 +34 +26 2001-02-03 04:05 etc/passwd$'
	assert_line --regexp '^crw-r--r-- +1 0 +0 +5, 1 .* dev/console$'
	assert_line --regexp '^lrwxrwxrwx .* bin -> usr/bin$'
	assert_line --regexp '^-rwsr-xr-x +2 .* usr/bin/tool-again$'
	assert_line --regexp '^drwxrwxrwt .* empty-dir$'
}

@test "ls -v heads each segment, however many there are" {
	gzip -n <"$F/raw" >gzip
	zstd -q <"$F/raw" >zstd
	{ pad4 "$F/raw" && pad4 gzip && pad4 zstd; } >image
	run -0 "$M" ls -v image
	assert_line '# segment 0 at offset 0x0, compressor none'
	assert_line --regexp '^# segment 1 at offset 0x[0-9a-f]+, compressor gzip$'
	assert_line --regexp '^# segment 2 at offset 0x[0-9a-f]+, compressor zstd$'
	assert_equal "$(grep -c '^etc/passwd$' <<<"$output")" 3
}

@test "ls --format=json is JSON" {
	"$M" ls --format=json "$F/raw" >out.json
	assert_equal "$(jq -r '.[] | select(.path == "etc/passwd") | "\(.mode) \(.uid) \(.size) \(.type)"' out.json)" '0644 12 26 -'
	assert_equal "$(jq -r '.[] | select(.path == "dev/console") | "\(.major) \(.minor)"' out.json)" '5 1'
	assert_equal "$(jq -r '.[] | select(.path == "bin") | .target' out.json)" 'usr/bin'
	assert_equal "$(jq length out.json)" "$("$M" ls "$F/raw" | wc -l)"
}

@test "names cannot play tricks on the terminal" {
	newc $'red\e[31m\nnewline' 100644 '' >image
	run -0 "$M" ls image
	assert_line 'red\033[31m\012newline'
	"$M" ls --format=json image | jq -e '.[0].path == "red\u001b[31m\nnewline"'
}

@test "cat gives the bytes, later members win, links are followed" {
	mkdir -p t/etc
	echo changed >t/etc/passwd
	zstd -q <"$F/raw" >image
	pack t | gzip -n >>image
	run -0 "$M" cat image etc/passwd
	assert_output changed
	run -0 "$M" cat image /etc/absolute
	assert_output changed
	"$M" cat image bin/link bin/tool-again ./etc/numbers >found
	cat "$F/tree/usr/bin/tool" "$F/tree/usr/bin/tool" "$F/tree/etc/numbers" | cmp - found
}

@test "cat reports a missing path, and prints the others" {
	run --separate-stderr -1 "$M" cat "$F/raw" etc/passwd etc/nothing usr
	assert_output "$(cat "$F/tree/etc/passwd")"
	assert_equal "${stderr_lines[0]}" \
		"mkvinitrd: cat: 'etc/nothing' is not in '$F/raw' (looked for '/etc/nothing'); see 'mkvinitrd ls'"
	assert_equal "${stderr_lines[1]}" "mkvinitrd: cat: 'usr' in '$F/raw' is not a regular file"
}

@test "unpack makes the tree again, whatever the compression" {
	describe "$F/tree" >expected
	compress_all "$F/raw"
	for name in gzip bzip2 xz lzma zstd lz4 lzo; do
		"$M" unpack -C out-$name $name
		describe out-$name >found
		diff expected found
		[ out-$name/usr/bin/tool -ef out-$name/usr/bin/tool-again ]
		assert_equal "$(stat -c '%t %T' out-$name/dev/console)" '5 1'
	done
	(umask 077 && mkdir plain && cd plain && cpio -i --quiet -m <"$F/raw")
	# cpio leaves the times of directories and links alone
	describe plain | grep -v '^[dl]' >found
	grep -v '^[dl]' expected | diff - found
}

@test "unpack: later members win, and change kind" {
	mkdir -p t/etc t/dev/pipe
	ln -s passwd t/etc/numbers
	echo new >t/etc/passwd
	cp "$F/raw" image
	pack t >>image
	"$M" unpack -C out image
	assert_equal "$(cat out/etc/numbers)" new
	[ -d out/dev/pipe ]
	[ -h out/etc/numbers ]
}

@test "unpack never leaves its directory" {
	mkdir outside
	echo precious >outside/file
	{
		newc abs 120777 "$PWD/outside"
		newc abs/file 100644 'spoiled by an absolute link'
		newc rel 120777 ../outside
		newc rel/file 100644 'spoiled by a relative link'
		newc ../outside/file 100644 'spoiled by dots'
		newc "$PWD/outside/file" 100644 'spoiled by an absolute name'
		newc direct 120777 "$PWD/outside/file"
		newc direct 100644 'replaces the link'
		newc ok 100644 'still unpacked'
	} >image
	run -1 "$M" unpack -C out image
	assert_equal "$(cat outside/file)" precious
	assert_equal "$(ls outside)" file
	assert_equal "$(cat out/ok)" 'still unpacked'
	assert_equal "$(cat out/direct)" 'replaces the link'
	[ ! -h out/direct ]
	# links that were in the directory before lead nowhere else, either
	ln -s "$PWD/outside" out/old
	newc old/file 100644 'spoiled by an old link' >image
	run -1 "$M" unpack -C out image
	assert_equal "$(cat outside/file)" precious
}

@test "unpack without root leaves out device nodes, says so, and fails" {
	cp "$F/raw" image
	chmod 777 .
	path=$BATS_TEST_TMPDIR
	while [ "$path" != / ]; do
		chmod o+x "$path"
		path=$(dirname "$path")
	done
	install -m 755 "$M" "$BATS_TEST_TMPDIR/mkvinitrd"
	run -1 setpriv --reuid=65534 --regid=65534 --clear-groups ./mkvinitrd unpack -C out image
	assert_output 'mkvinitrd: unpack: 1 device nodes were left out: only root can make them'
	cmp out/etc/numbers "$F/tree/etc/numbers"
	assert_equal "$(stat -c %u out/etc/passwd)" 65534
}

@test "unpack says when the disk is full" {
	mkdir small
	mount -t tmpfs -o size=200k none small
	run -1 "$M" unpack -C small "$F/raw"
	umount small
	assert_output --partial 'No space left on device'
}

@test "diff: 0 the same, 1 different, 2 trouble" {
	zstd -q <"$F/raw" >same
	run -0 "$M" diff "$F/raw" same
	assert_output ''
	cp -a "$F/tree" t
	rm t/etc/empty
	echo more >>t/etc/passwd
	chmod 600 t/etc/numbers
	ln -sfn tool-again t/usr/bin/link
	echo hello >t/etc/motd
	pack t >other
	run -1 "$M" diff "$F/raw" other
	assert_line '- etc/empty (0 bytes)'
	assert_line '+ etc/motd (6 bytes)'
	assert_line '~ etc/passwd (content, 26 -> 31 bytes)'
	assert_line '~ etc/numbers (mode)'
	assert_line '~ usr/bin/link (target)'
	assert_line --regexp '^1 added \(6 bytes\), 1 removed \(0 bytes\), 3 changed \(\+5 bytes\); image [0-9]+ -> [0-9]+ bytes$'
	assert_equal "${#lines[@]}" 6
	"$M" diff --format=json "$F/raw" other >out.json || :
	assert_equal "$(jq -r '.[] | select(.change == "changed") | .path' out.json | wc -l)" 3
	assert_equal "$("$M" diff --format=json "$F/raw" same | jq length)" 0
	run -2 "$M" diff "$F/raw" nothing
	run -2 "$M" diff "$F/raw" "$F/tree/etc/numbers"
	run -2 "$M" diff "$F/raw"
}

@test "damage is reported, and what can be read is given" {
	head -c 200000 "$F/raw" >cut
	run -1 "$M" ls cut
	assert_line etc/empty
	assert_output --partial 'cut: truncated at offset'
	run -1 "$M" ls "$F/tree/etc/numbers"
	assert_output --partial 'neither a cpio archive nor a compression the kernel knows'
	run -1 "$M" ls nothing
	assert_output "mkvinitrd: ls: cannot open 'nothing': No such file or directory"
	: >empty
	run -1 "$M" ls empty
	assert_output "mkvinitrd: ls: 'empty' is empty"
	run -1 "$M" unpack .
	assert_output "mkvinitrd: unpack: '.' is a directory, not an image"
}
