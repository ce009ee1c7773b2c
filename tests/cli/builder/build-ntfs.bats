#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# build: which driver for NTFS an image has, and that it is said when it has none.
# shellcheck disable=SC2154 # output, stderr, status: by bats
load build

# kernel_with PATH [DESCRIPTION]: the system's kernel has a module more
kernel_with() {
	own_system
	path=$S/usr/lib/modules/$KVER/kernel/$1.ko
	mkdir -p "${path%/*}"
	printf '.section .modinfo,"a"\n.ascii "license=GPL\\0description=%s\\0name=%s\\0"\n' "${2:-}" "$(basename "$1")" | as -o "$path" -
	[ -z "${COMPRESS:-}" ] || xz -9 --check=crc32 "$path"
	depmod -b "$S" "$KVER"
}

# install_ntfs_3g: with its libraries
install_ntfs_3g() {
	mkdir -p "$S/usr/lib/x86_64-linux-gnu"
	rm -rf "$S/usr/lib64" && mkdir "$S/usr/lib64"
	ldd /bin/ntfs-3g | sed -n 's|.* => \(/[^ ]*\).*|\1|p' | sort -u | while read -r lib; do
		cp -aL "$lib" "$S/usr/lib/x86_64-linux-gnu/"
	done
	cp -aL /lib64/ld-linux-x86-64.so.2 "$S/usr/lib64/"
	cp /usr/bin/ntfs-3g "$S/usr/bin"
}

# warnings LINE...: how often a build of that profile warns about NTFS, without -v
warnings() {
	profile "$@"
	"$M" build -p ./t.profile -r "$S" -o out.img 2>&1 | tee log | grep -c 'warning: .*NTFS' || [ $? = 1 ]
}

@test "a kernel without a driver for NTFS gets ntfs-3g with the file systems, where that is installed" {
	own_system
	install_ntfs_3g
	[ "$(warnings 'root loop' 'module =fs')" = 0 ]
	"$M" unpack -C tree out.img
	chroot tree /bin/ntfs-3g --version 2>&1 | grep 'ntfs-3g'
	run "$M" why out.img bin/ntfs-3g
	assert_output --partial "NTFS, for which kernel $KVER has no driver"
	profile 'module ext4'
	build
	! "$M" ls out.img | grep ntfs
}

@test "without driver and ntfs-3g a build says so in one line, where the profile may need NTFS" {
	for lines in 'root loop' 'root overlay|image /live/root.sqfs' 'root overlay|image /live/root.sqfs|host usb' \
		'root loop|host LABEL=Windows' 'root loop|host UUID=01D8A3B2C4E5F607' 'root tmpfs|image /root.tar.zst' \
		'root disk|persist file:LABEL=data:/changes.img'; do
		mapfile -td '|' wanted < <(printf %s "$lines")
		[ "$(warnings "${wanted[@]}" 'module =fs')" = 1 ] || { echo "$lines" && cat log && return 1; }
	done
	run "$M" build -p ./t.profile -r "$S" -o out.img
	assert_success
	assert_line "mkvinitrd: warning: kernel $KVER has no NTFS driver, and ntfs-3g is not installed: what lies on NTFS will not be found; install ntfs-3g below $S, or use a kernel with ntfs3 or the ntfs of Linux 7"
}

@test "no message about NTFS where the profile has no use for it, except with -v" {
	for lines in 'root disk' 'root share|image 9p:root' 'root tmpfs|image http://server/x.tar' 'root loop|host cdrom' \
		'root loop|host UUID=2EA7-BEEF' 'root overlay|host UUID=01234567-89ab-cdef-0123-456789abcdef|image /live/root.sqfs' \
		'root disk|persist dir:UUID=01234567-89ab-cdef-0123-456789abcdef:/x'; do
		mapfile -td '|' wanted < <(printf %s "$lines")
		[ "$(warnings "${wanted[@]}" 'module =fs')" = 0 ] || { echo "$lines" && cat log && return 1; }
	done
	run "$M" build -v -p ./t.profile -r "$S" -o out.img
	assert_line --partial "kernel $KVER has no NTFS driver, and ntfs-3g is not installed"
	[ "$(warnings 'root loop' 'module ext4')" = 0 ]
}

@test "ntfs3, and the driver ntfs of Linux 7, are drivers for NTFS: nothing is reported, and ntfs-3g stays out" {
	for driver in fs/ntfs3/ntfs3 fs/ntfs/ntfs; do
		rm -rf own && S=$BATS_FILE_TMPDIR/sysroot
		kernel_with $driver 'NTFS read-write filesystem driver'
		install_ntfs_3g
		[ "$(warnings 'root loop' 'module =fs')" = 0 ]
		"$M" ls out.img >members
		grep "kernel/$driver.ko" members
		[ "$(grep -c ntfs-3g members)" = 0 ]
	done
}

@test "the driver ntfs of Linux 6.8 and older only reads: ntfs-3g is packed as well, or a message says so" {
	for COMPRESS in '' 1; do
		rm -rf own && S=$BATS_FILE_TMPDIR/sysroot
		kernel_with fs/ntfs/ntfs 'NTFS 1.2/3.x driver - Copyright (c) 2001-2014 Anton Altaparmakov and Tuxera Inc.'
		[ "$(warnings 'root loop' 'module =fs')" = 1 ]
		grep "kernel $KVER has an ntfs driver that only reads, and ntfs-3g is not installed: what lies on NTFS will not be written to; install" log
		install_ntfs_3g
		[ "$(warnings 'root loop' 'module =fs')" = 0 ]
		"$M" ls out.img | grep -x bin/ntfs-3g
	done
}

@test "drivers that the kernel has built in count the same" {
	own_system
	modules=$S/usr/lib/modules/$KVER
	echo kernel/fs/ntfs/ntfs.ko >>"$modules/modules.builtin"
	printf 'ntfs.license=GPL\0ntfs.description=NTFS read-write filesystem driver\0' >>"$modules/modules.builtin.modinfo"
	depmod -b "$S" "$KVER"
	[ "$(warnings 'root loop' 'module =fs')" = 0 ]
	printf 'ntfs.license=GPL\0ntfs.description=NTFS 1.2/3.x driver - Copyright\0' >"$modules/modules.builtin.modinfo"
	[ "$(warnings 'root loop' 'module =fs')" = 1 ]
	grep 'only reads' log
}

@test "a driver that the profile leaves out does not count" {
	kernel_with fs/ntfs3/ntfs3
	[ "$(warnings 'root loop' 'module =fs' 'blacklist ntfs3')" = 1 ]
}
