# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The files of a frugal installation as one set: all of them are replaced, or none. Needs common.sh,
# quote.sh, output.sh and tools.sh.
# DIRECTORY/mkvinitrd.frugal lists what belongs to the installation, a line each:
#   file SHA256 NAME      a file in DIRECTORY
#   script SHA256 PATH    one in /etc/grub.d
#   option NAME VALUE     how it was made, for --update
# Whatever is not listed there is not ours, and is neither replaced nor deleted.
manifest_name=mkvinitrd.frugal

# set_lock: DIRECTORY, until the end of the script; where a file system has no locks, there is none
set_lock() {
	lock_status=0
	exec 9<"$directory"
	flock -n -E 75 9 2>/dev/null || lock_status=$?
	[ $lock_status != 75 ] ||
		die "another mkvinitrd frugal is writing '$directory': wait for its end; nothing was changed"
}

# set_begin DIRECTORY: creates it if missing. The end of the script undoes everything until
# set_commit has returned.
set_begin() {
	directory=$1 made_directory='' stage='' swapped=''
	output_setup
	make_work_directory
	output_kept='nothing was changed'
	at_exit set_undo
	if [ ! -d "$directory" ]; then
		missing=$directory
		while [ ! -e "$missing" ]; do
			made_directory="$made_directory$missing
"
			missing=$(dirname "$missing")
		done
		mkdir -p "$directory" 2>"$work/log" ||
			die "cannot create the directory '$directory' ($(sed -n '$s/.*: //p' "$work/log"))"
	fi
	[ -w "$directory" ] || die "cannot write to the directory '$directory'"
	set_lock
	stage=$(trap '' HUP INT TERM && mktemp -d "$directory/.frugal-new.XXXXXX" 2>/dev/null) ||
		die "cannot create files in '$directory'"
	mkdir "$stage/new" "$stage/old"
}

# set_undo: the end of the script, wanted or not
set_undo() {
	printf '%s' "$swapped" | while IFS= read -r set_name; do
		if [ -e "$stage/old/$set_name" ]; then
			mv -f "$stage/old/$set_name" "$directory/$set_name"
		elif [ ! -e "$stage/new/$set_name" ]; then
			rm -f "$directory/$set_name"
		fi
	done
	if [ -n "$undo_script" ]; then
		rm -f "$undo_script"
		[ ! -e "$work/script.old" ] || mv "$work/script.old" "$undo_script"
	fi
	[ -z "$stage" ] || rm -rf "$stage"
	printf '%s' "$made_directory" |
		while IFS= read -r set_name; do rmdir "$set_name" 2>/dev/null || :; done
	[ -z "$release" ] || "$release"
}
undo_script='' release=''

# set_owns NAME: the manifest has it
set_owns() {
	[ -f "$directory/$manifest_name" ] && NAME=$1 awk '
		$1 == "file" && substr($0, 71) == ENVIRON["NAME"] { found = 1 }
		END { exit !found }' "$directory/$manifest_name"
}

# set_room BYTES: before anything large is written
set_room() {
	free=$(df -B1 --output=avail "$directory" | tail -n 1)
	[ "$1" -le "$free" ] ||
		die "'$directory' has no room: $(($1 / 1048576 + 1)) MiB needed, $((free / 1048576)) MiB free; nothing was changed"
}

# set_put FILE NAME: FILE becomes part of the set under that name
set_put() {
	if [ -e "$directory/$2" ] && ! set_owns "$2"; then
		die "'$directory/$2' exists and was not made by mkvinitrd frugal: move it away, or choose another directory; nothing was changed"
	fi
	{ run_shown "copying $2" "$1" cp --reflink=auto -- "$1" "$stage/new/$2" &&
		run_logged sync -- "$stage/new/$2"; } ||
		die "cannot write '$2' to '$directory' ($(failure_reason | sed 's/.*: //')); nothing was changed"
	# from the disk, not from memory
	dd of="$stage/new/$2" oflag=nocache conv=notrunc,fdatasync count=0 status=none \
		2>/dev/null || :
	put_wanted=$(sha256_of "$1")
	put_found=$(sha256_of "$stage/new/$2")
	[ "$put_wanted" = "$put_found" ] ||
		die "'$2' reads back with other contents than were written to '$directory': is that disk failing? Nothing was changed"
	printf 'file %s %s\n' "$put_found" "$2" >>"$work/manifest"
}

sha256_of() {
	run sha256sum -- "$1" >"$work/sum" || die "cannot read '$1'"
	sed 's/^\\//' "$work/sum" | cut -c1-64
}

# set_keep NAME: a file of the set stays as it is
set_keep() {
	printf 'file %s %s\n' "$(manifest_sum "$1")" "$1" >>"$work/manifest"
}

manifest_sum() {
	NAME=$1 awk '$1 == "file" && substr($0, 71) == ENVIRON["NAME"] { print $2 }' \
		"$directory/$manifest_name"
}

# set_option NAME VALUE: for --update
record_option() {
	case $2 in *"
"*) die "the value of --$1 has a line break" ;; esac
	printf 'option %s %s\n' "$1" "$2" >>"$work/manifest"
}

# recorded_option NAME: all values of it, a line each
recorded_option() {
	sed -n "s/^option $1 //p" "$directory/$manifest_name"
}

# set_commit: what is staged takes the place of what was there; what belonged to the set and no
# longer does is deleted
set_commit() {
	# from here on it is done rather than undone: a signal that comes now changes nothing
	trap '' HUP INT TERM
	cp "$work/manifest" "$stage/new/$manifest_name"
	sync "$stage/new/$manifest_name"
	[ ! -e "$directory/$manifest_name" ] || cp "$directory/$manifest_name" "$work/manifest.old"
	# the manifest first: what comes after is known to be ours even if the power fails
	for set_file in "$stage/new/$manifest_name" "$stage/new"/*; do
		[ -e "$set_file" ] || continue
		set_swap "${set_file##*/}" ||
			die "cannot replace '${set_file##*/}' in '$directory'; nothing was changed"
	done
	sync -f "$directory"
	swapped='' made_directory='' undo_script=''
	[ ! -e "$work/manifest.old" ] || sed -n 's/^file [0-9a-f]* //p' "$work/manifest.old" |
		while IFS= read -r set_name; do
			set_owns "$set_name" || set_delete "$set_name" "$work/manifest.old"
		done
}

set_swap() {
	swapped="$swapped$1
"
	[ ! -e "$directory/$1" ] || mv "$directory/$1" "$stage/old/$1" || return 1
	mv "$stage/new/$1" "$directory/$1"
}

# set_delete NAME MANIFEST: if it still is what the manifest says
set_delete() {
	case $1 in */* | .*) return 0 ;; esac
	[ -f "$directory/$1" ] || return 0
	if [ "$(sha256sum <"$directory/$1" | cut -c1-64)" != \
		"$(NAME=$1 awk '$1 == "file" && substr($0, 71) == ENVIRON["NAME"] { print $2 }' "$2")" ]; then
		echo "$name: '$directory/$1' was changed since it was installed, and is left there" >&2
		return 0
	fi
	rm -f "$directory/$1"
}

# set_remove: everything that the manifest lists, the directory if it is empty then
set_remove() {
	[ -f "$directory/$manifest_name" ] ||
		die "'$directory' has no installation of mkvinitrd frugal ($manifest_name is missing)"
	output_setup
	output_kept='run it again'
	make_work_directory
	set_lock
	cp "$directory/$manifest_name" "$work/manifest.old"
	remove_script
	sed -n 's/^file [0-9a-f]* //p' "$work/manifest.old" | while IFS= read -r set_name; do
		set_delete "$set_name" "$work/manifest.old"
	done
	rm -f "$directory/$manifest_name"
	sync -f "$directory"
	rmdir "$directory" 2>/dev/null ||
		echo "$directory: what mkvinitrd frugal installed is removed; what else is there was left"
}

# check_root_name: file systems of Windows do not tell capitals apart, and a set has no hidden file
check_root_name() {
	case $(printf '%s' "$root_name" | tr '[:upper:]' '[:lower:]') in
	vmlinuz | vmlinuz.previous | initramfs.img | initramfs.previous.img | grub.cfg | \
		grub-esp.cfg | grub4dos.lst | refind.conf | systemd-boot.conf | windows.txt | \
		changes | "$manifest_name")
		die "'$root_image' has the name of another file of the installation: rename it; nothing was changed"
		;;
	.*) [ "$(realpath "$root_image")" = "$(realpath -m "$directory/$root_name")" ] ||
		die "'$root_image' has a name that begins with a dot: rename it; nothing was changed" ;;
	esac
}

# put_root: ROOT-IMAGE, unless it is in DIRECTORY already
put_root() {
	[ -z "$disk" ] || return 0
	record_option root "$root_name"
	if [ "$(realpath "$root_image")" = "$(realpath -m "$directory/$root_name")" ]; then
		! set_owns "$root_name" || set_keep "$root_name"
		return 0
	fi
	[ "$host_type" != vfat ] || [ "$root_size" -lt 4294967296 ] ||
		die "'$root_image' has 4 GiB or more, which FAT cannot hold; nothing was changed"
	set_put "$root_image" "$root_name"
}
