# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Status lines: a boot that takes long says every few seconds what it is doing or waiting for.

STATUS_INTERVAL=8 STATUS_PID=''

# working TEXT: what init does from now on
working() {
	status_set '' "$1"
}

# waiting SECONDS TEXT: as working, for what is given up after so long
waiting() {
	status_set "$1" "waiting for $2"
}

# end_splash: whoever is at the console is to read or to type
end_splash() {
	[ ! -e "$ROOT/run/plymouth/pid" ] || {
		load splash
		splash_end
	}
}

# asking: somebody is asked at the console; no line gets in between until the next working or
# waiting
asking() {
	end_splash
	[ -z "${KEYMAP:-}" ] || show_keymap
	: >"$RAMFS/status"
	chart 'status: a question at the console'
}

status_set() {
	local RET='' # the caller's is kept
	chart "status: $2"
	[ -d "$RAMFS" ] || return 0
	hide_passwords "$2"
	set -- "${1:--}" "$RET"
	uptime_seconds
	printf '%s %s %s\n' "$RET" "$1" "$2" >"$RAMFS/status"
}

# chart TEXT: with vi.chart a line of /run/initramfs/log, which 'mkvinitrd chart' draws
chart() {
	local RET=''
	[ -n "$P_CHART" ] || return 0
	first_line "$ROOT/proc/uptime"
	printf '[%12s] mkvinitrd: %s\n' "${RET%% *}" "$*" >>"$RAMFS/log" || :
}

# uptime_seconds: in RET
uptime_seconds() {
	first_line "$ROOT/proc/uptime"
	RET=${RET%%.*}
	RET=${RET:-0}
}

# status_start: from now on status lines are printed, until status_stop. The loop sleeps in a read
# from a FIFO that nobody writes to: the read of busybox has a time limit, and no program has to be
# started.
status_start() {
	[ -z "$ROOT" ] || return 0
	rm -f "$RAMFS/status.fifo"
	mkfifo "$RAMFS/status.fifo" || return 0
	# in a subshell: as a child of init it would be waited for where init waits for its children
	STATUS_PID=$(
		(
			exec <>"$RAMFS/status.fifo" >&2
			status_loop
		) &
		echo $!
	)
	printf '%s\n' "$STATUS_PID" >"$RAMFS/status.pid" || :
}

status_stop() {
	[ -n "$STATUS_PID" ] || {
		first_line "$RAMFS/status.pid"
		STATUS_PID=$RET
	}
	[ -z "$STATUS_PID" ] || kill "$STATUS_PID" 2>/dev/null || :
	rm -f "$RAMFS/status.pid"
	STATUS_PID=''
}

status_loop() {
	set +x
	while :; do
		# shellcheck disable=SC3045 # busybox has -t
		read -r -t "$STATUS_INTERVAL" _ || :
		status_line
	done
}

# status_line: one, unless there is nothing to say
status_line() {
	local start limit text RET=''
	{ read -r start limit text; } 2>/dev/null <"$RAMFS/status" || return 0
	uptime_seconds
	case $limit in
	-) printf 'mkvinitrd: %s (%s s)\n' "$text" $((RET - start)) ;;
	*) printf 'mkvinitrd: %s (%s of at most %s s)\n' "$text" $((RET - start)) "$limit" ;;
	esac >&2
}
