# shellcheck shell=dash
# shellcheck disable=SC2034 # SCOPE is for volumes.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A hibernated system is resumed before anything is mounted or attached: the kernel reads its memory
# from the swap of resume= and does not come back. It does when there is none.

# resume_system: without the parameter noresume
resume_system() {
	local had=''
	[ -z "$P_NO_RESUME" ] && [ "$P_RESUME" != none ] || return 0
	[ -e "$ROOT/sys/power/resume" ] || {
		warn "resume=$P_RESUME: this kernel cannot resume"
		return 0
	}
	find_resume || {
		warn "resume=$P_RESUME: no such device within $P_TIMEOUT s; going on without a look for a hibernated system"
		return 0
	}
	[ "$FSTYPE" != swsuspend ] || {
		had=1
		say "resuming the system that is hibernated on $DEVICE"
	}
	working "resuming from $DEVICE"
	resume_from "$DEVICE"
	[ -z "$had" ] ||
		warn "the system hibernated on $DEVICE could not be resumed, the kernel says why above: its session is lost"
}

# find_resume: DEVICE, in what is opened for it if need be
find_resume() {
	case $P_RESUME in
	[0-9]*:[0-9]*)
		DEVICE=$P_RESUME FSTYPE=''
		return 0
		;;
	esac
	if volumes_wanted; then
		load volumes
		SCOPE=''
		mapped_name "$P_RESUME"
		open_volumes "$P_TIMEOUT" "$RET" || return 1
	else
		find_image -q -H "$P_RESUME" || return 1
	fi
	[ "$FSTYPE:$P_LUKS_OFF" = crypto_LUKS: ] || return 0
	load volumes
	SCOPE=''
	unlock "$DEVICE" vi-resume
	find_image -q -t 0 -H /dev/mapper/vi-resume && keep_volumes
}

# resume_from DEVICE: the place of a swap file first, as the device makes the kernel look
resume_from() {
	local number=$1
	case $1 in
	/*)
		number=$(readlink -f "$ROOT$1")
		first_line "$ROOT/sys/class/block/${number##*/}/dev"
		number=${RET:-$1}
		;;
	esac
	if [ -n "$P_RESUME_OFFSET" ]; then
		{ echo "$P_RESUME_OFFSET" >"$ROOT/sys/power/resume_offset"; } 2>/dev/null || {
			warn "resume_offset=$P_RESUME_OFFSET cannot be used: not resuming"
			return 0
		}
	fi
	{ echo "$number" >"$ROOT/sys/power/resume"; } 2>/dev/null || :
}
