# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# When the boot cannot continue: what was looked for, what was found, what to do; then a shell, or a
# reboot.

# rescue CODE WHY [SEEN [WHAT TO DO]]
rescue() {
	local code=$1 why seen
	shift
	set +x
	status_stop
	end_splash
	hide_passwords "$1"
	why=$RET
	hide_passwords "${2:-}"
	seen=$RET
	hide_passwords "${3:-}"
	set -- "$why" "$seen" "$RET"
	{
		printf '\nmkvinitrd: %s failed: %s [%s]\n' "$PHASE" "$1" "$code"
		[ -z "$2" ] || printf '  seen:  %s\n' "$2"
		[ -z "${FROM:-}" ] || from_lines
		[ -z "$3" ] || printf '  to do: %s\n' "$3"
	} >&2
	mark "$PHASE failed: $1 [$code]"
	report_state failed "$PHASE: $1 [$code]"
	if [ "$P_SHELL" != 1 ]; then
		case $P_PANIC in
		-*) reboot_now ;;
		[1-9]*)
			printf 'mkvinitrd: rebooting in %s seconds (panic=%s); vi.shell gives a shell instead\n' "$P_PANIC" "$P_PANIC" >&2
			$RUN sleep "$P_PANIC"
			reboot_now
			;;
		esac
		[ "$P_SHELL" != 0 ] || halt_here
	fi
	shells 'mount the root on /newroot and exit the shell to continue, or type reboot -f'
	[ -z "${ASSEMBLED:-}" ] && root_is_mounted && PHASE=handover && load handover && handover
	reboot_now
}

# from_lines: the parameters that led there, with their places
from_lines() {
	local line IFS="$NL"
	set -f
	for line in $FROM; do
		printf '  from:  %s\n' "$line"
	done
	set +f
}

# rescue_again PHASE STATUS: the shell of process 1 ended in that phase. Of what it knew only the
# plan can be read again.
rescue_again() {
	PHASE=$1
	set +u
	# shellcheck disable=SC1091
	if (. "$RAMFS/plan.sh") 2>/dev/null; then . "$RAMFS/plan.sh"; fi
	rescue VI107 "a script of the initramfs ended with status $2" \
		'the messages above; /run may be full' \
		'report this as a bug, with the messages and the kernel parameters'
}

root_is_mounted() {
	local device dir rest
	# shellcheck disable=SC2034
	while read -r device dir rest; do
		[ "$dir" != "$NEWROOT" ] || return 0
	done <"$ROOT/proc/mounts"
	return 1
}

reboot_now() {
	if written_out; then
		$RUN reboot -f
	else
		warn "a disk does not answer: rebooting without waiting for it any longer"
		$RUN reboot -n -f
	fi
	halt_here
}

# written_out: false after 20 s: nothing ends a sync for which a disk does not answer
written_out() {
	local end said=''
	# removed at the end: /run may be full, or not be there
	{ echo 1 >"$RAMFS/unwritten"; } 2>/dev/null || :
	[ -s "$RAMFS/unwritten" ] || {
		leave_clean
		$RUN sync
		return 0
	}
	{
		leave_clean
		$RUN sync
		rm -f "$RAMFS/unwritten"
	} &
	uptime_seconds
	end=$((RET + 20))
	while [ -e "$RAMFS/unwritten" ]; do
		uptime_seconds
		[ "$RET" -lt $end ] || return 1
		[ -n "$said" ] || [ "$RET" -lt $((end - 15)) ] || {
			said=1
			say 'waiting at most 15 more seconds for what is to be written to the disks'
		}
		$RUN sleep 0.1
	done
}

# A disk that this boot mounted for writing is not left as if the power had gone.
leave_clean() {
	local kind what lines=''
	[ ! -r "$STATE" ] || while read -r kind what; do
		[ "$kind" != mount ] || lines=$what$NL$lines
	done <"$STATE"
	while read -r what; do
		[ -z "$what" ] || $RUN umount "$what" 2>/dev/null ||
			$RUN mount -o remount,ro "$what" 2>/dev/null
	done <<LINES
$lines
LINES
}

# Process 1 must not end.
halt_here() {
	[ -z "$ROOT" ] || {
		trap - EXIT
		exit 1
	}
	while :; do sleep 86400; done
}

# vi.break=PHASE
break_shell() {
	status_stop
	end_splash
	shells "stopped before $PHASE (vi.break=$PHASE); exit the shell to continue"
	status_start
}

# A shell on every console of the command line; done when the one on the last is left.
shells() {
	local console last=/dev/console
	{ printf '%s' "$PLAN" >"$RAMFS/plan"; } 2>/dev/null || :
	printf 'mkvinitrd: %s\n  files: /run/initramfs/plan (parameters), state (what was set up), dmesg\n' "$1" >&2
	for console in $P_CONSOLES; do
		[ "$console" != tty0 ] || console=tty1
		[ -c "$ROOT/dev/$console" ] || continue
		[ "$last" = /dev/console ] || shell_on "$last" &
		last=/dev/$console
	done
	shell_on "$last"
}

shell_on() {
	# shellcheck disable=SC2016 # the new shell expands it
	$RUN setsid sh -c 'exec sh -i <"$0" >"$0" 2>&1' "$1"
}
