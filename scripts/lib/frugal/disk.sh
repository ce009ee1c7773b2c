# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk of a virtual machine: which of its partitions is the root, and which kernels that has.
# The image is only read: it is attached read-only, and file systems are mounted without replaying
# their journals. Needs common.sh.

# vdattach: the one beside this script, as mkvinitrd in common.sh
vdattach() {
	for program in "${VDATTACH:-}" "$here/../build/host/bin/vdattach" \
		"$here/applets/vdattach"; do
		if [ -n "$program" ] && [ -x "$program" ]; then
			"$program" "$@"
			return
		fi
	done
	command vdattach "$@"
}

# open_disk IMAGE: mounts its root read-only on disk_root; sets disk_part (1, 2, ..., whole),
# disk_flags (mount options that the root needs). `release` undoes it.
open_disk() {
	[ "$(id -u)" = 0 ] ||
		die "--disk mounts the file systems of '$1' to read its kernel, which needs root"
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
	roots='' looked_at=''
	for disk_part in ${disk_wanted:-${candidates:-whole}}; do
		device=$(disk_node "$1") || exit 1
		if try_root "$device"; then
			roots="$roots${roots:+ }$disk_part"
			close_root
		else
			looked_at="$looked_at${looked_at:+; }$(part_name) $not_root"
		fi
	done
	[ -n "$roots" ] ||
		die "'$1' has no root with a kernel in /boot and its modules in /lib/modules: $looked_at"
	disk_part=${roots%% *}
	[ "$roots" = "$disk_part" ] ||
		message "warning: '$1' has several roots with kernels, in partitions $roots: $disk_part is taken; --part chooses another"
	device=$(disk_node "$1") || exit 1
	try_root "$device" || die "the root in '$1' cannot be mounted again"
}

# disk_node IMAGE: the device of disk_part
disk_node() {
	if [ "$disk_part" = whole ]; then
		echo "$disk_device"
	else
		readlink "$work/links/Partition$disk_part" ||
			die "'$1' has no partition $disk_part; it has:${candidates:- none}"
	fi
}

part_name() {
	if [ "$disk_part" = whole ]; then
		echo 'the whole disk'
	else
		echo "partition $disk_part"
	fi
}

# try_root DEVICE: mounts it if it is a root that has a kernel; if not, why is in not_root
try_root() {
	disk_type=$(blkid -p -s TYPE -o value "$1" 2>/dev/null) || disk_type=''
	not_root="is $disk_type"
	case $disk_type in
	ext[34]) mount_root ro,noload "$1" ;;
	ext2) mount_root ro "$1" ;;
	xfs) mount_root ro,norecovery,nouuid "$1" ;;
	btrfs) mount_root ro,rescue=nologreplay "$1" || mount_subvolume "$1" ;;
	crypto_LUKS) not_root='is encrypted with LUKS, which is not supported' && return 1 ;;
	LVM2_member) not_root='has volumes of LVM, which are not supported' && return 1 ;;
	linux_raid_member) not_root='is a member of a RAID, which is not supported' && return 1 ;;
	'') not_root='has no file system' && return 1 ;;
	*) return 1 ;;
	esac
}

# mount_root OPTIONS DEVICE [ROOTFLAGS]
mount_root() {
	mount -t "$disk_type" -o "$1" "$2" "$disk_root" 2>/dev/null || {
		not_root="is $disk_type and cannot be mounted"
		return 1
	}
	disk_mounted=1 disk_flags=${3:-}
	kernels=$(root_kernels)
	[ -z "$kernels" ] || return 0
	describe_root
	close_root
	return 1
}

close_root() {
	umount "$disk_root" || return 1
	disk_mounted=''
}

# describe_root: not_root for what is mounted and has no kernel with modules
describe_root() {
	if [ -d "$disk_root/etc" ]; then
		not_root='is a root without a kernel: install one in the virtual machine; a separate /boot is not supported'
	elif [ -n "$(find "$disk_root" -maxdepth 1 -name 'vmlinuz*' -print -quit)" ]; then
		not_root='has kernels and no root: a separate /boot is not supported'
	fi
}

# mount_subvolume DEVICE: of those that the top level of the btrfs has, the first one that is a root
# with a kernel: Ubuntu installs into @, Debian into @rootfs, Fedora into root
mount_subvolume() {
	mount -t btrfs -o ro,rescue=nologreplay,subvolid=5 "$1" "$disk_root" 2>/dev/null || return 1
	disk_mounted=1
	subvolumes=$(cd "$disk_root" && for dir in @ @rootfs root *; do [ ! -d "$dir/etc" ] ||
		printf '%s\n' "$dir"; done)
	close_root || return 1
	for subvolume in $subvolumes; do
		case $subvolume in *[!A-Za-z0-9@._+-]*) continue ;; esac
		! mount_root "ro,rescue=nologreplay,subvol=$subvolume" "$1" "subvol=$subvolume" ||
			return 0
	done
	return 1
}

# root_kernels: versions with kernel and modules, the oldest first
root_kernels() {
	for dir in "$disk_root"/usr/lib/modules/* "$disk_root"/lib/modules/*; do
		version=${dir##*/}
		case $version in *[!A-Za-z0-9._+~-]*) continue ;; esac
		[ ! -f "$dir/modules.dep" ] || ! kernel_of_version "$disk_root" "$version" ||
			echo "$version"
	done | sort -V -u
}

# choose_disk_kernel: kernel, the newest with drivers for real disks
choose_disk_kernel() {
	kernel=''
	for version in $kernels; do
		! has_disk_drivers "$version" || kernel=$version
	done
	[ -z "$kernel" ] || return 0
	kernel=$(printf '%s\n' "$kernels" | tail -n 1)
	echo "$name: warning: kernel $kernel of the image has no drivers for SATA and NVMe disks (a cloud" \
		"kernel?): it starts in a virtual machine only; install a general one there, such as" \
		"linux-image-amd64" >&2
}

# has_disk_drivers VERSION
has_disk_drivers() {
	modules=$disk_root/lib/modules/$1
	[ -d "$modules" ] || modules=$disk_root/usr/lib/modules/$1
	grep -qsE '/(ahci|nvme)\.ko' "$modules/modules.dep" "$modules/modules.builtin"
}

close_disk() {
	release=''
	[ -z "$disk_mounted" ] || close_root || echo "$name: '$disk_root' stays mounted" >&2
	[ -z "$disk_device" ] || detach_disk ||
		echo "$name: $disk_device stays attached: $(sed -n '$s/^vdattach: //p' "$work/log")" >&2
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
