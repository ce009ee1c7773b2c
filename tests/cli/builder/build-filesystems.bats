#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# build: what the kernel lacks for the partitions and the root of a profile is said. NTFS is in build-ntfs.bats.
# shellcheck disable=SC2154 # output, stderr, status: by bats
load build

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
	printf 'kernel/fs/%s.ko\n' xfs/xfs btrfs/btrfs exfat/exfat isofs/isofs >>"$S/usr/lib/modules/$KVER/modules.builtin"
	depmod -b "$S" "$KVER"
	run lacking 'root loop'
	assert_output vfat
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
	rm -r "$S/usr/lib/modules/$KVER/kernel/fs/erofs" "$S/usr/lib/modules/$KVER/kernel/fs/overlayfs"
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
