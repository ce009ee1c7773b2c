# shellcheck shell=sh disable=SC2034,SC2154 # variables for the script that reads this, and of it
# SPDX-License-Identifier: GPL-2.0-or-later
# Where a directory is for a boot loader, which sees file systems and not what is mounted where.
# Needs common.sh.

# find_place DIRECTORY: which exists. Sets host (UUID=... or LABEL=...; given_host and given_path
# are what the user said), host_type (empty: unknown), host_path (from the top of the file system,
# without a slash at the end), host_partuuid.
find_place() {
	place_directory=$(realpath "$1")
	read_mountinfo "$place_directory"
	case $place_line in *"
"*"
"*"
"*"
"*"
"*) die "'$1' is mounted by a name with a line break" ;; esac
	host_path=${place_directory#"${place_mount%/}"}
	host_path=${place_root%/}$host_path
	host_path=${given_path:-$host_path}
	host_path=${host_path%/}
	host=$given_host host_partuuid=''
	case $given_host in
	'') find_host "$1" ;;
	UUID=?* | LABEL=?*) ;;
	*) usage "--host expects UUID=... or LABEL=..., found '$given_host'" ;;
	esac
	host_type=$place_type
	case $host_type in
	fuseblk) host_type=$(probe TYPE) ;;
	9p | drvfs | fuse* | nfs* | cifs | overlay | tmpfs | virtiofs) host_type='' ;;
	ntfs3) host_type=ntfs ;;
	esac
	[ -z "$given_host" ] || type_by_uuid
}

# type_by_uuid: what is seen here (a network mount, a directory that is copied later) may be another
# file system than the partition
# that --host names: its serial number tells NTFS, and FAT or exFAT
type_by_uuid() {
	case $given_host:$host_type in
	UUID=????????????????:*) host_type=ntfs ;;
	UUID=????-????:vfat | UUID=????-????:exfat) ;;
	UUID=????-????:* | UUID=????????-*:ntfs | UUID=????????-*:vfat | UUID=????????-*:exfat) host_type='' ;;
	esac
}

# read_mountinfo DIRECTORY: what is mounted there: place_mount (its mount point), place_root (the
# directory of the file system that is seen there), place_type, place_device. (stat -c %m takes a
# nested subvolume for a mount point.)
read_mountinfo() {
	place_line=$(DIRECTORY=$1/ awk '
		function plain(text, out, at) {
			out = ""
			while ((at = index(text, "\\"))) {
				out = out substr(text, 1, at - 1) sprintf("%c", substr(text, at + 1, 1) * 64 + substr(text, at + 2, 1) * 8 + substr(text, at + 3, 1))
				text = substr(text, at + 4)
			}
			return out text
		}
		{ point = plain($5) }
		index(ENVIRON["DIRECTORY"], point == "/" ? "/" : point "/") == 1 && length(point) >= longest {
			longest = length(point)
			for (i = 7; $i != "-"; i++);
			found = $3 "\n" $(i + 1) "\n" plain($(i + 2)) "\n" plain($4) "\n" point
		}
		END { print found }' /proc/self/mountinfo)
	[ -n "$place_line" ] || die "no file system of '$1' is in /proc/self/mountinfo"
	place_number=$(printf '%s\n' "$place_line" | sed -n 1p)
	place_type=$(printf '%s\n' "$place_line" | sed -n 2p)
	place_device=$(printf '%s\n' "$place_line" | sed -n 3p)
	place_root=$(printf '%s\n' "$place_line" | sed -n 4p)
	place_mount=$(printf '%s\n' "$place_line" | sed -n 5p)
	# /dev/root and the like have no node; what btrfs has as a number is no device
	case $place_number in 0:*) ;; *) [ ! -b "/dev/block/$place_number" ] ||
		place_device=/dev/block/$place_number ;; esac
}

# probe TAG: of the file system of place_device, as it is on the disk
probe() {
	blkid -p -s "$1" -o value "$place_device" 2>/dev/null ||
		lsblk -dn -o "${2:-$1}" "$place_device" 2>/dev/null || :
}

find_host() {
	[ -b "$place_device" ] ||
		die "'$1' is on ${place_type} ($place_device), which cannot be asked for its UUID:" \
			"say how the boot loader finds that partition: --host UUID=..., and --boot-path if the path differs there"
	host_uuid=$(probe UUID)
	[ -n "$host_uuid" ] ||
		die "the $place_type of '$1' ($place_device) has no UUID, by which a boot loader could find it: give it one, or a label and --host LABEL=..."
	host=UUID=$host_uuid
	host_partuuid=$(probe PART_ENTRY_UUID PARTUUID)
	[ "$place_type" = btrfs ] && command -v btrfs >/dev/null || return 0
	place_default=$(btrfs subvolume get-default "$1" 2>/dev/null |
		sed -n 's/^ID \([0-9]*\) .*/\1/p')
	case $place_default in
	'' | 5) ;;
	*) die "the btrfs of '$1' has another default subvolume ($place_default) than its top level, which boot loaders and the initramfs look into differently:" \
		"run btrfs subvolume set-default 5 '$place_mount'" ;;
	esac
}
