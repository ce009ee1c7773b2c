# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# The work of making a boot medium, so that an end at any moment leaves nothing behind. Needs common.sh.
#   work_begin            $work, a new directory, and the traps
#   run COMMAND...        runs it so that a signal ends it at once; its output is in $work/log
#   run_or_die WHAT COMMAND...   the same; a failure is one line: what was being done and the tool's last line
#   run_shown WHAT FILE COMMAND...   the same, showing how far COMMAND has read FILE
#   hash_file FILE        sets hash to its SHA-256, in hexadecimal
# $restore: keep_restore of usb-keep.sh is called. $uninterrupted: a signal waits for the command that runs. $draft is a file that is removed unless done; $looped a file or disk of which no loop device stays; $quiet.

work_undo() {
	status=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$child" ] || [ -n "$uninterrupted" ] || kill -- "-$child" 2>/dev/null || kill "$child" 2>/dev/null || :
	[ -z "$child" ] || wait "$child" 2>/dev/null || :
	if [ -d "$work/mount" ] && mountpoint -q "$work/mount"; then umount "$work/mount" || umount -l "$work/mount" || :; fi
	[ -z "$looped" ] || losetup -n -O NAME -j "$looped" 2>/dev/null | xargs -r -n 1 losetup -d || :
	[ -z "$echo_state" ] || stty "$echo_state" || :
	[ -z "$restore" ] || keep_restore
	[ -z "$draft" ] || rm -f -- "$draft"
	rm -rf "$work"
	[ -z "$unfinished" ] || echo "$name: $unfinished" >&2
	exit "$status"
}

# The name is chosen before the directory is made: a signal between the two would leave it.
work_begin() {
	child='' uninterrupted='' restore='' echo_state='' draft='' looped='' unfinished=''
	work=${TMPDIR:-/tmp}/mkvinitrd-$name.$$
	trap work_undo EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	mkdir -m 700 "$work" || die "cannot make the work directory '$work'"
}

say() {
	[ -n "${quiet:-}" ] || printf '%s\n' "$name: $*" >&2
}

# Waiting ends at a signal, that for a command in the foreground does not. A session of its own: what the command starts ends too.
run() {
	setsid "$@" </dev/null >"$work/log" 2>&1 &
	child=$!
	run_status=0
	wait "$child" || run_status=$?
	child=''
	return "$run_status"
}

# failure_reason: the tool's last line that is not its version
failure_reason() {
	grep -a -v -E '^ *$|^(mkfs\.fat|mke2fs|e2fsck|debugfs) [0-9]' "$work/log" | tail -n 1 | plain_text
}

run_or_die() {
	what=$1
	shift
	run "$@" || die "$what failed: $(failure_reason)"
}

# file_position PID FILE: how far the process has read it; status 1 if it has not opened it
file_position() {
	for fd in "/proc/$1/fd"/*; do
		if [ "$(readlink "$fd" 2>/dev/null)" = "$2" ]; then
			sed -n 's/^pos:[[:space:]]*//p' "/proc/$1/fdinfo/${fd##*/}" 2>/dev/null
			return
		fi
	done
	return 1
}

# progress_line WHAT POSITION SIZE SECONDS
progress_line() {
	awk -v what="$1" -v at="$2" -v size="$3" -v seconds="$4" 'BEGIN {
		rate = seconds ? at / seconds : 0
		left = rate ? (size - at) / rate : 0
		printf "\r%s: %3d %%  %.0f of %.0f MiB  %.1f MiB/s  %d:%02d left ", what, at * 100 / (size ? size : 1),
			at / 1048576, size / 1048576, rate / 1048576, left / 60, left % 60 }' >&2
}

# A terminal gets a line that is replaced every second; anything else gets one line.
run_shown() {
	shown=$1 shown_file=$(readlink -f "$2")
	shift 2
	if [ -n "${quiet:-}" ] || [ ! -t 2 ]; then
		say "$shown ($(($(stat -c %s "$shown_file") / 1048576)) MiB)"
		run "$@"
		return
	fi
	setsid "$@" </dev/null >"$work/log" 2>&1 &
	child=$! run_status=0 seconds=0 started=$(date +%s)
	while kill -0 "$child" 2>/dev/null; do
		sleep 0.2
		[ $(($(date +%s) - started)) -gt "$seconds" ] || continue
		seconds=$(($(date +%s) - started))
		! at=$(file_position "$child" "$shown_file") || progress_line "$name: $shown" "${at:-0}" "$(stat -c %s "$shown_file")" "$seconds"
	done
	[ "$seconds" = 0 ] || printf '\r\033[K' >&2
	wait "$child" || run_status=$?
	child=''
	return "$run_status"
}

# How much is still in memory is the whole system's: no disk tells its own.
run_sync() {
	sync "$1" >"$work/log" 2>&1 &
	child=$! run_status=0
	while [ -t 2 ] && [ -z "${quiet:-}" ] && kill -0 "$child" 2>/dev/null; do
		printf '\r%s: writing to the drive, %s MiB in memory ' "$name" "$(awk '/^(Dirty|Writeback):/ { n += $2 } END { printf "%d", n / 1024 }' /proc/meminfo)" >&2
		sleep 0.2
	done
	wait "$child" || run_status=$?
	child=''
	[ ! -t 2 ] || [ -n "${quiet:-}" ] || printf '\r\033[K' >&2
	[ "$run_status" = 0 ] || die "writing to '$target' failed: $(failure_reason)"
}

# plain_path PATH: so that no tool takes it for an option
plain_path() {
	case $1 in -*) printf './%s\n' "$1" ;; *) printf '%s\n' "$1" ;; esac
}

hash_file() {
	run_shown "${2:-hashing}" "$1" sha256sum "$1" || die "cannot read '$1': $(failure_reason)"
	hash=$(sed 's/^\\//; s/ .*//' "$work/log")
}
