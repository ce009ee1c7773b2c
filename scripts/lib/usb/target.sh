# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The target of mkvinitrd usb: which disk, whether the user means it, its output as a draft or
# marked as unfinished.

list_disks() {
	[ -z "$json" ] || {
		disks_list | while IFS="$(printf '\t')" read -r disk bytes removable model; do
			free=true
			[ -z "$(disk_users "$disk")" ] || free=false
			case $removable in yes) removable=true ;; *) removable=false ;; esac
			printf '{"device": "/dev/%s", "size": %s, "removable": %s, "free": %s, "model": %s}\n' "$disk" "$bytes" "$removable" "$free" \
				"$(json_text "$model")"
		done
		return
	}
	disks_list | while IFS="$(printf '\t')" read -r disk _ removable _; do
		disk_describe "$disk"
		[ "$removable" = yes ] || echo '    built in'
		disk_users "$disk" | sed 's/^/    in use: /'
	done
}

# removable_disks: names of those that nobody uses
removable_disks() {
	disks_list | while IFS="$(printf '\t')" read -r disk _ removable _; do
		[ "$removable" != yes ] || [ -n "$(disk_users "$disk")" ] || echo "$disk"
	done
}

ask_target() {
	[ -t 0 ] ||
		usage 'expected TARGET and ROOT; without TARGET a terminal is needed to choose the disk'
	choices=$(removable_disks)
	[ -n "$choices" ] ||
		die 'no removable disk that is free: plug one in, or name the disk (mkvinitrd usb --list shows all)'
	number=0
	for disk in $choices; do
		number=$((number + 1))
		printf '%s) ' "$number" && disk_describe "$disk"
	done >&2
	printf 'usb: which disk? Type its number: ' >&2
	read -r answer || die 'no answer, nothing was changed'
	case $answer in
	'' | *[!0-9]*) die "'$(quote_show "$answer")' is none of them, nothing was changed" ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	target=/dev/$(printf '%s\n' $choices | sed -n "${answer}p")
	[ "$target" != /dev/ ] || die "there is no number $answer, nothing was changed"
}

# confirm_erase: for a disk, and for a file that is not ours
confirm_erase() {
	[ "$yes" != "$target" ] || return 0
	[ -z "$yes" ] || die "--yes names '$yes', and the target is '$target': nothing was changed"
	case $(target_kind "$target") in
	new) return ;;
	file)
		[ "$(stat -c %b "$target")" != 0 ] || return 0
		drive=$work/existing
		ln -s "$(target_path "$target")" "$drive"
		(drive_open) ||
			die "'$target' exists and is no drive of mkvinitrd usb: to replace it, say --yes=$target"
		;;
	disk)
		device=$(target_path "$target")
		disk_describe "${device##*/}" >&2
		printf "usb: everything on '%s', %s, will be lost. Type %s to erase it: " \
			"$(disk_model "${device##*/}")" \
			"$(disk_size_text "$(disk_bytes "${device##*/}")")" "$target" >&2
		read -r answer || die 'no answer, nothing was changed; without a terminal use --yes'
		[ "$answer" = "$target" ] || die 'nothing was changed'
		;;
	esac
}

refuse_used() {
	refusal=$(target_refusal "$target" | head -n 1)
	[ -z "$refusal" ] || die "$refusal"
}

# begin_output: a file is made beside its final name; a disk says that it is unfinished until it is
# finished
begin_output() {
	drive=$work/drive
	if [ -b "$target" ]; then
		ln -s "$(readlink -f "$target")" "$drive"
		unfinished="'$target' is unfinished and does not boot: run the command again" \
			output_kept=$unfinished
		at_exit report_unfinished
		echo 'mkvinitrd usb: UNFINISHED drive, run the command again' >"$work/mark"
		truncate -s 512 "$work/mark"
		run_or_die "erasing '$target'" dd if="$work/mark" of="$drive" conv=notrunc
		run_or_die "erasing '$target'" wipefs -a -f "$drive"
		run_or_die "erasing '$target'" dd if=/dev/zero of="$drive" bs=512 count=2047 \
			seek=1 conv=notrunc
		run_or_die "erasing '$target'" dd if=/dev/zero of="$drive" bs=512 count=64 \
			seek=$(($(blockdev --getsz "$drive") - 64)) conv=notrunc
		return
	fi
	output_begin "$target"
	# for the contents; the rest of the file stays a hole
	need_room "${output_file%/*}/" $(((root_mib + parts_mib + 25) * 1048576)) "'$target'"
	run_or_die "making a file beside '$target'" truncate -s "${size}M" "$output_temp"
	ln -s "$(readlink -f "$output_temp")" "$drive"
}

# An interruption says it itself.
report_unfinished() {
	[ -z "$unfinished" ] || [ -n "$interrupted" ] || echo "$name: $unfinished" >&2
}

finish_output() {
	run_sync "$drive"
	if [ -n "$unfinished" ]; then
		blockdev --rereadpt "$drive" 2>/dev/null || case $(readlink -f "$drive") in
		/dev/loop*) ;;
		*) say "the kernel keeps the old partition table of '$target': pull the drive out and plug it in again" ;;
		esac
		unfinished='' output_kept="'$target' is complete"
		return
	fi
	output_commit "$target"
}
