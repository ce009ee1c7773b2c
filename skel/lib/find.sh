# shellcheck shell=dash
# shellcheck disable=SC2034 # what is found is for the later phases
# SPDX-License-Identifier: GPL-2.0-or-later
# findimg for the phases: what it found as variables, what it set up for the shutdown, why it found
# nothing.

# find_image ARGS: runs findimg; DEVICE, FSTYPE and FOUND (the file) are what it says
find_image() {
	local out key value arrays=''
	waiting "$P_TIMEOUT" "a disk: findimg $*"
	! may_lack_disks || set -- --degraded "$@"
	[ ! -x "$ROOT/bin/mdadm" ] || {
		load volumes
		! raid_wanted || arrays=1
	}
	[ -z "$arrays" ] || set -- --raid "${P_MD:-all}" "$@"
	[ -z "${PATIENCE:-}" ] || set -- --patience "$PATIENCE" "$@"
	out=$($RUN findimg --state "$STATE" -t "$P_TIMEOUT" "$@") && FIND_STATUS=0 || FIND_STATUS=$?
	[ "$FIND_STATUS" = 0 ] || return 1
	FOUND='' DEVICE='' FSTYPE='' FOUND_UUID='' FOUND_LABEL='' MEMBERS='' INCOMPLETE=''
	while IFS='=' read -r key value; do
		case $key in
		DEVICE) DEVICE=$value ;;
		FSTYPE) FSTYPE=$value ;;
		UUID) FOUND_UUID=$value ;;
		LABEL) FOUND_LABEL=$value ;;
		MEMBER) MEMBERS="$MEMBERS $value" ;;
		INCOMPLETE) INCOMPLETE=$value ;;
		FILE) FOUND=$value ;;
		esac
	done <<OUT
$out
OUT
	[ -z "$arrays" ] || keep_arrays
	[ -n "$DEVICE" ]
}

# may_lack_disks: a file system over several disks is to be used without some of them
may_lack_disks() {
	[ -z "$P_DEGRADED" ] || return 0
	case $P_MODE:,$P_FLAGS, in disk:*,degraded,*) return 0 ;; esac
	return 1
}

# push_devices: DEVICE, and the other disks of its file system, are to be free at the end
push_devices() {
	local device
	# shellcheck disable=SC2086 # a list
	for device in $DEVICE $MEMBERS; do
		state_push "device $device"
	done
}

# fail_find WHAT HOST: WHAT is a path that HOST was searched for, or says what HOST is
fail_find() {
	[ "$AGAIN" = 0 ] || is_not_back
	[ -z "$P_REMOTE" ] || case $FIND_STATUS in
	3) fail VI206 "$1 '$2' is on none of this machine's disks, and disks of servers as in '$P_REMOTE' cannot be attached: this version has no support for them" \
		'the table above: every device and why it was rejected' \
		'name a root on a disk, or on a server of HTTP, TFTP, NFS or NBD' ;;
	esac
	case $FIND_STATUS:$1 in
	3:/*) fail VI202 "$1 was not found on host '$2' within $P_TIMEOUT s" \
		'the table above: every device and why it was rejected' \
		'correct the path or the host, add the missing driver to the profile, or wait longer with vi.timeout=' ;;
	3:*) fail VI202 "$1 '$2' was not found within $P_TIMEOUT s" \
		'the table above: every device and why it was rejected' \
		'correct the name, add the missing driver to the profile, or wait longer with vi.timeout=' ;;
	1:*) fail VI203 "$1 '$2' cannot be used" 'the line of findimg above' 'do what it says' ;;
	2:*) fail VI204 "the device '$2' cannot be looked for" 'the message of findimg above' \
		'name it by UUID=, LABEL= or PARTUUID=' ;;
	*) fail VI205 "findimg could not look for $1 on host '$2' (status $FIND_STATUS)" \
		'its messages above' ;;
	esac
}

# locate_device SPEC WORD: a block device by name, label or id
locate_device() {
	if volumes_wanted; then
		load volumes
		locate_volume "$1"
	else
		find_image -H "$1" || fail_find 'the device' "$1"
	fi
	enter_volume
	refuse_hibernated "$1"
	# what a volume is made of has been reported
	case $VOLUMES:$DEVICE in 1:/dev/mapper/*) ;; *) push_devices ;; esac
	say "$2$1 is $DEVICE${FSTYPE:+ ($FSTYPE)}"
}
