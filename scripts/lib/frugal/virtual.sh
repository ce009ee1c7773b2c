# shellcheck shell=sh disable=SC2154 # variables of the script that reads this
# SPDX-License-Identifier: GPL-2.0-or-later
# What forbids to boot the disk of a virtual machine: another program that writes to it, a machine
# that was suspended, a snapshot that needs it as it is. Needs common.sh and place.sh.

# check_virtual IMAGE: ends the script if its contents are not those of a machine that was shut
# down, or must not change
check_virtual() {
	image_file=$(realpath "$1")
	image_directory=$(dirname "$image_file")
	! is_written "$image_file" ||
		die "'$1' is in use by another program, a running virtual machine perhaps: shut that down first; nothing was changed"
	for lock in "$image_file.lck"/*.lck; do
		[ ! -e "$lock" ] ||
			die "'$1' is in use by VMware ('${lock%/*}'): shut the machine down first; if it does not run, delete that directory. Nothing was changed"
	done
	for state in "$image_directory"/*.vmss "$image_directory"/*.sav \
		"$image_directory"/Snapshots/*.sav; do
		[ ! -e "$state" ] ||
			die "a virtual machine was suspended to '$state': start it and shut it down, or what it writes when it resumes" \
				"destroys the root in '$1'; nothing was changed"
	done
	refuse_parent "$1"
}

# is_written FILE: by a program of this machine that says so with a lock of byte 101, as QEMU and
# vdattach do, or of the whole file
is_written() {
	read_mountinfo "$(dirname "$1")"
	[ -r /proc/locks ] || return 1
	INODE=$(printf '%02x:%02x:%s' "${place_number%:*}" "${place_number#*:}" "$(stat -c %i "$1")") awk '
		$0 !~ / -> / && $6 == ENVIRON["INODE"] && $7 <= 101 && ($8 == "EOF" || $8 >= 101) { found = 1 }
		END { exit !found }' /proc/locks
}

# refuse_parent IMAGE: a difference beside it holds blocks for what it is now
refuse_parent() {
	for child in "$image_directory"/* "$image_directory"/Snapshots/*; do
		case $child in *.[Vv][Hh][Dd]* | *.[Aa][Vv][Hh][Dd]* | *.[Vv][Dd][Ii] | *.[Vv][Mm][Dd][Kk] | *.[Qq][Cc][Oo][Ww]*) ;; *) continue ;; esac
		[ -f "$child" ] || continue
		vdattach info --json --parents="$image_directory" "$child" >"$work/info" \
			2>/dev/null || continue
		sed -n '/^  "parents"/,/^  \]/s/^    { "image": "\(.*\)", "format": .*/\1/p' \
			"$work/info" | sed 's/\\\(["\\]\)/\1/g' >"$work/parents"
		while IFS= read -r parent; do
			[ "$(realpath "$parent" 2>/dev/null)" != "$image_file" ] ||
				die \
					"'$1' is the parent of '$child', a snapshot or clone that what the entry writes would destroy:" \
					"merge it first, or boot that image; nothing was changed"
		done <"$work/parents"
	done
}
