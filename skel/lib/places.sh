# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Parts of the root that live elsewhere: directories on partitions, swap. What is not there is said,
# and the boot continues.

PLACES=0

# mount_place HOST [FINDIMG OPTION]: its mount point in RET; what was mounted before is used again
mount_place() {
	local place
	place=$RAMFS/places/$PLACES
	mkdir -p "$place" || return 1
	PLACES=$((PLACES + 1))
	find_image ${2:+"$2"} -m "$place" -H "$1" || return 1
	RET=$place
}

# The list has HOST:/DIRECTORY:/TARGET lines. A directory that is new gets what the root has at the
# target.
bind_places() {
	local line host rest target IFS="$NL"
	for line in $P_BINDS; do
		unset IFS
		host=${line%%:/*} rest=/${line#*:/}
		target=/${rest#*:/} rest=${rest%%:/*}
		bind_place "$host" "$rest" "$target" ||
			warn "$target is not mounted: $rest of $host cannot be used"
	done
}

bind_place() {
	local directory target
	mount_place "$1" -w || return 1
	directory=$RET$2
	inside "$3"
	target=$NEWROOT$RET
	mkdir -p "$target" && bind_directory "$directory" "$target"
}

# bind_directory DIRECTORY TARGET: a directory that is new is made of what the root has there
bind_directory() {
	if [ ! -d "$1" ]; then
		rm -rf "$1.new"
		mkdir -p "${1%/*}" && $RUN cp -a "$2" "$1.new" && mv "$1.new" "$1" || return 1
	fi
	$RUN mount -o bind "$1" "$2"
}

# Swap that is there is used, none is made: but in compressed memory.
use_swap() {
	local word
	for word in $P_SWAP; do
		case $word in
		auto) swap_partitions ;;
		zram) swap_zram '' ;;
		zram:*) swap_zram "${word#*:}" ;;
		*) swap_named "$word" || warn "$word is no swap that can be used" ;;
		esac
	done
}

swap_named() {
	# shellcheck disable=SC2153 # find_image sets it
	find_image -H "$1" && [ "$FSTYPE" = swap ] && swap_on "$DEVICE"
}

swap_on() {
	$RUN swapon "$1" || return 1
	state_push "device $1"
	say "swap on $1"
}

# A hibernated system's swap has another signature, and is left alone.
swap_partitions() {
	local line found=''
	while read -r line; do
		case $line in
		/dev/zram*) ;;
		*' TYPE="swap"'*) swap_on "${line%%:*}" && found=1 ;;
		esac
	done <<DEVICES
$($RUN blkid)
DEVICES
	[ -n "$found" ] || say 'no swap partition was found'
}

# swap_zram SIZE: half of the memory without one
swap_zram() {
	local size=$1
	if [ -z "$size" ]; then
		meminfo MemTotal
		size=$((RET / 2))m
	fi
	$RUN modprobe -a zram
	if { printf '%s' "$size" >"$ROOT/sys/block/zram0/disksize"; } 2>/dev/null &&
		$RUN mkswap /dev/zram0 >"$RAMFS/zram" && $RUN swapon -p 100 /dev/zram0; then
		say "compressed swap of $size"
	else
		warn 'no compressed swap: is the module zram in the image?'
	fi
}
