#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# check: images that a kernel cannot unpack or start are refused by the name of the rule. What
# kernel 6.12 says to each of these, booted, stands beside it.
load ../../lib/env
bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	mkdir -p tree/bin tree/etc more
	cp "$(command -v busybox)" tree/bin/busybox
	ln -s busybox tree/bin/sh
	printf '#!/bin/sh\n' >tree/init
	chmod 755 tree/init
	echo more >more/marker
	pack tree >raw
	pack more >more.raw
	gzip -n <raw >gzip
	gzip -n <more.raw >more.gzip
}

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	M=$HOST/mkvinitrd
	F=$BATS_FILE_TMPDIR
	cd "$BATS_TEST_TMPDIR"
	{
		for name in GZIP BZIP2 LZMA XZ LZO LZ4 ZSTD; do echo "CONFIG_RD_$name=y"; done
		printf 'CONFIG_XZ_DEC_X86=y\nCONFIG_MODULE_DECOMPRESS=y\nCONFIG_MODULE_COMPRESS_XZ=y\n'
	} >config
	kernel 6.12.0-test
}

# A root for -r with the configuration of one kernel, from the file `config`.
kernel() {
	mkdir -p root/boot
	cp config "root/boot/config-$1"
}

pack() {
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet)
}

zeros() {
	head -c "$1" /dev/zero
}

pad4() {
	cat "$1"
	zeros $(((4 - $(stat -c %s "$1") % 4) % 4))
}

check() {
	"$M" check -r root -k "${KVER:-6.12.0-test}" "$@"
}

good() {
	run -0 check "$1"
	assert_output --regexp "^$1: ok \([0-9]+ segments?, [0-9]+ members, [0-9.]+ MiB unpacked\)\$"
}

# bad IMAGE RULE...: exactly these rules
bad() {
	image=$1
	shift
	run -1 check "$image"
	assert_equal "$(sed -n "s/^$image: \([a-z0-9-]*\)\( at offset 0x[0-9a-f]*\)\?: .*/\1/p" <<<"$output")" "$(printf '%s\n' "$@")"
}

@test "good: each compressor, alone and after one another" {
	bzip2 <"$F/raw" >bzip2
	xz --check=crc32 <"$F/raw" >xz
	xz --check=none <"$F/raw" >xz-none
	xz --check=crc32 --x86 --lzma2 <"$F/raw" >xz-x86
	xz --format=lzma <"$F/raw" >lzma
	zstd -q <"$F/raw" >zstd
	zstd -q --ultra -22 <"$F/raw" >zstd-22
	lz4 -lq <"$F/raw" >lz4
	busybox lzop <"$F/raw" >lzo
	gzip -c "$F/raw" >gzip-name
	cp "$F/raw" raw
	for image in raw bzip2 xz xz-none xz-x86 lzma zstd zstd-22 lz4 lzo gzip-name; do
		good $image
	done
	{ pad4 "$F/more.raw" && pad4 "$F/more.gzip" && pad4 zstd && pad4 xz && cat lz4; } >all
	run -0 check all
	assert_output --regexp '^all: ok \(5 segments, '
	# one frame a file, and no trailer: legal
	for file in "$F"/tree/init "$F"/tree/bin; do
		(cd "$F/tree" && find "${file##*/}" | cpio -o -H newc --quiet) | zstd -q
	done >frames
	good frames
	pack "$F/tree" >crc
	(cd "$F/tree" && find . | cpio -o -H crc --quiet) >crc
	good crc
}

@test "segment-alignment: a raw segment at an odd offset (invalid magic at start of compressed archive)" {
	{ cat "$F/gzip" && zeros $(((5 - $(stat -c %s "$F/gzip") % 4) % 4)) &&
		cat "$F/more.raw"; } >image
	bad image segment-alignment
	assert_output --partial 'must start at an offset divisible by 4; pad what is before it with NULs'
}

@test "segment-alignment: anything at an odd offset after a raw segment (broken padding)" {
	{ cat "$F/raw" && zeros 1 && cat "$F/gzip"; } >image
	bad image segment-alignment
}

@test "lz4-not-last: data after an lz4 segment (Decoding failed)" {
	lz4 -lq <"$F/raw" >lz4
	{ cat lz4 "$F/more.gzip"; } >image
	bad image lz4-not-last
	{ cat lz4 && zeros 3 && cat "$F/more.gzip"; } >image
	bad image lz4-not-last
	# four zeros end the stream (since 5.13), and so may padding up to the end of the image
	{ cat lz4 && zeros 4 && cat "$F/more.gzip"; } >image
	good image
	{ cat lz4 && zeros 511; } >image
	good image
}

@test "entry-cut: a member cut across two frames (junk at the end of compressed archive)" {
	{ head -c 500000 "$F/raw" | zstd -q && tail -c +500001 "$F/raw" | zstd -q; } >image
	bad image entry-cut
	{ head -c 500000 "$F/raw" | gzip -n && tail -c +500001 "$F/raw" | xz --check=crc32; } >image
	bad image entry-cut
}

@test "zstd-window: zstd --long=31 (Out of memory while allocating ZSTD_DStream)" {
	zstd -q --ultra --long=31 --zstd=wlog=31,clog=16,hlog=16 <"$F/raw" >image
	bad image zstd-window
	assert_output --partial '2048 MiB'
	zstd -q --long=27 <"$F/raw" >image
	good image
}

@test "xz-check: CRC64 and SHA-256 (settings that are not supported by this XZ decoder)" {
	xz <"$F/raw" >image
	bad image xz-check
	assert_output --partial 'CRC64'
	xz --check=sha256 <"$F/raw" >image
	bad image xz-check
	assert_output --partial 'SHA-256'
}

@test "xz-filter: a filter that the kernel does not have, or is built without" {
	xz --check=crc32 --delta=dist=4 --lzma2 <"$F/raw" >image
	bad image xz-filter
	xz --check=crc32 --arm --lzma2 <"$F/raw" >image
	bad image xz-filter
	assert_output --partial CONFIG_XZ_DEC_ARM
}

@test "lz4-frame-magic: lz4 without -l (invalid magic at start of compressed archive)" {
	lz4 -q <"$F/raw" >image
	bad image lz4-frame-magic
}

@test "gzip-header: fields that the kernel does not skip (uncompression error)" {
	{ printf '\037\213\010\004\0\0\0\0\0\003\002\0XY' && tail -c +11 "$F/gzip"; } >image
	bad image gzip-header
}

@test "unsupported-compressor: by the configuration, or by the version when there is none" {
	sed -i 's/CONFIG_RD_ZSTD=y/# CONFIG_RD_ZSTD is not set/' config
	kernel 6.12.0-nozstd
	zstd -q <"$F/raw" >image
	KVER=6.12.0-nozstd bad image unsupported-compressor
	assert_output --partial '6.12.0-nozstd is built without CONFIG_RD_ZSTD'
	KVER=5.4.0 bad image unsupported-compressor
	assert_output --partial 'the configuration of 5.4.0 was not found: judged by its version only'
	good image
}

@test "the kernel may be named by its image, with the configuration inside or beside it" {
	zstd -q <"$F/raw" >image
	make_bzimage 6.12.0-image >vmlinuz
	run -0 "$M" check image -k ./vmlinuz
	assert_output --partial 'the configuration of 6.12.0-image was not found'
	sed 's/CONFIG_RD_ZSTD=y//' config >config-6.12.0-image
	run -1 "$M" check image -k vmlinuz
	assert_output --partial '6.12.0-image is built without CONFIG_RD_ZSTD'
	make_bzimage 6.12.0-image config >vmlinuz
	run -0 "$M" check image -k ./vmlinuz
	assert_output --regexp '^image: ok'
	run -1 "$M" check image -k ./image
	assert_output --partial "is not a Linux kernel image"
	run -1 "$M" check image -k ./nothing
	assert_output "mkvinitrd: check: no kernel image at './nothing'"
}

# make_bzimage VERSION [CONFIG]: what boot.rst says of a setup header, and a payload that may hold a
# configuration
make_bzimage() {
	{
		printf 'code'
		[ $# = 1 ] || { printf IKCFG_ST && gzip -n <"$2" && printf IKCFG_ED; }
		zeros 100000
	} >vmlinux
	xz --check=crc32 <vmlinux >payload
	size=$(($(stat -c %s payload) + 4))
	zeros $((2 * 512 + 2048)) >bz
	poke 0x1f1 '\003'
	poke 0x202 HdrS
	poke 0x20e '\000\003' # at 0x200 + 0x300
	poke 0x500 "$1 (builder@host) #1"
	poke 0x248 '\000\004\000\000'
	poke 0x24c "$(printf '\\%03o\\%03o\\%03o\\000' $((size & 255)) $((size >> 8 & 255)) $((size >> 16)))"
	cat bz payload
	printf '\000\000\000\000'
}

poke() {
	# shellcheck disable=SC2059 # escapes are wanted
	printf "$2" | dd of=bz bs=1 seek=$(($1)) conv=notrunc status=none
}

@test "no kernel: the rules that need none are checked, and a message says so" {
	lz4 -q <"$F/raw" >image
	run -1 "$M" check image
	assert_line --partial 'no kernel is known'
	assert_line --partial 'image: lz4-frame-magic at offset 0x0: '
	cp "$F/raw" raw
	run -0 --separate-stderr "$M" check raw
	assert_output --partial 'raw: ok (1 segment, '
	run -0 --separate-stderr "$M" check -q raw
	assert_output ''
}

@test "junk: bytes that are neither (invalid magic), within a frame (no cpio magic), and an empty frame" {
	{ cat "$F/raw" && printf 'JUNKJUNK'; } >image
	bad image junk
	assert_output --partial 'starts with 0x4a55'
	{ zeros 4 && cat "$F/raw"; } | gzip -n >image
	bad image junk
	{ cat "$F/raw" && printf 'JUNK'; } | gzip -n >image
	bad image junk
	{ : | gzip -n && cat "$F/gzip"; } >image
	bad image junk
	zeros 4096 >image
	bad image junk
	echo 'not an image' >image
	bad image junk
}

@test "cpio-format: an archive that is not newc (incorrect cpio method used)" {
	(cd "$F/tree" && find . | cpio -o -H odc --quiet) >image
	bad image cpio-format
}

@test "truncated and corrupt" {
	head -c 900000 "$F/raw" >image
	bad image truncated
	for tool in 'gzip -n' bzip2 'xz --check=crc32' 'zstd -q' 'lz4 -lq' 'busybox lzop' \
		'xz --format=lzma'; do
		$tool <"$F/raw" >image
		truncate -s $(($(stat -c %s image) / 2)) image
		bad image truncated
	done
	for tool in 'gzip -n' bzip2 'xz --check=crc32' 'zstd -q'; do
		$tool <"$F/raw" >image
		zeros 2000 | dd of=image bs=1 seek=400000 conv=notrunc status=none
		run -1 check image
		assert_output --regexp '(corrupt|junk|entry-header|truncated) at offset'
	done
}

@test "no-init: missing, not executable, no program, or without what it needs" {
	cp -a "$F/tree" t
	mv t/init t/init2
	pack t >image
	bad image no-init
	mv t/init2 t/init
	chmod 644 t/init
	pack t >image
	bad image no-init
	chmod 755 t/init
	echo 'echo hello' >t/init
	pack t >image
	bad image no-init
	printf '#!/bin/bash\n' >t/init
	pack t >image
	bad image no-init
	assert_output --partial "'/init' is run by '/bin/bash', which is not in the image; add it"
	ln -s busybox t/bin/bash
	pack t >image
	good image
	ln -sfn gone t/bin/bash
	pack t >image
	bad image no-init
}

@test "no-init: a program without its dynamic linker or libraries" {
	mkdir -p t/bin t/lib64 t/usr/lib/x86_64-linux-gnu
	cp /bin/ls t/init
	interpreter=$(readelf -l t/init | sed -n 's/.*interpreter: \(.*\)]/\1/p')
	pack t >image
	run -1 check image
	assert_output --partial "needs the library 'libc.so.6'"
	assert_output --partial "'/init' is run by '$interpreter', which is not in the image"
	mkdir -p "t/${interpreter%/*}"
	cp "$interpreter" "t/$interpreter"
	ldd t/init | sed -n 's/.*=> \(.*\) (.*/\1/p' | while read -r library; do
		cp "$library" t/usr/lib/x86_64-linux-gnu/
	done
	pack t >image
	good image
	rm t/usr/lib/x86_64-linux-gnu/libc.so.6
	pack t >image
	bad image no-init
	assert_output --partial "'/init' needs the library 'libc.so.6', which is not in the image"
}

@test "module-compression: modules that this kernel cannot load" {
	mkdir -p t/lib/modules/6.12.0-test
	cp -a "$F/tree/." t
	echo x >t/lib/modules/6.12.0-test/a.ko.xz
	mv t/bin/busybox t/bin/toybox
	ln -sfn toybox t/bin/sh
	pack t >image
	good image
	sed -i 's/CONFIG_MODULE_DECOMPRESS=y//' config
	kernel 6.1.0-test
	KVER=6.1.0-test bad image module-compression
	assert_output --partial "'lib/modules/6.12.0-test/a.ko.xz' is compressed"
}

@test "modules of another kernel are pointed out" {
	mkdir -p t/usr/lib/modules/6.1.0-old/kernel
	cp -a "$F/tree/." t
	echo x >t/usr/lib/modules/6.1.0-old/kernel/a.ko
	pack t >image
	run -0 check image
	assert_line 'mkvinitrd: warning: image: its modules are for kernel 6.1.0-old; 6.12.0-test can load none of them'
	kernel 6.1.0-old
	KVER=6.1.0-old good image
}

@test "with a system root alone, its only kernel is meant" {
	mkdir -p root/lib/modules/6.12.0-test
	lz4 -lq <"$F/raw" >image
	run -0 "$M" check -r root image
	assert_output --regexp '^image: ok'
	sed -i 's/CONFIG_RD_LZ4=y//' config
	kernel 6.12.0-test
	run -1 "$M" check -r root image
	assert_output --partial '6.12.0-test is built without CONFIG_RD_LZ4'
	rmdir root/lib/modules/6.12.0-test
	run -1 "$M" check -r root image
	assert_output --partial 'no modules of kernel'
}

@test "all broken rules are reported, one a line" {
	xz <"$F/more.raw" >image
	zeros $(((5 - $(stat -c %s image) % 4) % 4)) >>image
	cat "$F/more.raw" >>image
	bad image xz-check segment-alignment
	run -1 check nothing
	assert_output "mkvinitrd: check: cannot open 'nothing': No such file or directory"
}
