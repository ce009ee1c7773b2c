# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Assemble: NEWROOT becomes the root.

assemble() {
	case $P_MODE in
	disk | loop) case $P_PERSIST in none) mount_device ;; *) LOWER=$DEVICE &&
		mount_overlay ;; esac ;;
	overlay) mount_overlay ;;
	tmpfs) unpack_root ;;
	share) if [ -n "$P_PERSIST" ]; then overlay_share; else mount_share "$NEWROOT"; fi ;;
	esac
	! usr_wanted || {
		load root/usr
		mount_usr
	}
	[ -z "$LIVE" ] || put_rootcopy
	[ -z "$P_BINDS$P_TCE$P_SWAP$TC_WORDS$DIRECTORIES" ] || load places
	[ -z "$TC_WORDS" ] || {
		load live/tinycore
		leave_to_tinycore
	}
	case $P_PERSIST in archive:*)
		load archive
		restore_archive "${P_PERSIST#archive:}"
		;;
	esac
	[ -z "$P_BINDS" ] || bind_places
	[ -z "$DIRECTORIES" ] || {
		load live/directories
		put_directories
	}
	[ -z "$TC_EXTRAS" ] || tinycore_extras first
	[ -z "$P_TCE" ] || tce_extensions "$P_TCE"
	[ -z "$TC_EXTRAS" ] || tinycore_extras rest
	[ -z "$P_SWAP" ] || use_swap
	[ -z "$P_AUTOMOUNT" ] || {
		load automount
		automount
	}
	# shellcheck disable=SC2034 # for handover
	ASSEMBLED=1
}

# The kernel's convention: read-only unless the command line says rw; the root's init makes it
# writable.
mount_device() {
	local access=${P_ACCESS:-ro} type=${P_FSTYPE:-$FSTYPE} options
	# the links of extensions are written too
	[ "$access$P_TCE" = ro ] || check_filesystem "$type"
	# shellcheck disable=SC2034 # for tables.sh
	ROOT_DEVICE=$DEVICE ROOT_TYPE=$FSTYPE
	mount_options "$type" "$access${P_FLAGS:+,$P_FLAGS}"
	options=$RET
	$RUN mount ${type:+-t "$type"} -o "$options" "$DEVICE" "$NEWROOT" && return 0
	! is_mounted_btrfs "$type" ||
		fail VI502 "$DEVICE is a copy of a btrfs that is mounted, with the same UUID ($FOUND_UUID)" \
			'Linux before 6.7 cannot mount both' \
			'use a newer kernel, or give the copy a new UUID: btrfstune -u IMAGE'
	fail VI501 "$DEVICE could not be mounted as root" "type ${type:-unknown}, options $options" \
		'correct rootfstype= or rootflags=, or add the file system module to the profile'
}

# usr_wanted: the root has its /usr elsewhere. What was packed into an image or archive keeps the
# fstab of the machine that it came from, and has what it needs.
usr_wanted() {
	local file
	[ -z "$P_USR" ] || return 0
	[ -z "$P_NOFSTAB" ] && usr_of_fstab || return 1
	case $P_MODE in disk | loop) return 0 ;; esac
	for file in "$NEWROOT"/usr/*; do
		[ ! -e "$file" ] || return 1
	done
}

# usr_of_fstab: USR_SPEC, USR_TYPE, USR_OPTIONS and USR_PASS of the line for /usr
# shellcheck disable=SC2034 # for usr.sh
usr_of_fstab() {
	local spec place dump rest
	inside /etc/fstab
	[ -r "$NEWROOT$RET" ] || return 1
	while read -r spec place USR_TYPE USR_OPTIONS dump USR_PASS rest || [ -n "$spec" ]; do
		case $spec:$place in
		'#'*) ;;
		*:/usr | *:/usr/)
			swap "$spec" '"' ''
			USR_SPEC=$(printf '%b' "$RET")
			return 0
			;;
		esac
	done <"$NEWROOT$RET"
	return 1
}

# mount_options TYPE OPTIONS: with what this very mount needs, in RET
mount_options() {
	local device place kind rest
	RET=$2
	case $1:${INCOMPLETE:-} in btrfs:1) list_has "$(echo "$2" | tr , ' ')" degraded ||
		RET=$RET,degraded ;; esac
	[ "$1" = xfs ] && [ -r "$ROOT/proc/mounts" ] || return 0
	# a root in an image may be a copy of the file system that the image lies on
	# shellcheck disable=SC2034
	while read -r device place kind rest; do
		[ "$kind" != xfs ] || {
			RET=$RET,nouuid
			return 0
		}
	done <"$ROOT/proc/mounts"
}

# is_mounted_btrfs TYPE: what has this type has the UUID of a btrfs that is mounted
is_mounted_btrfs() {
	[ "$1" = btrfs ] && [ -n "${FOUND_UUID:-}" ] && [ -d "$ROOT/sys/fs/btrfs/$FOUND_UUID" ]
}

# check_filesystem TYPE: with the checker that a profile packed, before the first write
check_filesystem() {
	local status=0
	[ "$P_FSCK" != skip ] || return 0
	case $1 in
	ext2 | ext3 | ext4) [ -x "$ROOT/bin/e2fsck" ] || return 0 ;;
	*) return 0 ;;
	esac
	if [ "$P_FSCK" = force ]; then set -- -f; else set --; fi
	working "checking the file system on $DEVICE"
	$RUN e2fsck -p "$@" "$DEVICE" || status=$?
	[ "$status" -lt 4 ] || fail VI503 "the file system on $DEVICE needs manual repair" \
		"e2fsck ended with status $status" \
		"run e2fsck $DEVICE in the shell, or boot with fsck.mode=skip"
}

mount_overlay() {
	[ -n "$RUN" ] || [ -x /bin/overlayroot ] ||
		fail VI106 "vi.persist=$P_PERSIST needs a program that this initramfs does not have" '' \
			"build it with the profile line 'applet overlayroot', or boot with vi.persist=none"
	generations_of "$P_PERSIST"
	mount_lower
	upper_of "$RET"
	case $GENERATIONS in *--ask*) asking ;; *) working \
		"making the root of $LOWER with $UPPER over it" ;; esac
	# shellcheck disable=SC2086 # options
	$RUN overlayroot --state "$STATE" $GENERATIONS -l "$LOWER" -u "$UPPER" \
		${UPPER_SIZE:+-s "$UPPER_SIZE"} "$NEWROOT" >"$RAMFS/overlay" ||
		fail VI504 "no overlay could be mounted of $LOWER with $UPPER on top" \
			'the messages of overlayroot above' \
			'boot with vi.persist=ram to leave the saved changes out'
	[ -z "${LUKS:-}" ] || forget_luks
}

# mount_lower: a root with mount options of its own, as a subvolume, is mounted here, and the
# directory is the lower layer
mount_lower() {
	local type=${P_FSTYPE:-$FSTYPE} store=$RET
	case $P_MODE:$P_FLAGS in
	disk:?* | loop:?*)
		make_dirs "$RAMFS/root"
		mount_options "$type" "ro,$P_FLAGS"
		$RUN mount ${type:+-t "$type"} -o "$RET" "$DEVICE" "$RAMFS/root" ||
			fail VI501 "$DEVICE could not be mounted as root" \
				"type ${type:-unknown}, options $RET" \
				'correct rootfstype= or rootflags='
		state_push "mount $RAMFS/root"
		LOWER=$RAMFS/root
		;;
	esac
	RET=$store
}

# generations_of PERSIST: STORE,rollback=N,commit.. apart: GENERATIONS is the latter as
# overlayroot's options, RET the former
generations_of() {
	RET=$1 GENERATIONS=''
	while :; do
		case $RET in
		*,rollback=[1-9]) GENERATIONS="--rollback ${RET##*=} $GENERATIONS" ;;
		*,commit | *,discard | *,ask) GENERATIONS="--${RET##*,} $GENERATIONS" ;;
		*) return 0 ;;
		esac
		RET=${RET%,*}
	done
}

# upper_of PERSIST: UPPER and UPPER_SIZE for overlayroot
upper_of() {
	local spec=${1#*:}
	UPPER='' UPPER_SIZE=''
	case $1 in
	none | ram | archive:*) UPPER=ram UPPER_SIZE=$P_SIZE ;;
	ram:*) UPPER=$1 ;;
	dir:/* | file:/*)
		[ -n "$HOST_MOUNTED" ] ||
			fail VI207 "vi.persist=$1 does not say on which partition" '' \
				"as in vi.persist=${1%%:*}:LABEL=drive:$spec"
		upper_on "${1%%:*}" "$HOSTDIR" "$spec"
		;;
	dir:*:/* | file:*:/*)
		find_store "${spec%%:/*}" "$1"
		upper_on "${1%%:*}" "$RAMFS/store" "/${spec#*:/}"
		;;
	casper:* | live:* | dracut:* | dracut-crypt:* | overlayroot:* | archiso:* | liveslak:* | porteus:* | slax:*)
		load live/store
		live_store "$1"
		;;
	device:*)
		find_image -H "$spec" || fail_find 'the device of vi.persist=' "$spec"
		push_devices
		if [ "$FSTYPE" = crypto_LUKS ]; then
			load volumes/crypt
			open_luks "$DEVICE"
			DEVICE=$RET
		fi
		UPPER=device:$DEVICE
		[ -z "$INCOMPLETE" ] || {
			find_store "$spec" "$1"
			UPPER=dir:$RAMFS/store/.mkvinitrd
		}
		;;
	*) fail VI207 "vi.persist=$1 is not understood" '' \
		'expected none, ram[:SIZE], dir:[HOST:]/path, file:[HOST:]/path[,SIZE], device:SPEC or archive:[HOST:]/path' ;;
	esac
}

# find_store HOST PERSIST: another partition than the image's
find_store() {
	make_dirs "$RAMFS/store"
	find_image -w -m "$RAMFS/store" -H "$1" || fail_find "the partition of vi.persist=$2," "$1"
}

# has_magic FOUR FILE: by its first bytes
has_magic() {
	[ -f "$2" ] && [ "$(dd if="$2" bs=4 count=1 2>/dev/null | tr -d '\000')" = "$1" ]
}

is_luks() {
	has_magic LUKS "$1"
}

# upper_on KIND MOUNTPOINT PATH
upper_on() {
	local file=${3%,*} size=''
	[ "$file" = "$3" ] || size=,${3##*,}
	load live/letter-case
	path_of_any_case "$2" "$file"
	file=$2$RET
	UPPER=$1:$file$size
	if [ "$1" = file ] && is_luks "$file"; then
		load volumes/crypt
		open_luks "$file"
		UPPER=device:$RET
	fi
	# shellcheck disable=SC2034
	UPPER_SIZE=''
}

unpack_root() {
	local whole=0
	new_tmpfs
	if [ -z "$REMOTE" ]; then
		working "unpacking $SOURCE"
		set --
		[ -n "$HOST_MOUNTED" ] || set -- --consume
		$RUN unpackroot "$@" ${P_VERIFY:+--sha256 "$P_VERIFY"} "$SOURCE" "$NEWROOT" \
			>"$RAMFS/unpacked" || {
			[ $? != 4 ] || : >"$RAMFS/fetch.full"
			fail_unpack
		}
		[ -z "$HOST_MOUNTED" ] || release_host
		return 0
	fi
	load net/fetch
	need_netfetch
	shown "$SOURCE"
	SOURCE_SHOWN=$RET
	say "downloading and unpacking $SOURCE_SHOWN"
	working "fetching $SOURCE_SHOWN"
	until unpack_stream; do
		# nor does what is too big fit the next time
		[ ! -e "$RAMFS/fetch.full" ] || fail_unpack
		[ ! -e "$RAMFS/fetch.failed" ] || fail_fetch "$SOURCE"
		# what came whole and was still not right may have been damaged on its way, but not
		# often
		whole=$((whole + 1))
		[ $whole -lt 2 ] || fail_unpack
		warn "fetching $SOURCE_SHOWN once more"
		$RUN umount "$NEWROOT" || warn "the partly unpacked root stays in memory"
		new_tmpfs
	done
}

# The two sides of a pipe fail apart: the fetching one leaves its mark in a file, unless the other
# one ended first (status 4).
fetch_marked() {
	local status=0
	fetch "$SOURCE" - || status=$?
	[ $status = 0 ] || [ $status = 4 ] || : >"$RAMFS/fetch.failed"
}

unpack_stream() {
	rm -f "$RAMFS/fetch.failed"
	case $P_VERIFY in
	minisign:*) unpack_signed ;;
	*) fetch_marked | $RUN unpackroot ${P_VERIFY:+--sha256 "$P_VERIFY"} - "$NEWROOT" \
		>"$RAMFS/unpacked" ;;
	esac
	case $? in
	0) [ ! -e "$RAMFS/fetch.failed" ] ;;
	4) : >"$RAMFS/fetch.full" && return 1 ;;
	*) return 1 ;;
	esac
}

new_tmpfs() {
	$RUN mount -t tmpfs -o "mode=755,nr_inodes=0,size=${P_SIZE:-75%}" rootfs "$NEWROOT" ||
		fail_size VI506 'no tmpfs could be mounted for the root' "size ${P_SIZE:-75%}" \
			'correct vi.size='
}

# as fail
fail_size() {
	FROM=$FROM$FROM_SIZE
	fail "$@"
}

fail_unpack() {
	meminfo MemAvailable
	[ -z "$REMOTE" ] || SOURCE=$SOURCE_SHOWN
	[ ! -e "$RAMFS/fetch.full" ] ||
		fail_size VI506 "$SOURCE could not be unpacked: it does not fit into memory" \
			"the messages above; $RET MiB of memory are available, the root may take ${P_SIZE:-75%}" \
			'give the machine more memory, or raise vi.size='
	fail VI505 "$SOURCE could not be unpacked" \
		"the messages above; $RET MiB of memory are available" \
		'is it the archive that is meant? make it again, or correct vi.image= and vi.verify='
}

# overlay_share: the share is only read, and the changes go elsewhere
overlay_share() {
	LOWER=$RAMFS/share
	make_dirs "$LOWER"
	P_ACCESS=ro
	mount_share "$LOWER"
	state_push "mount $LOWER"
	mount_overlay
}

# mount_share DIRECTORY
mount_share() {
	local access=${P_ACCESS:-ro} options
	case $P_IMAGE in
	9p:*) options=trans=virtio,version=9p2000.L,msize=512000,cache=mmap ;;
	virtiofs:*) options='' ;;
	nfs:*)
		load net/nfs
		mount_nfs "$access" "$1"
		return 0
		;;
	esac
	options=$access${options:+,$options}${P_FLAGS:+,$P_FLAGS}
	$RUN mount -t "${P_IMAGE%%:*}" -o "$options" "${P_IMAGE#*:}" "$1" && return 0
	share_tags
	fail VI509 "the directory '${P_IMAGE#*:}' of the host could not be mounted by ${P_IMAGE%%:*}" \
		"options $options; tags that this machine has: ${RET:-none}" \
		"start QEMU with -virtfs local,path=...,mount_tag=${P_IMAGE#*:},security_model=..."
}

share_tags() {
	local file tags=''
	for file in "$ROOT"/sys/bus/virtio/drivers/9pnet_virtio/*/mount_tag \
		"$ROOT"/sys/fs/virtiofs/*/tag; do
		first_line "$file"
		tags=$tags${RET:+ $RET}
	done
	RET=${tags# }
}
