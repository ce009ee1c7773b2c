# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Partitions of a USB drive: where they are, how they are made, how those of an existing drive are
# found.
# All work on $drive, a disk or an image, at offsets: no partition has to be known to the kernel.
# Sectors have 512 bytes.
#   boot_start boot_sectors boot_number   FAT32: boot loaders, kernels, initramfs images, menu
#   data_start data_sectors data_number   roots and changes; the same as boot with $data none
#   grub_type                             GRUB's name of the table: msdos or gpt

# layout_plan MIB BOOT-MIB: one MiB before the first and one behind the last partition. On a disk
# that keeps what it has, $first is where its free space begins, and $boot_number, $data_number,
# $core_number are free.
layout_plan() {
	case $table in mbr) grub_type=msdos core_sector=1 ;; gpt)
		grub_type=gpt core_sector=40
		;;
	esac
	boot_start=${first:-2048}
	end=$((boot_start + ($1 - 2) * 2048))
	if [ -n "$first" ] && [ "$table" = gpt ]; then
		core_sector=$first
		boot_start=$((first + 2048))
	fi
	[ -n "$first" ] || boot_number=1 data_number=2 core_number=3
	boot_sectors=$(($2 * 2048))
	data_start=$((boot_start + boot_sectors))
	data_sectors=$((end - data_start))
	[ "$data" != none ] || boot_sectors=$((end - boot_start)) data_start=$boot_start \
		data_number=$boot_number
	[ "$data" != none ] || data_sectors=$boot_sectors
}

# The partition for GRUB's core on a GPT lies before the others, where a table of the old kind has a
# gap.
layout_table() {
	case $data in exfat) data_mbr=7 data_gpt=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 ;; *)
		data_mbr=83 data_gpt=0FC63DAF-8483-4772-8E79-3D69D8477DE4
		;;
	esac
	active=', bootable'
	if [ -n "$first" ]; then
		cat "$work/dump"
		! grep -q bootable "$work/dump" || active=''
	elif [ "$table" = mbr ]; then
		printf 'label: dos\nlabel-id: 0x%s\n' "$(unique 8 table)"
	else
		printf 'label: gpt\nlabel-id: %s\nfirst-lba: 34\n' "$(unique_uuid table)"
	fi
	if [ "$table" = mbr ]; then
		echo "$boot_number: start=$boot_start, size=$boot_sectors, type=ef$active"
		[ "$data" = none ] ||
			echo "$data_number: start=$data_start, size=$data_sectors, type=$data_mbr"
	else
		echo "$boot_number: start=$boot_start, size=$boot_sectors, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=$(unique_uuid part1), name=boot"
		[ "$data" = none ] ||
			echo "$data_number: start=$data_start, size=$data_sectors, type=$data_gpt, uuid=$(unique_uuid part2), name=data"
		echo "$core_number: start=$core_sector, size=2008, type=21686148-6449-6E6F-744E-656564454649, uuid=$(unique_uuid part3), name=grub"
	fi
}

write_table() {
	layout_table >"$work/table"
	# shellcheck disable=SC2016 # of that shell
	run_or_die "writing the partition table of '$target'" \
		sh -c 'exec sfdisk -q -w never -W never --no-reread --no-tell-kernel "$1" <"$2"' \
		sh "$drive" "$work/table"
}

# unique DIGITS NAME: hexadecimal digits, the same for the same contents if SOURCE_DATE_EPOCH is set
unique() {
	if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
		printf '%s %s' "$contents" "$2" | sha256sum | cut -c "1-$1"
	else
		tr -d -- - </proc/sys/kernel/random/uuid | cut -c "1-$1"
	fi
}

unique_uuid() {
	unique 32 "$1" |
		sed 's/\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\)/\1-\2-4\3-8\4-\5/'
}

# FAT32 has at least 65525 clusters; small ones for small file systems, as Windows makes them
make_boot() {
	if [ "$boot_sectors" -lt 532480 ]; then
		cluster=1
	elif [ "$boot_sectors" -lt 16777216 ]; then
		cluster=8
	else
		cluster=64
	fi
	boot_id=$(unique 8 boot | tr abcdef ABCDEF)
	run_or_die "making the FAT file system of '$target'" mkfs.vfat -F 32 -s "$cluster" \
		-n UNFINISHED -i "$boot_id" ${SOURCE_DATE_EPOCH:+--invariant} \
		--offset="$boot_start" -h "$boot_start" "$drive" $((boot_sectors / 2))
	boot_uuid=$(echo "$boot_id" | sed 's/..../&-/;s/-$//')
	fat=$drive@@$((boot_start * 512))
	for directory in boot boot/grub boot/mkvinitrd EFI EFI/BOOT; do
		fat_directory "$directory"
	done
}

fat_directory() {
	run_logged mmd -D s -i "$fat" "::$1" || mdir -i "$fat" "::$1" >/dev/null 2>&1 ||
		die "cannot make the directory '$1' on '$target': $(failure_reason)"
}

# fat_put FILE NAME
fat_put() {
	run_logged mcopy -Q -o -i "$fat" "$1" "::$2" ||
		die "cannot write '$2' to '$target': $(failure_reason)"
}

fat_get() {
	mtype -i "$fat" "::$1" 2>/dev/null
}

make_data() {
	data_uuid=$(unique_uuid data)
	case $data in
	none) data_uuid=$boot_uuid ;;
	ext4) make_ext4 ;;
	*) make_by_loop ;;
	esac
}

# root_owner: mke2fs would make the directory belong to who runs it
make_ext4() {
	run_or_die "making the ext4 file system of '$target'" mke2fs -q -F -t ext4 -m 1 \
		-L "$data_label" -U "$data_uuid" \
		-E "hash_seed=$data_uuid,offset=$((data_start * 512)),root_owner=0:0${SOURCE_DATE_EPOCH:+,lazy_itable_init=0,nodiscard}" \
		"$drive" $((data_sectors / 2))k
}

# loop_data: the partition as $loop, for tools that know no offset
loop_data() {
	loop_mark=$undo_count
	at_exit detach_all "$(readlink -f "$drive")"
	run_logged losetup -f --show -o $((data_start * 512)) --sizelimit $((data_sectors * 512)) \
		"$(readlink -f "$drive")" ||
		die "a data partition with $data needs a loop device, and root to attach it: $(failure_reason)"
	loop=$(cat "$work/log")
}

loop_end() {
	run_or_die "detaching $loop" losetup -d "$loop"
	undo_to "$loop_mark"
}

# detach_all FILE: nobody else has loop devices of it, or it would not be a target
detach_all() {
	losetup -n -O NAME -j "$1" 2>/dev/null | xargs -r -n 1 losetup -d
}

make_by_loop() {
	loop_data
	case $data in
	exfat) run_or_die "making the exFAT file system of '$target'" mkfs.exfat -L "$data_label" \
		"$loop" ;;
	f2fs) run_or_die "making the F2FS file system of '$target'" mkfs.f2fs \
		-q -f -l "$data_label" "$loop" ;;
	esac
	data_uuid=$(blkid -p -s UUID -o value "$loop") ||
		die "blkid finds no $data on the partition just made on '$target'"
	loop_end
}

# drive_open: finds the partitions of a drive that mkvinitrd usb made; status 1 if $drive is none.
# Reads only.
drive_open() {
	LC_ALL=C sfdisk -d "$drive" >"$work/dump" 2>/dev/null || return 1
	case $(sed -n 's/^label: //p' "$work/dump") in dos) table=mbr grub_type=msdos ;; gpt)
		table=gpt grub_type=gpt
		;;
	*) return 1 ;; esac
	sed -n 's/^.*[^0-9]\([0-9][0-9]*\) : start= *\([0-9]*\), size= *\([0-9]*\),.*/\1 \2 \3/p' \
		"$work/dump" >"$work/partitions"
	boot_number=''
	while read -r number start sectors; do
		fat=$drive@@$((start * 512))
		[ -n "$boot_number" ] || ! fat_get boot/mkvinitrd/drive >"$work/manifest" ||
			boot_number=$number boot_start=$start boot_sectors=$sectors
	done <"$work/partitions"
	[ -n "$boot_number" ] || return 1
	fat=$drive@@$((boot_start * 512))
	fat_get boot/mkvinitrd/drive >"$work/manifest" || return 1
	data=$(manifest_value data) boot_uuid=$(manifest_value boot_uuid) \
	data_uuid=$(manifest_value data_uuid)
	label=$(manifest_value label) data_number=$(manifest_value data_number)
	drive_find_data
}

# manifest_value NAME: of the drive's manifest; what is on a drive may be anything, and is used only
# as far as it is plain
manifest_value() {
	sed -n "s/^$1=\([A-Za-z0-9._-]*\)\$/\1/p" "$work/manifest" | head -n 1
}

drive_find_data() {
	case $data in none | ext4 | exfat | f2fs) ;; *) return 1 ;; esac
	case $boot_uuid:$data_uuid:$data_number in :* | *::* | *:) return 1 ;; esac
	data_start=''
	while read -r number start sectors; do
		[ "$number" != "$data_number" ] || data_start=$start data_sectors=$sectors
	done <"$work/partitions"
	[ -n "$data_start" ]
}
