# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034,SC2153 # what overlayroot is given is read by assemble; DEVICE is what find_image found
# Where other live systems keep changes, and by which names, so that both find what the other one kept.

# live_store SYSTEM:SPEC: UPPER for overlayroot
live_store() {
	local spec=${1#*:}
	case $1 in
	casper:*) casper_store "${spec%/}" ;;
	live:*)
		spec=${spec%/}
		live_boot_store "${spec%%:*}" "${spec#*:}"
		;;
	archiso:*)
		find_store "${spec%%:/*}" "$1"
		name_dirs "$RAMFS/store/${spec#*:/}" upperdir workdir
		;;
	dracut:*:/*)
		find_store "${spec%%:/*}" "$1"
		dracut_store "/${spec#*:/}"
		;;
	dracut:*) dracut_found "$spec" ;;
	porteus:*)
		load sessions
		porteus_store "$spec"
		;;
	slax:*)
		load sessions
		slax_store "${spec%%:*}" "${spec#*:}"
		;;
	esac
}

# name_dirs FOLDER UPPER WORK: a store whose directories have these names. A file system without links cannot hold
# an upper either: overlayroot makes a file there.
name_dirs() {
	UPPER=dir:$1
	mkdir -p "$1"
	[ ! -e "$1/upper" ] || return 0
	ln -s "$2" "$1/upper" 2>/dev/null || return 0
	mkdir -p "$1/$2" "$1/$3"
	[ -e "$1/work" ] || ln -s "$3" "$1/work"
}

# changes_in_ram WHY
changes_in_ram() {
	warn "$1: changes are kept in memory and are gone at power-off"
	UPPER=ram UPPER_SIZE=$P_SIZE
}

# casper_store FOLDER: a partition labelled writable or casper-rw, or a file of that name
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
	mkdir -p "$RAMFS/store"
	if find_image -t 0 -w -m "$RAMFS/store" "$1/writable" "$1/casper-rw" 2>/dev/null && [ -f "$FOUND" ]; then
		upper_on 'file' '' "$FOUND"
		return 0
	fi
	changes_in_ram "word 'persistent': there is no partition labelled writable or casper-rw, nor a file $1/writable or $1/casper-rw"
}

# mount_store_file FILE: an image of a file system, at RAMFS/storefs
mount_store_file() {
	local device
	device=$($RUN vdattach --state "$STATE" --links "$RAMFS/storedisk" "$1") || fail "cannot attach $1" 'the messages of vdattach above'
	mkdir -p "$RAMFS/storefs"
	find_image -w -m "$RAMFS/storefs" -H "$device" || fail_find "the file system in $1" "$device"
}

# live_boot_store LABEL FOLDER: a partition with that label, or a file of that name, whose persistence.conf tells
live_boot_store() {
	local dir=$RAMFS/store file=$HOSTDIR$2/$1 path options
	if $RUN findfs "LABEL=$1" >/dev/null 2>&1; then
		find_store "LABEL=$1" "live:$1"
	else
		mkdir -p "$dir"
		if [ -z "$HOST_RW" ] || [ ! -f "$file" ]; then
			find_image -t 0 -w -m "$dir" "$2/$1" 2>/dev/null || FOUND=''
			file=$FOUND
		fi
		[ -f "$file" ] || {
			changes_in_ram "word 'persistence': there is no partition labelled $1, nor a file $2/$1"
			return 0
		}
		mount_store_file "$file"
		dir=$RAMFS/storefs
	fi
	UPPER=ram UPPER_SIZE=$P_SIZE
	[ -f "$dir/persistence.conf" ] || {
		changes_in_ram "the store $1 has no persistence.conf"
		return 0
	}
	STORE=$dir STORE_DEVICE=$DEVICE
	while read -r path options; do
		case $path in /*) live_boot_line "$path" "$options" ;; esac
	done <"$dir/persistence.conf"
}

# live_boot_line PATH OPTIONS: the whole root as a union here, folders in FOLDERS for later
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
	/:union) name_dirs "$STORE${source%/}" rw work ;;
	/:*) warn "persistence.conf: '$1 $2' is left out: the whole root can only be a union" ;;
	*) FOLDERS="$FOLDERS$order $1 $kind $source$NL" ;;
	esac
}

# dracut_found HOST: no path is said. The name has label and UUID of the medium.
dracut_found() {
	local name=$HOST_LABEL-$HOST_UUID
	find_image -H "$1" || fail_find 'the device of rd.live.overlay=' "$1"
	if [ "$FSTYPE" = crypto_LUKS ]; then
		upper_of "device:$1"
		return 0
	fi
	[ -z "$ISO_LOOP" ] || ! find_image -H "$ISO_LOOP" || name=$FOUND_LABEL-$FOUND_UUID
	find_store "$1" "dracut:$1"
	dracut_store "${P_IMAGE%/*}/overlay-$name"
}

# dracut_store PATH: below RAMFS/store a folder with ovlwork beside it, or a file with both inside
dracut_store() {
	local file=$RAMFS/store$1
	if [ -d "$file" ] || [ ! -e "$file" ]; then
		name_dirs "${file%/*}" "${file##*/}" ovlwork
		[ -L "${file%/*}/upper" ] || UPPER=dir:$file
	elif [ ! -s "$file" ] || is_luks "$file"; then
		upper_on 'file' '' "$file"
	elif has_magic SnAp "$file"; then
		changes_in_ram "$1 is a snapshot of the device mapper, which this version does not read"
	else
		mount_store_file "$file"
		name_dirs "$RAMFS/storefs" overlayfs ovlwork
	fi
}
