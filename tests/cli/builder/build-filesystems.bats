#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# build: what the kernel lacks for the partitions and the root of a profile is said; which driver
# for NTFS an image has.
# shellcheck disable=SC2154 # output, stderr, status: by bats
load build

# kernel_with PATH [DESCRIPTION]: the system's kernel has a module more
kernel_with() {
	own_system
	path=$S/usr/lib/modules/$KVER/kernel/$1.ko
	mkdir -p "${path%/*}"
	printf '.section .modinfo,"a"\n.ascii "license=GPL\\0description=%s\\0name=%s\\0"\n' \
		"${2:-}" "$(basename "$1")" | as -o "$path" -
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
	"$M" build -p ./t.profile -r "$S" -o out.img 2>&1 | tee log | grep -c 'warning: .*NTFS' ||
		[ $? = 1 ]
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
	for lines in 'root loop' 'root overlay|image /live/root.sqfs' \
		'root overlay|image /live/root.sqfs|host usb' \
		'root loop|host LABEL=Windows' 'root loop|host UUID=01D8A3B2C4E5F607' \
		'root tmpfs|image /root.tar.zst' \
		'root disk|persist file:LABEL=data:/changes.img'; do
		mapfile -td '|' wanted < <(printf %s "$lines")
		[ "$(warnings "${wanted[@]}" 'module =fs')" = 1 ] || { echo "$lines" && cat log &&
			return 1; }
	done
	run "$M" build -p ./t.profile -r "$S" -o out.img
	assert_success
	assert_line "mkvinitrd: warning: kernel $KVER has no NTFS driver, and ntfs-3g is not installed: what lies on NTFS will not be found; install ntfs-3g below $S, or use a kernel with ntfs3 or the ntfs of Linux 7"
}

@test "no message about NTFS where the profile has no use for it, except with -v" {
	for lines in 'root disk' 'root share|image 9p:root' 'root tmpfs|image http://server/x.tar' \
		'root loop|host cdrom' \
		'root loop|host UUID=2EA7-BEEF' \
		'root overlay|host UUID=01234567-89ab-cdef-0123-456789abcdef|image /live/root.sqfs' \
		'root disk|persist dir:UUID=01234567-89ab-cdef-0123-456789abcdef:/x'; do
		mapfile -td '|' wanted < <(printf %s "$lines")
		[ "$(warnings "${wanted[@]}" 'module =fs')" = 0 ] || { echo "$lines" && cat log &&
			return 1; }
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
		kernel_with fs/ntfs/ntfs \
			'NTFS 1.2/3.x driver - Copyright (c) 2001-2014 Anton Altaparmakov and Tuxera Inc.'
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
	printf 'ntfs.license=GPL\0ntfs.description=NTFS read-write filesystem driver\0' \
		>>"$modules/modules.builtin.modinfo"
	depmod -b "$S" "$KVER"
	[ "$(warnings 'root loop' 'module =fs')" = 0 ]
	printf 'ntfs.license=GPL\0ntfs.description=NTFS 1.2/3.x driver - Copyright\0' \
		>"$modules/modules.builtin.modinfo"
	[ "$(warnings 'root loop' 'module =fs')" = 1 ]
	grep 'only reads' log
}

@test "a driver that the profile leaves out does not count" {
	kernel_with fs/ntfs3/ntfs3
	[ "$(warnings 'root loop' 'module =fs' 'blacklist ntfs3')" = 1 ]
}

# lacking LINE...: what a build of that profile, without -v, says that the kernel has no driver for
lacking() {
	profile "$@" 'module =fs'
	"$M" build -p ./t.profile -r "$S" -o out.img >log 2>&1 || { cat log && return 1; }
	sed -n "s/^mkvinitrd: warning: kernel $KVER has no driver for \(.*\): what lies on such a file system will not be found; .*/\1/p" log
}

@test "a file system that the kernel lacks and the image, its changes or the root may lie on is named in one line" {
	while IFS='|' read -r wanted lines; do
		mapfile -td '|' lines < <(printf %s "$lines")
		run lacking "${lines[@]}"
		assert_output "$wanted"
	done <<'CASES'
xfs, btrfs, vfat, exfat, iso9660|root loop
xfs, btrfs, vfat, exfat, iso9660|root overlay|image /live/root.sqfs|host usb
vfat, exfat|root overlay|image /live/root.sqfs|host UUID=2EA7-BEEF
iso9660|root overlay|image /live/root.sqfs|host cdrom
iso9660|root overlay|image /live/root.sqfs|host UUID=2026-11-30-14-20-00-00
xfs, btrfs|root loop|host UUID=01234567-89ab-cdef-0123-456789abcdef
|root loop|host UUID=01D8A3B2C4E5F607
xfs, btrfs|root disk
btrfs|root disk|param rootfstype=btrfs
|root disk|param rootfstype=ext4
|root disk|param rootfstype=ext4,btrfs
|root disk|param rootfstype=ext4|persist ram
xfs, btrfs|root disk|param rootfstype=ext4|persist dir:LABEL=data:/changes
xfs, btrfs|root disk|param rootfstype=ext4|persist device:LABEL=data
vfat, exfat|root disk|param rootfstype=ext4|persist file:UUID=2EA7-BEEF:/changes.img,1G
xfs, btrfs, vfat, exfat, iso9660|root tmpfs|image /root.tar.zst
|root tmpfs|image http://server/root.tar.zst
|root share|image 9p:root
CASES
}

@test "what a kernel lacks is shown with -v where the profile has no use for it" {
	profile 'root disk' 'param rootfstype=ext4' 'module =fs'
	run "$M" build -v -p ./t.profile -r "$S" -o out.img
	assert_success
	assert_line --partial "kernel $KVER has no driver for xfs, btrfs, vfat, exfat, iso9660: what lies on such a file system will not be found; install the package of the kernel's extra modules below $S, or use a kernel that has one"
}

@test "a driver that is built in is one" {
	own_system
	printf 'kernel/fs/%s.ko\n' xfs/xfs btrfs/btrfs exfat/exfat isofs/isofs \
		>>"$S/usr/lib/modules/$KVER/modules.builtin"
	depmod -b "$S" "$KVER"
	run lacking 'root loop'
	assert_output vfat
}

@test "without modules.builtin nobody knows what the kernel lacks, and nothing is said" {
	own_system
	rm "$S/usr/lib/modules/$KVER"/modules.builtin*
	run lacking 'root overlay' 'image /root.sqfs'
	assert_output ''
	run -1 grep 'has no driver' log
}

@test "a kernel without the driver of the root itself: the line that needs it is named" {
	while IFS='|' read -r driver line lines; do
		mapfile -td '|' lines < <(printf %s "$lines")
		lacking "${lines[@]}" >/dev/null
		grep -x "t\.profile:$line: warning: kernel $KVER has no driver '$driver', and the root cannot be mounted without; install the package of the kernel's extra modules, or use a kernel that has it" log
	done <<'CASES'
nfs|2:7|root share|image nfs:server:/root
virtiofs|2:7|root share|image virtiofs:root
9p|2:7|root share|image 9p:root
CASES
	own_system
	rm -r "$S/usr/lib/modules/$KVER/kernel/fs/erofs" \
		"$S/usr/lib/modules/$KVER/kernel/fs/overlayfs"
	depmod -b "$S" "$KVER"
	lacking 'root overlay' 'image /root.erofs' >/dev/null
	grep "has no driver 'erofs'" log
	grep "has no driver 'overlay'" log
	run -1 grep "has no driver 'loop'" log
}

@test "kernels of Debian have all that the shipped profiles need" {
	for series in 6.1 6.12 current; do
		directory=$(kernels "$series")
		for name in overlay loop disk tmpfs netboot share; do
			env -u MKVINITRD_DATA "$M" plan -p $name -r "$directory" 2>log >/dev/null
			run -1 grep 'has no driver' log
		done
	done
}
