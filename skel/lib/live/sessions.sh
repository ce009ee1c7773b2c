# shellcheck shell=dash
# shellcheck disable=SC2034,SC2153 # what overlayroot is given is read by assemble
# SPDX-License-Identifier: GPL-2.0-or-later
# Where Slax, MiniOS, Porteus and liveslak keep changes.

# slax_store SESSION PLACE: the changes of one session are in a directory with its number,
# last_session.txt has the last
slax_store() {
	local dir number=$1
	changes_place "$2" || return 0
	dir=$RET
	mkdir -p "$dir" || {
		changes_in_ram "$dir cannot be made"
		return 0
	}
	[ "$number" != ask ] || ask_session "$dir"
	if [ "$number" = resume ]; then
		last_session "$dir"
		number=$RET
	fi
	case $number in
	'' | *[!0-9]*) new_session "$dir" ;;
	*) session_is_ours "$dir/$number" || new_session "$dir" ;;
	esac
	say "using session $number"
	record_session "$dir"
	[ ! -f "$dir/$number/changes.img" ] || PERCH_MODE=raw
	case $PERCH_MODE in
	raw) session_image "$dir/$number/changes.img" ;;
	dynfilefs) UPPER=file:$dir/$number/upper.img${PERCH_SIZE:+,${PERCH_SIZE}m} UPPER_SIZE='' ;;
	*)
		name_dirs "$dir/$number" changes workdir
		UPPER_SIZE=${PERCH_SIZE:+${PERCH_SIZE}m}
		;;
	esac
}

# last_session DIRECTORY: its number, in RET: Slax has it in last_session.txt, MiniOS in
# session.json or session.conf
last_session() {
	RET=''
	[ ! -r "$1/session.json" ] ||
		RET=$(sed -n 's/.*"default": *"\{0,1\}\([0-9]*\).*/\1/p' "$1/session.json" |
			head -n 1)
	[ -n "$RET" ] || [ ! -r "$1/session.conf" ] ||
		RET=$(sed -n 's/^default=//p' "$1/session.conf" | head -n 1)
	[ -n "$RET" ] || first_line "$1/last_session.txt"
}

# record_session DIRECTORY: number, where the system whose directory it is will look for it
record_session() {
	local file
	file=$1/session.json
	[ ! -w "$file" ] || {
		sed "s/\"default\": *\(null\|\"[0-9]*\"\)/\"default\": \"$number\"/" "$file" \
			>"$file.new" && mv "$file.new" "$file"
		return 0
	}
	file=$1/session.conf
	[ ! -w "$file" ] || {
		sed "s/^default=.*/default=$number/" "$file" >"$file.new" && mv "$file.new" "$file"
		return 0
	}
	printf '%s\n' "$number" >"$1/last_session.txt"
}

# session_image FILE: perchmode=raw of MiniOS: an ext4 in a file; 4000 MiB, if there is room
session_image() {
	[ -s "$1" ] || make_session_image "$1" || {
		changes_in_ram "$1 could not be made (is there room? the profile needs 'applet mke2fs')"
		return 0
	}
	mount_store_file "$1"
	name_dirs "$RAMFS/storefs" changes workdir
}

make_session_image() {
	local size=${PERCH_SIZE:-4000} free
	free=$(($($RUN stat -f -c '%a * %S' "${1%/*}") / 1048576 - 100))
	[ "$free" -gt "$size" ] || size=$free
	[ "$size" -ge 16 ] || return 1
	say "making $1 ($size MiB)"
	$RUN truncate -s "${size}M" "$1.new" && $RUN mke2fs -q -t ext4 -F "$1.new" &&
		mv "$1.new" "$1" && return 0
	rm -f "$1.new"
	return 1
}

# changes_place [HOST:]/PATH: where that is now, in RET
changes_place() {
	case $1 in
	?*:/*)
		find_store "${1%%:/*}" "$P_PERSIST"
		RET=$RAMFS/store/${1#*:/}
		;;
	*)
		[ -n "$HOST_RW" ] || {
			changes_in_ram "$1 cannot be written"
			return 1
		}
		RET=$HOSTDIR$1
		;;
	esac
}

# ask_session DIRECTORY: in number what somebody at the console says, in a minute; the last session
# otherwise
ask_session() {
	local session
	asking
	{
		echo "mkvinitrd: sessions:"
		for session in "$1"/[0-9]*; do
			[ ! -d "$session" ] ||
				echo "  ${session##*/}  $(stat -c %y "$session" | cut -c1-16)"
		done
		echo "a number, 'new', or Enter for the last one (60 seconds):"
	} >"$ROOT/dev/console"
	read -r number <<ANSWER
$($RUN timeout 60 head -n 1 <"$ROOT/dev/console")
ANSWER
	working "making the root"
	case $number in n | new) number=new ;; '' | *[!0-9]*) number=resume ;; esac
}

# porteus_store [HOST:]/PATH: the directory changes in there, or a file with a file system that has
# it
porteus_store() {
	changes_place "$1" || return 0
	if [ -f "$RET" ]; then
		mount_store_file "$RET"
		RET=$RAMFS/storefs
	fi
	mkdir -p "$RET" || {
		changes_in_ram "$RET cannot be made"
		return 0
	}
	set -- "$RET"
	if aufs_kept "$1/changes" || aufs_kept "$1"; then
		changes_in_ram "$1 was kept by aufs, which cannot be read here"
	else
		name_dirs "$1" changes workdir
	fi
}

aufs_kept() {
	local file
	for file in "$1"/.wh..wh.*; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

# session_is_ours DIRECTORY: it is there, and not in one of the other two ways in which Slax keeps
# sessions
session_is_ours() {
	local file
	[ -d "$1" ] || return 1
	for file in "$1"/changes.dat* "$1"/.wh..wh.*; do
		[ ! -e "$file" ] || {
			warn "session ${1##*/} was saved by dynfilefs or aufs (${file##*/}), which is not supported: starting a new one"
			return 1
		}
	done
}

# new_session DIRECTORY: the number after the highest, in number
new_session() {
	local dir
	number=0
	for dir in "$1"/[0-9]*; do
		dir=${dir##*/}
		case $dir in *[!0-9]* | 0*) continue ;; esac
		[ "$dir" -le "$number" ] || number=$dir
	done
	number=$((number + 1))
	mkdir -p "$1/$number" || warn "$1/$number cannot be made"
}

# liveslak_store [HOST:]/PATH: that directory, with .ovlwork beside it, or a file PATH.img with a
# file system that has both. A medium without a place for changes is used as it is.
liveslak_store() {
	local dir
	set -- "${1%/}"
	case ${1#*:}/ in / | *//* | */./* | */../*)
		changes_in_ram "parameter 'persistence=$1': not the path of a directory below /"
		return 0
		;;
	esac
	case $1 in
	?*:/*)
		liveslak_host "${1%%:/*}" "/${1#*:/}" || {
			changes_in_ram \
				"parameter 'persistence=$1': there is no such directory, nor a file /${1#*:/}.img"
			return 0
		}
		dir=$RAMFS/store/${1#*:/}
		;;
	*)
		UPPER=ram UPPER_SIZE=$P_SIZE
		liveslak_keeps "$1" || return 0
		[ -n "$HOST_RW" ] || {
			changes_in_ram "$HOST_DEVICE has changes in $1, and cannot be written"
			return 0
		}
		dir=$HOSTDIR$1
		;;
	esac
	[ -d "$dir" ] || {
		mount_store_file "$dir.img"
		dir=$RAMFS/storefs/${dir##*/}
	}
	[ -z "$P_RESET" ] || {
		say "emptying ${dir##*/}, as nop=wipe asks"
		rm -rf "${dir:?}"
	}
	name_dirs "${dir%/*}" "${dir##*/}" .ovlwork
}

# liveslak_host DEVICE|UUID|LABEL|scandev PATH: at RAMFS/store, writable, with PATH or PATH.img on
# it
liveslak_host() {
	local spec
	case $1 in
	scandev) set -- any "$2" any ;;
	/dev/*) set -- "$1" "$2" "$1" ;;
	*) set -- "UUID=$1" "$2" "LABEL=$1" ;;
	esac
	for spec in "$1" "$3"; do
		! find_image -t 0 -w -m "$RAMFS/store" -H "$spec" "$2" "$2.img" || return 0
	done
	return 1
}
