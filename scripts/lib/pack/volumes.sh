# shellcheck shell=sh disable=SC2154,SC2034 # variables of pack
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk image as the source of pack: its partitions, LUKS volumes and logical volumes, one in the
# other, which of them has the root, and what the fstab of that mounts below it. Each is a read-only
# device of ours with a name of ours; no volume group is activated, so that one of the same name on
# this machine is not touched. $work/volumes lists them, by tabs: NAME DEVICE TYPE. A NAME is the
# number of a partition, "whole", VG/LV, or that of a LUKS volume with "/luks" behind it.

# attach_disk IMAGE: an MBR does not record the size of its sectors. Where nothing is found with 512
# bytes, 4096 are tried.
attach_disk() {
	need_root "reading '$1'"
	need jq jq
	mkdir "$work/links" "$work/lvm"
	attach_mark=$undo_count
	attach_volumes "$1" "$sector_size"
	if [ -z "$sector_size" ] && jq -e '."partition-table" == "mbr"' "$work/info" >"$log" &&
		! has_known_volume; then
		undo_to "$attach_mark"
		attach_volumes "$1" 4096
		if has_known_volume; then
			say "the partition table of '$1' is in sectors of 4096 bytes"
		else
			undo_to "$attach_mark"
			attach_volumes "$1" 512
		fi
	fi
	[ ! -s "$work/groups" ] || open_groups
	choose_root
	mount_parts
	one_file_system='' # all of it is of this image
	excludes="$excludes.snapshots/*
"
}

# attach_volumes IMAGE SECTOR-SIZE: its partitions; a size of '' is what the table asks for
attach_volumes() {
	hold_signals
	device=$(applet vdattach -q -r ${2:+-b "$2"} --state "$work/state" --links "$work/links" \
		"$1" 2>"$log") || fail_tool "cannot attach '$1'"
	at_exit detach "$device"
	release_signals
	applet vdattach info ${2:+-b "$2"} --json "$1" >"$work/info" 2>"$log" ||
		fail_tool "cannot read '$1'"
	: >"$work/volumes" && : >"$work/groups" && : >"$work/roots"
	volume_count=0
	for number in $(jq -r '.partitions[] | select(.extended | not) | .number' "$work/info"); do
		scan_volume "$number" "$(readlink "$work/links/Partition$number")"
	done
	[ -s "$work/volumes" ] || [ -s "$work/groups" ] || scan_volume whole "$device"
}

has_known_volume() {
	[ -s "$work/groups" ] || cut -f 3 "$work/volumes" | grep -q .
}

detach() { applet vdattach -q --state "$work/state" detach "$1"; }

# scan_volume NAME DEVICE
scan_volume() {
	scan_type=$(blkid -p -o value -s TYPE "$2" 2>/dev/null) || scan_type=''
	case $scan_type in
	crypto_LUKS) open_luks "$1" "$2" ;;
	LVM2_member) echo "$2" >>"$work/groups" ;;
	linux_raid_member | bcache | zfs_member | BitLocker) say "warning: $(volume_text "$1") is a $scan_type, which is not read" ;;
	*) printf '%s\t%s\t%s\n' "$1" "$2" "$scan_type" >>"$work/volumes" ;;
	esac
}

# volume_text NAME: for messages
volume_text() {
	case $1 in
	whole) echo "'$input'" ;;
	*/*) echo "volume $1 of '$input'" ;;
	*) echo "partition $1 of '$input'" ;;
	esac
}

# open_luks NAME DEVICE
open_luks() {
	need cryptsetup cryptsetup-bin
	need dmsetup dmsetup
	volume_count=$((volume_count + 1))
	luks_name=mkvinitrd-$$-$volume_count
	at_exit close_mapped "$luks_name"
	luks_uuid=$(blkid -p -o value -s UUID "$2") || luks_uuid=''
	if [ -n "$key_file" ]; then
		unlock_by_file "$2" ||
			fail_tool "the key in '$key_file' does not open $(volume_text "$1")"
	elif [ -t 0 ]; then
		say "$(volume_text "$1") is encrypted"
		run cryptsetup open --readonly --type luks "$2" "$luks_name" 2>"$log" ||
			fail_tool "cannot open $(volume_text "$1")"
	else
		die "$(volume_text "$1") is encrypted: give the file with its key or passphrase (--key-file), or run this at a terminal"
	fi
	printf '%s\t%s\n' "$luks_uuid" "$1/luks" >>"$work/luks"
	scan_volume "$1/luks" "/dev/mapper/$luks_name"
}

# unlock_by_file DEVICE: a file with one line is a passphrase with or without its end of line
unlock_by_file() {
	run cryptsetup open --readonly --type luks --key-file "$key_file" "$1" "$luks_name" \
		2>"$log" && return
	[ "$(wc -l <"$key_file")" = 1 ] || return 1
	tr -d '\n' <"$key_file" >"$work/passphrase"
	run cryptsetup open --readonly --type luks --key-file "$work/passphrase" "$1" "$luks_name" \
		2>"$log"
}

# close_mapped NAME: if it was made
close_mapped() {
	! device_mapper info "$1" >"$log" 2>&1 || device_mapper remove --retry "$1" >"$log" 2>&1
}

# device_mapper ARGUMENT...: dmsetup, which leaves the nodes in /dev to udev, also where there is
# none
device_mapper() {
	if [ -S /run/udev/control ]; then dmsetup "$@"; else DM_DISABLE_UDEV=1 dmsetup "$@"; fi
}

# lvm_read COMMAND ARGUMENT...: of the physical volumes in $work/groups alone; nothing of this
# machine's LVM is asked or written
lvm_read() {
	lvm_command=$1
	shift
	lvm_filter=$(sed 's/.*/"a|^&$|",/' "$work/groups" | tr -d '\n')
	LVM_SYSTEM_DIR=$work/lvm LVM_SUPPRESS_FD_WARNINGS=1 lvm "$lvm_command" \
		--readonly --driverloaded n --noheadings --separator '|' --units s --nosuffix \
		--config "devices { filter=[$lvm_filter\"r|.*|\"] use_devicesfile=0 hints=\"none\" obtain_device_list_from_udev=0 external_device_info_source=\"none\" }
			backup { backup=0 archive=0 } global { locking_dir=\"$work/lvm\" }" "$@" 2>"$log"
}

# open_groups: each logical volume becomes a device; what lies in it is looked at as well
open_groups() {
	need lvm lvm2
	lvm_read pvs -o pv_name,pe_start,vg_extent_size | tr -d ' ' >"$work/pvs" ||
		fail_tool "cannot read the volume groups of '$input'"
	lvm_read lvs --segments -O vg_name,lv_name,seg_start_pe \
		-o vg_name,lv_name,segtype,stripe_size,seg_size_pe,seg_pe_ranges |
		sed 's/^ *//; s/ *$//' >"$work/lvs" ||
		fail_tool "cannot read the logical volumes of '$input'"
	lvm_tables >"$work/tables"
	: >"$work/groups"
	while read -r lvm_volume lvm_table; do
		open_logical "$lvm_volume" "$lvm_table"
	done 3<&0 <"$work/tables"
	[ ! -s "$work/groups" ] ||
		die "a logical volume of '$input' is itself part of a volume group, which is not supported"
}

# lvm_tables: a line for each logical volume: VG/LV START LENGTH TYPE ARGUMENTS;... as of
# device-mapper, in sectors; neighbours are one. VG/LV alone for what is not read: snapshots, thin
# volumes, mirrors, missing disks.
lvm_tables() {
	awk -F '|' '
		FILENAME == ARGV[1] { start[$1] = $2; extent = $3; next }
		{
			volume = $1 "/" $2
			if (!(volume in length_of)) { order[++count] = volume; length_of[volume] = 0 }
			parts = split($6, range, " ")
			text = ""
			for (i = 1; i <= parts; i++) {
				n = split(range[i], place, ":")
				split(place[n], pe, "-")
				device = substr(range[i], 1, length(range[i]) - length(place[n]) - 1)
				if (!(device in start)) bad[volume] = 1
				first = start[device] + pe[1] * extent
				text = text " " device " " sprintf("%.0f", first)
			}
			size = $5 * extent
			if ($3 == "linear" && parts == 1) {
				if (device == last[volume] && first == end[volume]) merged[volume, segments[volume]] += size
				else {
					segments[volume]++
					merged[volume, segments[volume]] = size
					kind[volume, segments[volume]] = "linear" text
				}
				last[volume] = device
				end[volume] = first + size
			} else if ($3 == "striped" && parts > 1) {
				segments[volume]++
				merged[volume, segments[volume]] = size
				kind[volume, segments[volume]] = "striped " parts " " $4 text
				last[volume] = ""
			} else bad[volume] = 1
			length_of[volume] += size
		}
		END {
			for (i = 1; i <= count; i++) {
				volume = order[i]
				line = volume
				at = 0
				for (k = 1; k <= segments[volume] && !(volume in bad); k++) {
					line = line (k > 1 ? ";" : " ") sprintf("%.0f %.0f ", at, merged[volume, k]) kind[volume, k]
					at += merged[volume, k]
				}
				print line
			}
		}' "$work/pvs" "$work/lvs"
}

# open_logical VG/LV TABLE: in one piece it is a loop device, which every kernel has; else a
# device-mapper device
open_logical() {
	volume_count=$((volume_count + 1))
	case $2 in
	'')
		say "warning: the logical volume $1 is a snapshot, a mirror, a thin volume or not complete, and is not read"
		return
		;;
	*\;* | *striped*)
		need dmsetup dmsetup
		at_exit close_mapped "mkvinitrd-$$-$volume_count"
		echo "$2" | tr ';' '\n' |
			device_mapper create --readonly "mkvinitrd-$$-$volume_count" >"$log" 2>&1 ||
			fail_tool "cannot open the logical volume $1"
		lvm_device=/dev/mapper/mkvinitrd-$$-$volume_count
		;;
	*)
		# shellcheck disable=SC2086 # START LENGTH linear DEVICE OFFSET
		open_loop $2
		;;
	esac
	scan_volume "$1" "$lvm_device" <&3
}

open_loop() {
	hold_signals
	lvm_device=$(losetup -r -f --show -o $(($5 * 512)) --sizelimit $(($2 * 512)) "$4" \
		2>"$log") || fail_tool "cannot open a logical volume of '$input'"
	at_exit losetup -d "$lvm_device"
	release_signals
}

# has_root DIRECTORY: no link leads out of it
has_root() {
	[ -d "$1/etc" ] && [ ! -L "$1/etc" ] && { [ -d "$1/usr" ] || [ -L "$1/usr" ]; }
}

# find_roots NAME DEVICE TYPE: adds them to $work/roots: NAME DEVICE TYPE SUBVOLUME, "/" for what is
# mounted by itself
find_roots() {
	roots_mark=$undo_count
	mount_volume "$2" "$3" "$work/mount" '' || return 0
	tree=$work/mount
	if [ -n "$subvolume" ]; then
		printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$subvolume" >>"$work/roots"
	elif has_root "$tree"; then
		printf '%s\t%s\t%s\t/\n' "$1" "$2" "$3" >>"$work/roots"
	elif [ "$3" = btrfs ]; then
		undo_to "$roots_mark"
		! mount_volume "$2" btrfs "$work/mount" subvolid=5 || find_subvolumes "$1" "$2"
	fi
	undo_to "$roots_mark"
}

# is_subvolume_name NAME: mount takes it as one option, and our lists as one field
is_subvolume_name() {
	case $1 in *,* | *[[:cntrl:]]*) return 1 ;; esac
}

# Subvolumes that are roots, such as @, @rootfs and root. Snapshots lie deeper.
find_subvolumes() {
	for place in "$work/mount"/* "$work/mount"/*/*; do
		{ [ -d "$place" ] && [ ! -L "$place" ] && [ "$(stat -c %i "$place")" = 256 ] &&
			has_root "$place"; } || continue
		is_subvolume_name "$place" || {
			say "warning: the subvolume '${place#"$work/mount/"}' has a comma or a control character in its name, and is not read"
			continue
		}
		printf '%s\t%s\tbtrfs\t%s\n' "$1" "$2" "${place#"$work/mount/"}" >>"$work/roots"
	done
}

# choose_root: mounts it on `tree`
choose_root() {
	mkdir "$work/mount"
	while IFS=$tab read -r name_found device_found type_found; do
		[ -z "$partition" ] || [ "$partition" = "$name_found" ] ||
			[ "$partition/luks" = "$name_found" ] || continue
		case $type_found in ext[234] | xfs | btrfs | f2fs | squashfs | erofs | cramfs | romfs) find_roots "$name_found" "$device_found" "$type_found" ;; esac
	done <"$work/volumes"
	[ -z "$subvolume" ] || [ "$(wc -l <"$work/roots")" -le 1 ] ||
		die "several file systems of '$input' may have a subvolume '$subvolume': name one with --partition as well"
	case $(wc -l <"$work/roots") in
	0)
		[ -z "$partition" ] ||
			die "$(volume_text "$partition") has no root in it, or is not there: expected a file system with etc and usr; '$input' has $(volume_list)"
		die "no partition of '$input' has a root in it (a file system with etc and usr): it has $(volume_list)"
		;;
	1) ;;
	*) die "several parts of '$input' have a root in them: $(root_list); name one with --partition, and --subvolume in a btrfs" ;;
	esac
	IFS=$tab read -r root_name device_found type_found root_subvolume <"$work/roots"
	root_options=''
	[ "$root_subvolume" = / ] || root_options=subvol=$root_subvolume
	mount_volume "$device_found" "$type_found" "$work/mount" "$root_options" ||
		fail_tool "cannot mount the $type_found file system of $(volume_text "$root_name")"
	tree=$work/mount
	say "the root is $(volume_text "$root_name")${root_options:+, subvolume $root_subvolume}"
	warn_unclean "$device_found" "$type_found"
}

volume_list() {
	awk -F '\t' '{ printf "%s%s (%s)", (NR > 1 ? ", " : ""), $1, ($3 == "" ? "nothing known" : $3) }' "$work/volumes" | plain_names
}

root_list() {
	awk -F '\t' '{ printf "%s%s%s", (NR > 1 ? ", " : ""), $1, ($4 == "/" ? "" : " with subvolume " $4) }' "$work/roots" | plain_names
}

# Names of an image, for a terminal
plain_names() { LC_ALL=C tr -d '\000-\037\177'; }

# A journal is not replayed, so that what it has is not read.
warn_unclean() {
	case $2 in
	ext[34]) dumpe2fs -h "$1" 2>/dev/null | grep -q needs_recovery || return 0 ;;
	*) return 0 ;;
	esac
	say "warning: the file system was not unmounted (a running, suspended or crashed machine): its last changes are missing, and files may be damaged"
}
