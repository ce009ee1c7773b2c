# shellcheck shell=dash
# shellcheck disable=SC2034 # for volumes.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A /usr of its own: a partition, subvolume, logical volume or directory, by mount.usr= or the
# root's fstab. Mounted before init is looked for, which is in it.

# mount_usr: USR_SPEC, USR_TYPE, USR_OPTIONS and USR_PASS are from fstab, see usr_of_fstab
mount_usr() {
	local device=${DEVICE:-} type=${FSTYPE:-} uuid=${FOUND_UUID:-} from=$FROM
	[ -n "$P_USR" ] || FROM="$USR_SPEC /usr (the root's /etc/fstab)$NL"
	FROM=$FROM_USR$FROM
	[ -z "$P_USR" ] || USR_SPEC=$P_USR USR_TYPE='' USR_OPTIONS='' USR_PASS=0
	# init makes it writable later, and checks nothing that is mounted
	case ,$USR_OPTIONS, in *,ro,*) USR_PASS=0 ;; esac
	usr_options "${P_USRFLAGS:-$USR_OPTIONS}"
	USR_TYPE=${P_USRFSTYPE:-$USR_TYPE}
	case $USR_TYPE in auto | none) USR_TYPE='' ;; esac
	case ,$RET, in
	*,bind,* | *,rbind,*)
		# not read-only by itself: it is as writable as the root is, now and later
		RET=bind
		$RUN mount -o "$RET" "$NEWROOT$USR_SPEC" "$NEWROOT/usr" ||
			fail_usr "$NEWROOT$USR_SPEC" "$RET"
		return 0
		;;
	esac
	case $USR_TYPE in
	nfs* | cifs | 9p | virtiofs | fuse* | overlay | tmpfs)
		warn "/usr is $USR_SPEC ($USR_TYPE), which is left to the root's init"
		return 0
		;;
	esac
	USR_OPTIONS=$RET
	find_usr "$USR_SPEC"
	if [ "$P_MODE" = disk ] || [ "$P_MODE" = loop ] && [ "$P_PERSIST" = none ]; then
		mount_usr_on "$NEWROOT/usr"
		USR_DEVICE=$DEVICE
	else
		overlay_usr
	fi
	DEVICE=$device FSTYPE=$type FOUND_UUID=$uuid FROM=$from
}

# usr_options OPTIONS: those of fstab that mount(8) knows, with the root's access, in RET
usr_options() {
	local option access=${P_ACCESS:-ro} rest='' IFS=,
	case ,$1, in *,ro,*) access=ro ;; *,rw,*) access=rw ;; esac
	set -f
	for option in $1; do
		case $option in
		defaults | auto | noauto | user | users | nouser | owner | group | nofail | _netdev | rw | ro | x-* | X-* | comment=* | '') ;;
		*) rest=$rest,$option ;;
		esac
	done
	set +f
	RET=$access$rest
}

# find_usr SPEC: DEVICE and FSTYPE; in an image its own partitions and volumes are looked at before
# all others
find_usr() {
	local link
	if [ "$P_MODE" = loop ]; then
		load volumes
		SCOPE=$DEVICE
		for link in "$ROOT"/dev/vdhost/Partition*; do
			[ ! -L "$link" ] || add_scope "$(readlink "$link")"
		done
		mapped_name "$1"
		! open_volumes 0 "$RET" || return 0
	elif volumes_wanted; then
		load volumes
		SCOPE=''
		mapped_name "$1"
		# a volume group that the root does not need
		find_image -q -t 0 -H "$RET" || P_LVM=''
	fi
	locate_device "$1" "/usr, "
}

# mount_usr_on DIRECTORY
mount_usr_on() {
	local type=${USR_TYPE:-$FSTYPE}
	case ${USR_PASS:-0}:$USR_OPTIONS in 0:ro | 0:ro,*) ;; *) check_filesystem "$type" ;; esac
	mount_options "$type" "$USR_OPTIONS"
	$RUN mount ${type:+-t "$type"} -o "$RET" "$DEVICE" "$1" || fail_usr "$DEVICE" "$RET"
}

# The root is an overlay, so /usr is one as well: its partition is not written to.
overlay_usr() {
	local dir=$RAMFS/usr
	case $P_PERSIST in
	ram*) ;;
	*) warn \
		"changes in /usr, which is on $DEVICE, are kept in memory and are gone at power-off" ;;
	esac
	make_dirs "$dir"
	USR_OPTIONS=ro${USR_OPTIONS#r[ow]} USR_PASS=0
	mount_usr_on "$dir"
	state_push "mount $dir"
	$RUN overlayroot --state "$STATE" --run "$RAMFS/layers.usr" -l "$dir" "$NEWROOT/usr" \
		>"$RAMFS/overlay.usr" ||
		fail_usr "$DEVICE" 'an overlay'
}

fail_usr() {
	fail VI508 "/usr of the root could not be mounted from $1" \
		"options $2, type ${USR_TYPE:-${FSTYPE:-unknown}}" \
		"correct the line of /usr in the root's fstab, or name it with mount.usr=, mount.usrfstype= and mount.usrflags="
}
