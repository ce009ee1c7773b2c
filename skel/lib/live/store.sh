# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2153 # what overlayroot is given is read by assemble; DEVICE is what find_image found
# Where other live systems keep changes, and by which names, so that both find what the other one
# kept.

# live_store SYSTEM:SPEC: UPPER for overlayroot
live_store() {
	local spec=${1#*:} P_TIMEOUT=$P_TIMEOUT overlay=rd.overlay
	case $1 in dracut* | overlayroot:*) wait_less ;; esac # they look for it once
	case $1 in overlayroot:*) overlay=overlayroot ;; esac
	case $1 in
	casper:*) casper_store "${spec%/}" ;;
	live:*)
		spec=${spec%/}
		live_boot_store "${spec%%:*}" "${spec#*:}"
		;;
	archiso:*)
		find_store "${spec%%:/*}" "$1"
		cow_flags
		name_dirs "$RAMFS/store/${spec#*:/}" upperdir workdir
		;;
	dracut:*:/* | overlayroot:*:/*) ! dracut_device "${spec%%:/*}" ||
		dracut_store "/${spec#*:/}" ;;
	dracut:*) dracut_found "$spec" ;;
	dracut-crypt:*) dracut_crypt "$spec" ;;
	liveslak:*)
		load live/sessions
		liveslak_store "$spec"
		;;
	porteus:*)
		load live/sessions
		porteus_store "$spec"
		;;
	slax:*)
		load live/sessions
		slax_store "${spec%%:*}" "${spec#*:}"
		;;
	esac
}

# name_dirs DIRECTORY UPPER WORK: a store whose directories have these names. A file system without
# links cannot hold an upper either: overlayroot makes a file there.
name_dirs() {
	UPPER=dir:$1
	mkdir -p "$1" || warn "the directory $1 cannot be made"
	[ ! -e "$1/upper" ] || return 0
	# a link that leads nowhere is of a store that was emptied
	[ -L "$1/upper" ] || ln -s "$2" "$1/upper" 2>/dev/null || return 0
	mkdir -p "$1/$2" "$1/$3" || warn "the directories $2 and $3 cannot be made in $1"
	[ -e "$1/work" ] || ln -s "$3" "$1/work"
}

# cow_flags=: how the store is mounted, as subvol= of btrfs
cow_flags() {
	case $COW_FLAGS in '' | defaults) return 0 ;; esac
	$RUN umount "$RAMFS/store" || warn "$RAMFS/store is still in use"
	$RUN mount -t "$FSTYPE" -o "rw,$COW_FLAGS" "$DEVICE" "$RAMFS/store" ||
		fail VI507 "the store on $DEVICE could not be mounted" "options rw,$COW_FLAGS" \
			'correct cow_flags='
}

# changes_in_ram WHY
changes_in_ram() {
	warn "$1: changes are kept in RAM and are lost at power-off"
	UPPER=ram UPPER_SIZE=$P_SIZE
}

# casper_store DIRECTORY: a partition labelled writable or casper-rw, or a file of that name
casper_store() {
	local label name
	for label in writable casper-rw; do
		$RUN findfs "LABEL=$label" >/dev/null 2>&1 || continue
		find_store "LABEL=$label" "casper:$1"
		UPPER=dir:$RAMFS/store
		return 0
	done
	for name in writable casper-rw; do
		[ -z "$HOST_RW" ] || [ ! -f "$HOSTDIR$1/$name" ] || {
			upper_on file "$HOSTDIR" "$1/$name"
			return 0
		}
	done
	make_dirs "$RAMFS/store"
	if find_image -t 0 -w -m "$RAMFS/store" "$1/writable" "$1/casper-rw" 2>/dev/null &&
		[ -f "$FOUND" ]; then
		upper_on 'file' '' "$FOUND"
		return 0
	fi
	changes_in_ram "parameter 'persistent': there is no partition labelled writable or casper-rw, nor a file $1/writable or $1/casper-rw"
}

# mount_store_file FILE [r]: an image of a file system, at RAMFS/storefs
mount_store_file() {
	local device
	device=$($RUN vdattach --state "$STATE" --links "$RAMFS/storedisk" ${2:+-r} "$1") ||
		fail VI401 "cannot attach $1" 'the messages of vdattach above'
	make_dirs "$RAMFS/storefs"
	if [ -n "${2:-}" ]; then set -- "$1"; else set -- "$1" -w; fi
	find_image ${2:+"$2"} -m "$RAMFS/storefs" -H "$device" ||
		fail_find "the file system in $1" "$device"
}

# live_boot_store LABEL DIRECTORY: a partition with that label, or a file of that name, whose
# persistence.conf tells
live_boot_store() {
	local path options
	STORE=$RAMFS/store FOUND=''
	make_dirs "$STORE"
	wait_for_store "$1" "$2/$1" || {
		changes_in_ram "parameter 'persistence': there is no ${LIVE_KIND:+$LIVE_KIND }partition labelled $1, nor a file $2/$1"
		return 0
	}
	[ -z "$FOUND" ] || {
		mount_store_file "$FOUND" "${P_KEEP_RO:+r}"
		STORE=$RAMFS/storefs
	}
	UPPER=ram UPPER_SIZE=$P_SIZE
	[ -f "$STORE/persistence.conf" ] || {
		changes_in_ram "the store $1 has no persistence.conf"
		return 0
	}
	STORE_DEVICE=$DEVICE
	while read -r path options; do
		case $path in /*) live_boot_line "$path" "$options" ;; esac
	done <"$STORE/persistence.conf"
}

# wait_for_store LABEL FILE: a USB drive may come seconds after the medium; without a store the boot
# continues after ten
wait_for_store() {
	local limit=10
	[ "$P_TIMEOUT" -gt 10 ] || limit=$P_TIMEOUT
	waiting "$limit" "the persistent storage $1"
	await "$limit" seek_store "$1" "$2"
}

# seek_store LABEL FILE
seek_store() {
	if [ -n "$LIVE_KIND" ]; then removable_store "$1" "$2"; else live_boot_find "$1" "$2"; fi
}

# find_live ARGS: with the store's mount, for writing unless persistence-read-only forbids it
find_live() {
	set -- -m "$RAMFS/store" "$@"
	[ -n "$P_KEEP_RO" ] || set -- -w "$@"
	find_image "$@"
}

# live_boot_find LABEL FILE: the store at RAMFS/store, or the file in FOUND
live_boot_find() {
	if $RUN findfs "LABEL=$1" >/dev/null 2>&1; then
		find_live -H "LABEL=$1" || fail_find 'the persistent storage' "LABEL=$1"
		FOUND=''
	elif [ -n "$HOST_RW$P_KEEP_RO" ] && [ -f "$HOSTDIR$2" ]; then
		FOUND=$HOSTDIR$2
	else
		find_live -t 0 "$2" 2>/dev/null || FOUND=''
		[ -f "$FOUND" ]
	fi
}

# removable_store LABEL FILE: the same, on what can be taken out alone (persistence-media=)
removable_store() {
	local line device
	while read -r line; do
		device=${line%%:*}
		case $line in /dev/*) is_removable "$device" || continue ;; *) continue ;; esac
		case $line in
		*" LABEL=\"$1\""*) find_live -t 0 -H "$device" && FOUND='' && return 0 ;;
		*) find_removable_file "$device" "$2" && return 0 ;;
		esac
	done <<DEVICES
$($RUN blkid)
DEVICES
	return 1
}

# find_removable_file DEVICE FILE: in FOUND
find_removable_file() {
	FOUND=$HOSTDIR$2
	[ "$1:$HOST_RW$P_KEEP_RO" != "$HOST_DEVICE:" ] || return 1 # mounted, and not for writing
	[ "$1" != "$HOST_DEVICE" ] || [ ! -f "$FOUND" ] || return 0
	find_live -t 0 -H "$1" "$2" 2>/dev/null || FOUND=''
	[ -f "$FOUND" ]
}

# is_removable DEVICE: a partition is what its disk is
is_removable() {
	local path
	path=$(readlink -f "$ROOT/sys/class/block/${1#/dev/}") || return 1
	[ ! -e "$path/partition" ] || path=${path%/*}
	first_line "$path/removable"
	case $LIVE_KIND:$RET:$path in
	removable:1:* | removable-usb:1:*usb*) return 0 ;;
	esac
	return 1
}

# live_boot_line PATH OPTIONS: the whole root as a union here, directories in DIRECTORIES for later
live_boot_line() {
	local kind=bind source=$1 option order=1 IFS=,
	for option in $2; do
		case $option in
		bind | union | link) kind=$option ;;
		source=.) source=/ ;;
		source=?*) source=/${option#source=} ;;
		*) kind=unknown ;;
		esac
	done
	unset IFS
	[ "$kind" != link ] || order=2
	case $1/$source/ in */./* | */../*) kind=dots ;; esac
	case $1:$kind in
	*:unknown) warn "persistence.conf: '$1 $2' is left out: expected bind, link, union and source=" ;;
	*:dots) warn "persistence.conf: '$1 $2' is left out: '.' and '..' are not allowed" ;;
	/:union)
		if [ -n "$P_KEEP_RO" ]; then
			swap "$STORE${source%/}/rw" : '\:'
			[ ! -d "$STORE${source%/}/rw" ] || LOWER=$RET:$LOWER
		else
			name_dirs "$STORE${source%/}" rw work
		fi
		;;
	/:*) warn "persistence.conf: '$1 $2' is left out: the whole root can only be a union" ;;
	*) DIRECTORIES="$DIRECTORIES$order $1 $kind $source$NL" ;;
	esac
}

# dracut_device HOST: mounted at RAMFS/store. As in dracut a boot without it continues in memory.
dracut_device() {
	make_dirs "$RAMFS/store"
	[ -n "$P_KEEP_RO" ] || set -- "$1" -w
	find_image ${2:+"$2"} -m "$RAMFS/store" -H "$1" && return 0
	case $FIND_STATUS in
	3) no_overlay_device "$overlay=$1" ;;
	*) changes_in_ram "parameter '$overlay=$1': the device cannot be mounted, see above" ;;
	esac
	return 1
}

# no_overlay_device PARAMETER
no_overlay_device() {
	changes_in_ram "parameter '$1': no such device appeared in $P_TIMEOUT s (a larger vi.timeout= waits longer)"
}

# dracut_found HOST: no path is said. On a medium the name has label and UUID of it; else it is
# overlay.
dracut_found() {
	local name=/overlay
	find_image -t "$P_TIMEOUT" -H "$1" && [ "$FSTYPE" = crypto_LUKS ] && {
		dracut_crypt "$1"
		return 0
	}
	[ -z "$LIVE" ] || {
		name=$HOST_LABEL-$HOST_UUID
		[ -z "$ISO_LOOP" ] || ! find_image -H "$ISO_LOOP" || name=$FOUND_LABEL-$FOUND_UUID
		name=${P_IMAGE%/*}/overlay-$name
	}
	# it has been waited for
	[ "$FIND_STATUS" != 3 ] || {
		no_overlay_device "$overlay=$1"
		return 0
	}
	! dracut_device "$1" || dracut_store "$name"
}

# dracut_crypt HOST: a LUKS volume. Nothing is formatted here.
dracut_crypt() {
	if ! find_image -H "$1"; then
		no_overlay_device "rd.overlay.crypt=$1"
	elif [ "$FSTYPE" != crypto_LUKS ]; then
		changes_in_ram "parameter 'rd.overlay.crypt=$1': $DEVICE has no LUKS volume${FSTYPE:+ but $FSTYPE}, and is not formatted"
	else
		upper_of "device:$1"
	fi
}

# dracut_store PATH: below RAMFS/store a directory with ovlwork beside it, or a file with both
# inside
dracut_store() {
	local file=$RAMFS/store$1
	if [ -d "$file" ] || [ ! -e "$file" ]; then
		dracut_upper "${file%/*}" "${file##*/}"
	elif [ ! -s "$file" ] || is_luks "$file"; then
		upper_on 'file' '' "$file"
	elif has_magic SnAp "$file"; then
		changes_in_ram "$1 is a snapshot of the device mapper, which this version does not read"
	else
		mount_store_file "$file" "${P_KEEP_RO:+r}"
		dracut_upper "$RAMFS/storefs" overlayfs
	fi
}

# dracut_upper DIRECTORY NAME: emptied with rd.overlay.reset; with rd.overlay.readonly it is one
# more layer to read
dracut_upper() {
	if [ -n "$P_KEEP_RO" ]; then
		swap "$1/$2" : '\:'
		[ ! -d "$1/$2" ] || LOWER=$RET:$LOWER
		UPPER=ram UPPER_SIZE=$P_SIZE
		return 0
	fi
	[ -z "$P_RESET" ] || [ ! -d "$1/$2" ] || {
		say "emptying $2, as rd.overlay.reset asks"
		rm -rf "${1:?}/$2"
	}
	if [ "$2" = upper ]; then # our own name of it
		mkdir -p "$1" || warn "the directory $1 cannot be made"
		UPPER=dir:$1
		return 0
	fi
	name_dirs "$1" "$2" ovlwork
	[ -L "$1/upper" ] || UPPER=dir:$1/$2
}
