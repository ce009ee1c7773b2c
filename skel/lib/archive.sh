# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# vi.persist=archive: what a root in RAM shall keep lies in an archive on a partition. It is put
# over the root here, and written again by vinitrd-save: by hand, and at the end by the shutdown
# ramfs. In between the partition is not mounted.

ARCHIVES=$RAMFS/archive

# restore_archive [HOST:]/PATH. A root without its settings is better than none: no failure here
# stops the boot.
restore_archive() {
	local skip='' damaged=''
	if [ -z "$RUN" ] && [ ! -x /bin/packroot ]; then
		warn "vi.persist=archive:$1 needs programs that this initramfs does not have: build it with the profile line 'applet packroot unpackroot'"
		return 0
	fi
	mkdir -p "$ARCHIVES" || {
		warn "vi.persist=archive:$1: $ARCHIVES cannot be made: nothing is restored, and nothing will be saved"
		return 0
	}
	mount_archives "$1" || {
		warn "vi.persist=archive:$1: nothing is restored, and nothing will be saved"
		return 0
	}
	archive_name "$RAMFS/store" "$APATH"
	path_of_any_case "$RAMFS/store" "$APATH"
	APATH=$RET
	image_names
	protect || skip=1
	if [ -n "$skip" ]; then
		warn "vi.persist=archive:$1: nothing is restored, and nothing is saved unless you run vinitrd-save"
	elif [ -n "$P_NORESTORE" ]; then
		skip=1
		say "the saved settings $APATH are neither restored nor saved in this boot"
	else
		restore_newest
	fi
	printf '%s\n' "DEVICE=$DEVICE" "ID=$FOUND_UUID" "FILE=$APATH" "SKIP=$skip" \
		"DAMAGED=$damaged" >"$ARCHIVES/config"
	rm -f "$ARCHIVES/identity"
	$RUN umount "$RAMFS/store" && state_drop "mount $RAMFS/store"
	return 0
}

# mount_archives [HOST:]/PATH: the partition at $RAMFS/store, APATH is the path on it
mount_archives() {
	mkdir -p "$RAMFS/store" || return 1
	case $1 in
	any:/*)
		APATH=/${1#*:/}
		find_image -m "$RAMFS/store" "$APATH"
		;;
	*:/*)
		APATH=/${1#*:/}
		find_image -m "$RAMFS/store" -H "${1%%:/*}"
		;;
	*)
		APATH=$1
		[ -n "$HOST_DEVICE" ] || {
			warn "vi.persist=archive:$1 does not say on which partition: archive:LABEL=drive:$1"
			return 1
		}
		find_image -m "$RAMFS/store" -H "$HOST_DEVICE"
		;;
	esac || return 1
	load live/letter-case
	path_of_any_case "$RAMFS/store" "$APATH"
	APATH=$RET
}

# archive_name TOP PATH: APATH becomes the name under which we save, OLD what other systems left
# there
archive_name() {
	local path=${2%/}
	OLD=''
	case $2 in
	*.tar.zst) return 0 ;;
	*.tgz) OLD=$2 path=${2%.tgz} ;;
	*.tar.gz) OLD=$2 path=${2%.tar.gz} ;;
	*)
		if [ "$path" != "$2" ] || [ -d "$1$2" ]; then # a directory, as of Virtual Linux
			OLD="$path/root.tgz$NL$path/etc.tgz$NL$path/update.tgz" path=$path/saved
		else
			OLD="$path.tgz$NL$path.tar.gz"
		fi
		;;
	esac
	APATH=$path.tar.zst
}

# protect: with NAME.key and NAME.pub beside it (of age(1), the key under a passphrase) the archive
# is encrypted. Saving needs the public key alone; to restore, the passphrase is asked for.
protect() {
	local try=1 name=$RAMFS/store${APATH%.tar.zst}
	if [ ! -f "$name.key" ] || [ ! -f "$name.pub" ]; then
		[ -n "$P_PROTECT" ] || return 0
		warn "protect: ${APATH%.tar.zst}.key and .pub are not there, see mkvinitrd-boot(7)"
		return 1
	fi
	APATH=$APATH.age
	$RUN cp "$name.pub" "$ARCHIVES/recipients" || return 1
	[ -z "$P_NORESTORE" ] || return 0
	end_splash
	# it prompts where it reads
	# shellcheck disable=SC2094 # a terminal
	until $RUN age -d -o "$ARCHIVES/identity" "$name.key" <>"$ROOT/dev/console" \
		>"$ROOT/dev/console" 2>&1; do
		[ $try -lt 3 ] || return 1
		try=$((try + 1))
	done
}

# What the root has before anything is restored: what is gone of it later was removed by the user.
image_names() {
	set --
	[ ! -f "$RAMFS/store$APATH.list" ] || set -- -T "$RAMFS/store$APATH.list"
	$RUN packroot --names "$@" -C "$NEWROOT" >"$ARCHIVES/base" || : >"$ARCHIVES/base"
}

# The newest archive that is whole. While a new one takes its place there may be none of that name.
restore_newest() {
	local name seen=''
	set -- "$APATH" "$APATH.1" "$APATH.2"
	[ -e "$RAMFS/store$APATH" ] || set -- "$APATH.new" "$@"
	for name in "$@"; do
		[ -f "$RAMFS/store$name" ] || continue
		restore_one "$name" && return 0
		seen=1
		[ "$name" != "$APATH" ] || damaged=1
		warn "$name is damaged: trying the previous one"
	done
	if [ -n "$seen" ]; then
		skip=1
		warn "no archive could be restored; nothing is saved unless you run vinitrd-save"
		return 0
	fi
	restore_old
}

restore_one() {
	local file=$RAMFS/store$1 status=0
	say "restoring $1"
	working "restoring $1"
	case $1 in *.age | *.age.*)
		file=$ARCHIVES/plain
		$RUN age -d -i "$ARCHIVES/identity" -o "$file" "$RAMFS/store$1" || status=1
		;;
	esac
	[ $status = 1 ] || $RUN unpackroot --over --removed "$ARCHIVES/base" "$file" "$NEWROOT" \
		>"$ARCHIVES/restored" || status=1
	rm -f "$ARCHIVES/plain"
	return $status
}

# What Virtual Linux or Tiny Core saved, until there is one of ours; in the order that they load
# them.
restore_old() {
	local name IFS="$NL" found=''
	for name in $OLD; do
		unset IFS
		[ -f "$RAMFS/store$name" ] || continue
		found=1
		restore_one "$name" || warn "$name cannot be used"
	done
	[ -n "$found" ] || say "nothing saved yet in $APATH"
}
