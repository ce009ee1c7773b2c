# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# A root on a USB drive: what it is, its name there, putting it on the drive, replacing it.
# Files have names with the beginning of their hash: the new ones stand beside the old ones until
# the menu names them.

# identify_root FILE: sets mode, or refuses what is no root
identify_root() {
	[ -e "$1" ] || die "there is no file '$1'"
	[ -f "$1" ] ||
		die "'$1' is not an ordinary file: make an image of a directory by mkvinitrd pack"
	[ -r "$1" ] || die "cannot read '$1'"
	found=$(mkvinitrd identify --shell "$1" 2>"$work/log") ||
		die "$(sed -n '$s/^mkvinitrd: //p' "$work/log" | grep . || echo "'$1' is no root: $(failure_reason)")"
	mode=$(printf '%s\n' "$found" | sed -n "s/^mode='\(.*\)'\$/\1/p")
	case $mode in
	overlay | tmpfs | loop) ;;
	*) die "'$1' cannot be the root of a USB drive" ;;
	esac
}

# plain_name TEXT: as a name on the drive
plain_name() {
	plain=$(printf %s "$1" | LC_ALL=C tr -c 'A-Za-z0-9._-' _ |
		sed 's/^[-._]*//; s/\.\{2,\}/./g' | cut -c 1-40)
	echo "${plain:-root}"
}

# root_ending FILE: .sqfs, .tar.xz
root_ending() {
	plain_name "x${1##*/}" | LC_ALL=C sed \
		-n 's/^.*[^.]\(\.tar\.[a-z0-9]\{1,5\}\)$/\1/p; t; s/^.*\(\.[A-Za-z0-9]\{1,8\}\)$/\1/p'
}

# default_persist NAME: where changes of the entry go
default_persist() {
	case $mode:$data in
	tmpfs:*) ;;
	*:ext4 | *:f2fs) echo "dir:/changes/$1" ;;
	*) echo "file:/changes-$1.img" ;;
	esac
}

# build_entry_image: the initramfs, from the profile of the mode; a line of the user comes later and
# wins
build_entry_image() {
	[ -n "$profile" ] || profile=$mode
	[ -z "$persist" ] || build_lines="persist $persist
$build_lines"
	case $persist in *.luks) build_lines="include luks
$build_lines" ;; esac
	run build_image "$work/initramfs.img" || exit $?
}

# hash_parts: of kernel, initramfs and root, and the names that follow from them
hash_parts() {
	hash_file "$vmlinuz" 'hashing the kernel'
	kernel_hash=$hash
	hash_file "$work/initramfs.img" 'hashing the initramfs'
	initramfs_hash=$hash
	kernel_path=/boot/$root_name/vmlinuz-$(short "$kernel_hash")
	initramfs_path=/boot/$root_name/initramfs-$(short "$initramfs_hash").img
	[ -n "$root_image" ] || return 0
	hash_file "$root_image" 'hashing the root'
	root_hash=$hash
	root_path=/live/$root_name-$(short "$root_hash")$(root_ending "$root_image")
}

short() {
	printf %.8s "$1"
}

print_entry() {
	cat <<ENTRY
title=$title
kernel=$kernel_path
kernel_sha256=$kernel_hash
initramfs=$initramfs_path
initramfs_sha256=$initramfs_hash
root=$root_path
root_sha256=$root_hash
source=$root_source
mode=$mode
persist=$persist
parameters=$parameters
ENTRY
}

# fat_put_new FILE PATH: unless the entry has it, as its name with the hash says: what boots is not
# written over
fat_put_new() {
	if [ -e "$work/old.entry" ] &&
		grep -q -x -F -e "kernel=$2" -e "initramfs=$2" "$work/old.entry"; then return; fi
	fat_put "$1" "${2#/}"
}

# put_parts: all but what makes them bootable, and reads them back
put_parts() {
	[ -z "$encrypt" ] || make_volume
	fat_directory "boot/$root_name"
	fat_put_new "$vmlinuz" "$kernel_path"
	fat_put_new "$work/initramfs.img" "$initramfs_path"
	[ -z "$root_image" ] || data_put "$root_image" "$root_path"
	[ -z "$encrypt" ] || put_volume
	run_sync "$drive"
	data_check
	forget_cache
	grub_has "$vmlinuz" "${kernel_path#/}"
	grub_has "$work/initramfs.img" "${initramfs_path#/}"
	[ -z "$root_image" ] || data_has "$root_image" "$root_hash" "$root_path"
}

# enter: makes the entry known; the old files are there until then
enter() {
	print_entry >"$work/entries/$root_name.entry"
	check_entry "$work/entries/$root_name.entry" ||
		die "the entry '$root_name' has a path that is not plain"
	print_menu "$work/entries/$root_name.entry" >/dev/null || exit 1
	fat_put "$work/entries/$root_name.entry" "boot/mkvinitrd/$root_name.entry"
	write_menu
}

# choose_entry: the entry that --update means: --name, the file name of the root, or the only one
choose_entry() {
	if [ -n "$root_name" ]; then
		[ -e "$work/entries/$root_name.entry" ] ||
			die "'$target' has no root '$root_name'; it has: $(tr '\n' ' ' <"$work/names")"
		return
	fi
	[ "$entries" -gt 0 ] || die "'$target' has no root to update"
	if [ "$entries" = 1 ]; then
		root_name=$(cat "$work/names")
	elif [ -n "$root_image" ]; then
		root_name=$(plain_entry_of "$root_image")
		[ -e "$work/entries/$root_name.entry" ] ||
			die "'$target' has several roots, none of them from a file '${root_image##*/}': say which by --name: $(tr '\n' ' ' <"$work/names")"
	else
		die "'$target' has several roots: say which by --name: $(tr '\n' ' ' <"$work/names")"
	fi
}

# plain_entry_of FILE: the name of an entry for it
plain_entry_of() {
	ending=$(root_ending "$1")
	base=${1##*/}
	plain_name "${base%"$ending"}"
}

# old_entry: what an update keeps unless the command line says otherwise
old_entry() {
	old=$work/entries/$root_name.entry
	cp "$old" "$work/old.entry"
	[ -n "$title" ] || title=$(entry_value "$old" title)
	[ -n "$append_given" ] || parameters=$(entry_value "$old" parameters)
	[ -n "$persist_given" ] || persist=$(entry_value "$old" persist |
		LC_ALL=C grep -x '[A-Za-z0-9:/._,=-]*' || :)
	[ -n "$root_image" ] || {
		root_path=$(entry_value "$old" root) root_hash=$(entry_value "$old" root_sha256) \
		root_source=$(entry_value "$old" source)
		mode=$(entry_value "$old" mode)
		case $mode in overlay | tmpfs | loop) ;; *) die "the entry '$root_name' of '$target' is damaged" ;; esac
	}
}

# remove_old: what the entry had and has no more
remove_old() {
	for key in kernel initramfs; do
		path=$(entry_value "$work/old.entry" $key)
		case $path in "$kernel_path" | "$initramfs_path") ;; *) run_or_die "removing '$path' from '$target'" mdel -i "$fat" "::$path" ;; esac
	done
	path=$(entry_value "$work/old.entry" root)
	[ "$path" = "$root_path" ] || data_remove "$path"
}
