# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Making a drive out of the free space of a disk that keeps its partitions. Its first MiB and its
# end, where the partition tables are, are saved, and written back if anything fails.

# keep_open: where free space begins ($first, $size), numbers of partitions, kind of table. Reads
# only.
keep_open() {
	LC_ALL=C sfdisk -d "$drive" >"$work/dump" 2>/dev/null ||
		die "'$target' has no partition table to keep: without --keep it is erased"
	case $(sed -n 's/^label: //p' "$work/dump") in
	dos) table=mbr most=4 ;;
	gpt) table=gpt most=128 ;;
	*) die "'$target' has a partition table that is neither MBR nor GPT" ;;
	esac
	grep -qx 'sector-size: 512' "$work/dump" ||
		die "'$target' has sectors of another size than 512 bytes: --keep cannot use it"
	sed -n 's/^.*[^0-9]\([0-9][0-9]*\) : start= *\([0-9]*\), size= *\([0-9]*\).*/\1 \2 \3/p' \
		"$work/dump" >"$work/partitions"
	last=$(awk '$2 + $3 > last { last = $2 + $3 } END { printf "%d", last }' "$work/partitions")
	first=$(((last + 2047) / 2048 * 2048))
	[ "$first" -ge 2048 ] || first=2048
	size=$((($(drive_bytes) / 512 - 2048 - first) / 2048 + 2))
	[ "$size" -gt 2 ] ||
		die "'$target' has no free space behind its partitions: make one smaller, or leave --keep out to erase it"
	keep_numbers
	keep_bios
}

keep_numbers() {
	# shellcheck disable=SC2046 # a list of words
	set -- $(seq 1 "$most" | grep -v -x -F "$(cut -d ' ' -f 1 "$work/partitions")")
	boot_number=${1:-} data_number=${2:-} core_number=${3:-}
	[ -n "$data_number" ] || { [ -n "$boot_number" ] && [ "$data" = none ]; } ||
		die "'$target' has no two partition numbers free: use --data=none, or remove a partition"
}

# keep_bios: where another boot loader is, only UEFI can start ours: the space before the first
# partition has to be empty
keep_bios() {
	uefi_only=''
	start=$(awk 'NR == 1 || $2 < least { least = $2 } END { printf "%d", least }' \
		"$work/partitions")
	case $table in
	mbr)
		[ "$start" -ge 2048 ] || [ "$start" = 0 ] || uefi_only=yes
		[ "$(dd if="$drive" bs=512 skip=1 count=2047 status=none | tr -d '\000' | wc -c)" \
			= 0 ] || uefi_only=yes
		;;
	gpt) ! head -c 440 "$drive" | grep -a -q -e GRUB -e LILO -e isolinux -e syslinux ||
		uefi_only=yes ;;
	esac
	[ -z "$uefi_only" ] ||
		say "note: '$target' has another boot loader for BIOS, which stays: by BIOS this root cannot be started, by UEFI it can"
}

# keep_begin: from here on the disk changes, and is put back if anything fails
keep_begin() {
	run_or_die "saving the partition table of '$target'" dd if="$drive" of="$work/head" bs=512 \
		count=2048
	run_or_die "saving the partition table of '$target'" dd if="$drive" of="$work/tail" bs=512 \
		skip=$(($(drive_bytes) / 512 - 64)) count=64
	restore=yes output_kept="'$target' has the partition table that it had"
	at_exit keep_restore
}

keep_restore() {
	[ -n "$restore" ] || return 0
	{
		dd if="$work/head" of="$drive" bs=512 conv=notrunc,fsync status=none &&
			dd if="$work/tail" of="$drive" bs=512 seek=$(($(drive_bytes) / 512 - 64)) \
				conv=notrunc,fsync status=none
	} || keep_copies
}

# What could not be written back outlives the work directory.
keep_copies() {
	copies=$(mktemp -d "${TMPDIR:-/tmp}/mkvinitrd-table.XXXXXX") &&
		cp "$work/head" "$work/tail" "$copies" ||
		copies='nowhere else'
	echo "$name: the partition table of '$target' could not be put back: its first MiB (head) and last 64 sectors (tail) are in $copies" >&2
}
