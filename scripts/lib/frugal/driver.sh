# shellcheck shell=sh disable=SC2154 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether the kernel that is installed can read the partition of its root. Needs common.sh.

# need_driver TYPE DIRECTORY: of the partition (empty: unknown) that DIRECTORY is on, for the kernel
# `version` of `sysroot`; fails if nothing can read it. A kernel file without its modules (-k FILE)
# is taken as it is.
need_driver() {
	version=${version:-}
	driver_modules=$sysroot/lib/modules/$version
	[ -d "$driver_modules" ] || driver_modules=$sysroot/usr/lib/modules/$version
	[ -n "$version" ] && [ -f "$driver_modules/modules.dep" ] || return 0
	case $1:$host in
	ntfs:* | :UUID=????????????????) need_ntfs_driver "$2" ;;
	ext[234]:*) has_driver ext4 || has_driver "$1" || die_without_driver "$1" "$2" ;;
	xfs:* | btrfs:* | vfat:* | exfat:* | f2fs:*) has_driver "$1" ||
		die_without_driver "$1" "$2" ;;
	esac
}

die_without_driver() {
	die "kernel $version has no driver for $1, the file system of '$2', and would not find its root there; nothing was changed"
}

# has_driver NAME
has_driver() {
	grep -qs "/$1\.ko" "$driver_modules/modules.dep" "$driver_modules/modules.builtin"
}

# ntfs3, the ntfs of Linux 7 (that of older kernels only reads), or ntfs-3g: that of the root (which
# mkvinitrd build takes), or this machine's
need_ntfs_driver() {
	! has_driver ntfs3 || return 0
	case ${version%%.*} in [0-6]) ;; *) ! has_driver ntfs || return 0 ;; esac
	for driver_file in "$sysroot/bin/ntfs-3g" "$sysroot/usr/bin/ntfs-3g"; do
		[ ! -x "$driver_file" ] || return 0
	done
	{ driver_file=$(command -v ntfs-3g) && has_driver fuse; } ||
		die "kernel $version has no driver for NTFS, the file system of '$1', and there is no ntfs-3g:" \
			"install ntfs-3g here or in the root, or a kernel with ntfs3 (Linux 5.15 or later) or the ntfs of Linux 7; nothing was changed"
	[ -n "$sysroot" ] || return 0
	build_lines="$build_lines$(ntfs_3g_lines)
"
}

# Directives that put this machine's ntfs-3g into the initramfs
ntfs_3g_lines() {
	echo "file /bin/ntfs-3g $(realpath "$driver_file") 755"
	ldd "$driver_file" | sed -n \
		's|^.* => \(/[^ ]*\) .*|\1|p; s|^[[:space:]]*\(/lib[^ ]*\) (.*|\1|p' |
		while read -r library; do
			echo "file $library $(realpath "$library") 755"
		done
}
