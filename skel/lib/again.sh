# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that the boot uses was removed before the root runs, as by a loose plug or a hub that
# resets: it comes back under another name. What was set up is taken down, and the phases run once
# more, from the search for the disk on.

# start_again CODE WHY [SEEN]: RET is the disk. Does not come back.
start_again() {
	local disk=$RET seen="$2${3:+; $3}"
	if [ "$AGAIN" -lt 3 ] && take_down; then
		AGAIN=$((AGAIN + 1)) LOST=$disk
		warn "$disk was removed before the root was started: looking for it again"
		boot_again
	fi
	load rescue
	rescue VI210 "$disk was removed before the root was started" "$seen" \
		'plug it in again, into another port if that repeats, and boot again'
}

# is_not_back: the search for it ended
is_not_back() {
	[ "$FIND_STATUS" = 3 ] || return 0
	fail VI210 "$LOST was removed before the root was started, and did not come back within $P_TIMEOUT s" \
		'the table above: the devices that are here' \
		'plug it in again, into another port if that repeats, and boot again'
}

# take_down: false where something is in use that is not simply found and opened again, or in a
# subshell, which cannot boot
take_down() {
	local kind what lines=''
	[ -n "$ROOT" ] || read -r kind what </proc/self/stat
	[ "${kind:-1}" = 1 ] || return 1
	[ -z "${NET_LINKS:-}${LUKS:-}" ] && [ -r "$STATE" ] || return 1
	while read -r kind what; do
		case $kind:$what in
		mount:* | loop:/dev/loop* | vdattach:/dev/* | wrapper:/dev/*)
			lines="$kind $what$NL$lines"
			;;
		device:* | served:*) ;;
		*) return 1 ;;
		esac
	done <"$STATE"
	load rescue
	! root_is_mounted || is_stacked "$NEWROOT" || lines="mount $NEWROOT$NL$lines"
	while read -r kind what; do
		case $kind in
		mount) $RUN umount "$what" || $RUN umount -l "$what" || return 1 ;;
		loop) $RUN losetup -d "$what" || return 1 ;;
		vdattach) is_detached "$what" || return 1 ;;
		wrapper) $RUN vdattach unmap "$what" || return 1 ;;
		esac
	done <<LINES
$lines
LINES
	: >"$STATE"
}

# is_detached DEVICE: also when the disk below it was gone before all was written. No root has run:
# a journal that was not replayed will be.
is_detached() {
	$RUN vdattach detach --if-attached "$1" && return 0
	first_line "$ROOT/sys/class/block/${1#/dev/}/size"
	[ "${RET:-0}" = 0 ]
}

# is_stacked DIRECTORY: a mount that the state has
is_stacked() {
	local line
	while IFS= read -r line; do
		[ "$line" != "mount $1" ] || return 0
	done <"$STATE"
	return 1
}

# boot_again: with the plan as it was read first
boot_again() {
	local IFS="$NL"
	# shellcheck disable=SC2034 # for rescue
	ASSEMBLED=''
	set -f
	# shellcheck disable=SC2086 # one argument a line
	set -- $GIVEN
	set +f
	unset IFS
	# shellcheck disable=SC1091
	. "$RAMFS/plan.sh"
	phase locate
	phase attach
	phase assemble
	phase handover "$@"
}
