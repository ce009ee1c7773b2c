# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the shutdown ramfs: devices that the boot stacked up are closed, and the disks below them
# proven free.

# close_verity DEVICE: a read of its last mount may end a moment later
close_verity() {
	local n=0
	until limited vdattach unmap "$1" 2>/dev/null || [ ! -e "$ROOT/sys/block/${1##*/}" ]; do
		n=$((n + 1))
		pause $n || {
			held_device "$1"
			record_failure "$1 stays open$RET"
			return 0
		}
	done
}

# Logical volumes, what is open of LUKS, and RAID arrays, the one on top first: again as long as one
# goes, since any may lie on any. What the kernel cannot tell is when the last user of a volume has
# gone.
close_volumes() {
	local left before='' n=0 dir
	while :; do
		close_mapped
		left=$RET
		[ -z "$ARRAYS" ] || {
			stop_arrays
			left=$left$RET
		}
		[ -n "$left" ] || return 0
		[ "$left" = "$before" ] || n=0
		before=$left n=$((n + 1))
		pause $n || break
	done
	for dir in $left; do
		held_device "$dir"
		record_failure "$dir stays open$RET"
	done
}

# close_mapped: those that stay, in RET
close_mapped() {
	local dir left=''
	for dir in "$ROOT"/sys/block/dm-*; do
		RET=''
		[ ! -r "$dir/dm/uuid" ] || read -r RET <"$dir/dm/uuid"
		case $RET in LVM-* | CRYPT-*) ;; *) continue ;; esac
		limited vdattach unmap "/dev/${dir##*/}" 2>/dev/null || left="$left /dev/${dir##*/}"
	done
	RET=$left
}

# stop_arrays: so that their disks say that they are in step; those that stay, in RET
stop_arrays() {
	local dir left=''
	for dir in "$ROOT"/sys/block/md*/md; do
		RET=clear
		[ ! -r "$dir/array_state" ] || read -r RET <"$dir/array_state"
		# shellcheck disable=SC2016 # for the inner shell
		[ "$RET" = clear ] ||
			limited sh -c 'echo clear >"$1"' - "$dir/array_state" 2>/dev/null || {
			dir=${dir%/md}
			left="$left /dev/${dir##*/}"
		}
	done
	RET=$left
}

# A detach that found the device busy reports success and happens later: sysfs tells.
detach_loop() {
	local dir n=0
	dir=$ROOT/sys/block/${1##*/}/loop
	while [ -e "$dir/backing_file" ]; do
		limited losetup -d "$1" 2>/dev/null
		[ -e "$dir/backing_file" ] || break
		n=$((n + 1))
		pause $n || {
			held_device "$1"
			record_failure "$1 stays attached$RET"
			break
		}
	done
}

prove_free() {
	local device
	for device in $DEVICES; do
		# an array that was stopped goes in the meantime
		[ ! -e "$ROOT$device" ] || limited vdattach free "$device" || [ ! -e "$ROOT$device" ] || {
			held_device "$device"
			record_failure "$device is not free$RET"
		}
	done
}

# held_device DEVICE: as held_by
held_device() {
	RET=''
	[ ! -r "$ROOT/sys/class/block/${1##*/}/dev" ] ||
		read -r RET <"$ROOT/sys/class/block/${1##*/}/dev"
	held_by '' "$RET"
}
