# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Parts of the root that live elsewhere: folders on partitions, Tiny Core's extensions, swap. What is not there is said, and
# the boot goes on.

PLACES=0

# Tiny Core's own scripts know its words: then they are theirs.
leave_to_tinycore() {
	[ -e "$NEWROOT/etc/init.d/tc-config" ] || return 0
	say 'home=, opt=, local=, tce= and restore= are left to tc-config of this root'
	# shellcheck disable=SC2034 # for assemble
	P_BINDS='' P_TCE=''
	# shellcheck disable=SC2034
	[ -z "$TC_RESTORE" ] || P_PERSIST=ram
}

# mount_place HOST [FINDIMG OPTION]: its mount point in RET; what was mounted before is used again
mount_place() {
	local place
	place=$RAMFS/places/$PLACES
	mkdir -p "$place"
	PLACES=$((PLACES + 1))
	find_image ${2:+"$2"} -m "$place" -H "$1" || return 1
	RET=$place
}

# The list has HOST:/FOLDER:/TARGET lines. A folder that is new gets what the root has at the target.
bind_places() {
	local line host rest target IFS="$NL"
	for line in $P_BINDS; do
		unset IFS
		host=${line%%:/*} rest=/${line#*:/}
		target=/${rest#*:/} rest=${rest%%:/*}
		bind_place "$host" "$rest" "$target" || warn "$target stays in the root: $rest of $host cannot be used"
	done
}

bind_place() {
	local folder target
	mount_place "$1" -w || return 1
	folder=$RET$2
	inside "$3"
	target=$NEWROOT$RET
	mkdir -p "$target" && bind_folder "$folder" "$target"
}

# bind_folder FOLDER TARGET: a folder that is new is made of what the root has there
bind_folder() {
	if [ ! -d "$1" ]; then
		rm -rf "$1.new"
		mkdir -p "${1%/*}" && $RUN cp -a "$2" "$1.new" && mv "$1.new" "$1" || return 1
	fi
	$RUN mount -o bind "$1" "$2"
}

# load_extensions HOST:/FOLDER: those of onboot.lst, with what they depend on
load_extensions() {
	local name
	LOADED=''
	mount_place "${1%%:/*}" || {
		warn "no Tiny Core extensions: ${1%%:/*} was not found"
		return 0
	}
	TCE=$RET/${1#*:/}
	[ -r "$TCE/onboot.lst" ] || {
		warn "no Tiny Core extensions: ${1#*:} has no onboot.lst"
		return 0
	}
	root_access rw || {
		warn "no Tiny Core extensions: the root can only be read"
		return 0
	}
	mkdir -p "$NEWROOT/tmp/tcloop/.bin" "$NEWROOT/usr/local/tce.installed"
	$RUN cp "$ROOT/bin/busybox" "$NEWROOT/tmp/tcloop/.bin/"
	while read -r name; do
		[ -z "$name" ] || load_extension "$name"
	done <"$TCE/onboot.lst"
	rm -rf "$NEWROOT/tmp/tcloop/.bin"
	ln -sfn "/tmp/tcloop" "$NEWROOT/etc/sysconfig/tcloop" 2>/dev/null || :
	$RUN chroot "$NEWROOT" /sbin/ldconfig 2>/dev/null || :
	root_access ro || :
}

# root_access rw|ro: a root that is to be handed over read-only, for the time that links are made in it
root_access() {
	case $P_MODE:$P_PERSIST:${P_ACCESS:-ro} in
	disk:none:ro | loop:none:ro | share:*:ro) $RUN mount -o "remount,$1" none "$NEWROOT" ;;
	esac
}

# load_extension NAME.tcz: mounted, and its files linked into the root, where the root has none of that name
load_extension() {
	local file name=${1%.tcz} dep
	! list_has "$LOADED" "$name" || return 0
	LOADED="$LOADED $name"
	file=$TCE/optional/$name.tcz
	[ -f "$file" ] || file=$TCE/$name.tcz
	[ -f "$file" ] || {
		warn "extension $name.tcz is missing"
		return 0
	}
	if [ -r "$file.dep" ]; then
		while read -r dep; do
			[ -z "$dep" ] || load_extension "$dep"
		done <"$file.dep"
		name=${1%.tcz} file=${file%/*}/${1%.tcz}.tcz
	fi
	link_extension "$file" "$name" || warn "extension $name.tcz cannot be used"
}

link_extension() {
	local place=$NEWROOT/tmp/tcloop/$2
	mkdir -p "$place"
	# the loop device goes with the mount
	$RUN mount -t squashfs -o ro,loop "$1" "$place" || return 1
	$RUN chroot "$NEWROOT" /tmp/tcloop/.bin/busybox cp -rs "/tmp/tcloop/$2/." / 2>/dev/null
	: >"$NEWROOT/usr/local/tce.installed/$2"
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
