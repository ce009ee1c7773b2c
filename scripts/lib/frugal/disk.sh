# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk of a virtual machine: which of its partitions is the root, and which kernels that has. The image is only read: it is
# attached read-only, and file systems are mounted without replaying their journals. Needs common.sh.

# vdattach: the one beside this script, as mkvinitrd in common.sh
vdattach() {
	for program in "${VDATTACH:-}" "$here/../build/host/bin/vdattach" "$here/applets/vdattach"; do
		if [ -n "$program" ] && [ -x "$program" ]; then
			"$program" "$@"
			return
		fi
	done
	command vdattach "$@"
}

# open_disk IMAGE: mounts its root read-only on disk_root; sets disk_part (1, 2, ..., whole), disk_flags (mount options that
# the root needs). `release` undoes it.
open_disk() {
	[ "$(id -u)" = 0 ] || die "--disk mounts the file systems of '$1' to read its kernel, which needs root"
	disk_root=$work/root disk_device='' disk_mounted=''
	mkdir "$disk_root" "$work/links"
	release=close_disk
	disk_device=$(vdattach attach -r --links="$work/links" "$1" 2>"$work/log") ||
		die "'$1' cannot be attached: $(sed -n '$s/^vdattach: //p' "$work/log")"
	candidates=''
	for link in "$work/links"/Partition*; do
		[ -L "$link" ] || continue
		candidates="$candidates ${link##*/Partition}"
	done
	for disk_part in ${disk_wanted:-${candidates:-whole}}; do
		if [ "$disk_part" = whole ]; then device=$disk_device; else device=$(readlink "$work/links/Partition$disk_part") || die "'$1' has no partition $disk_part; it has:${candidates:- none}"; fi
		! try_root "$device" || return 0
	done
	die "no partition of '$1' is a root with a kernel in /boot and its modules in /lib/modules (looked at:${candidates:- the whole disk});" \
		"volumes of LVM or LUKS and a separate /boot are not supported"
}

# try_root DEVICE: mounts it if it is a root that has a kernel
try_root() {
	disk_type=$(blkid -p -s TYPE -o value "$1" 2>/dev/null) || return 1
	case $disk_type in
	ext[34]) mount_root ro,noload "$1" ;;
	ext2) mount_root ro "$1" ;;
	xfs) mount_root ro,norecovery,nouuid "$1" ;;
	btrfs) mount_root ro,rescue=nologreplay "$1" || mount_root ro,rescue=nologreplay,subvol=@ "$1" subvol=@ ;;
	*) return 1 ;;
	esac
}

mount_root() {
	mount -t "$disk_type" -o "$1" "$2" "$disk_root" 2>/dev/null || return 1
	disk_mounted=1 disk_flags=${3:-}
	kernels=$(root_kernels)
	[ -z "$kernels" ] || return 0
	umount "$disk_root"
	disk_mounted=''
	return 1
}

# root_kernels: versions with kernel and modules, the oldest first
root_kernels() {
	for dir in "$disk_root"/usr/lib/modules/* "$disk_root"/lib/modules/*; do
		version=${dir##*/}
		case $version in *[!A-Za-z0-9._+~-]*) continue ;; esac
		[ ! -f "$dir/modules.dep" ] || ! kernel_of_version "$disk_root" "$version" || echo "$version"
	done | sort -V -u
}

# check_disk_kernel VERSION: whether it has drivers for real disks
check_disk_kernel() {
	modules=$disk_root/lib/modules/$1
	[ -d "$modules" ] || modules=$disk_root/usr/lib/modules/$1
	grep -qE '/(ahci|nvme)\.ko' "$modules/modules.dep" "$modules/modules.builtin" 2>/dev/null ||
		echo "$name: warning: kernel $1 of the image has no drivers for SATA and NVMe disks (a cloud kernel?): it starts in a virtual machine only; install a general one there, such as linux-image-amd64" >&2
}

close_disk() {
	release=''
	[ -z "$disk_mounted" ] || umount "$disk_root" || echo "$name: '$disk_root' stays mounted" >&2
	[ -z "$disk_device" ] || detach_disk || echo "$name: $disk_device stays attached: $(sed -n '$s/^vdattach: //p' "$work/log")" >&2
	disk_mounted='' disk_device=''
}

# udev may still be looking at it
detach_disk() {
	tries=0
	until vdattach detach "$disk_device" 2>"$work/log"; do
		tries=$((tries + 1))
		[ $tries -lt 20 ] || return 1
		sleep 0.25
	done
}
