#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# unpackroot and room: memory, disks that are too small, freeing the archive while it is read,
# progress.
load unpackroot

@test "too little room is refused before anything is unpacked" {
	local archive wanted=4
	for archive in pax.tar.xz posix.tar.xz pax.tar.zst pax.tar.gz pax.tar; do
		mount -t tmpfs -o size=2m tmpfs "$ROOT"
		refuses "have 2 MiB (the size of the tmpfs): add memory or raise vi.size" \
			"$ARCHIVES/$archive"
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

@test "room that runs out on the way is reported in MiB and leaves nothing" {
	local wanted=4
	mount -t tmpfs -o size=2m tmpfs "$ROOT"
	refuses "its tmpfs has 2 MiB: add memory or raise vi.size" -q - < \
		<(cat "$ARCHIVES/pax.tar.xz")
	[[ $output == *"the new root is full: "[12]" MiB unpacked"* ]]
}

# bats test_tags=unsanitized
@test "beside the tree the program takes less than 32 MiB, however big the blocks of an xz are" {
	local archive mib
	mkdir "$A/src"
	seq 10000000 >"$A/src/file"
	bsdtar -C "$A/src" -cf "$A/a.tar" file
	xz -0 -T1 -k "$A/a.tar"
	zstd -q -1 "$A/a.tar"
	for mib in 2 8 64; do
		xz --lzma2=preset=0,dict=8MiB -T2 --block-size="${mib}MiB" <"$A/a.tar" \
			>"$A/$mib.tar.xz"
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

# bats test_tags=unsanitized
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
