# shellcheck shell=sh disable=SC2154,SC2034 # name: of the script that reads this; output_temp, work: for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that appear complete or not at all, and a clean end whatever happens. Read after common.sh,
# which has `die`.
#
#   output_setup                 once, first: one trap for the end of the script and its signals
#   at_exit COMMAND ARGUMENT...  undone at the end, the last first: mounts, loop devices, temporary directories
#   undo_to N                    undoes now what was registered since undo_count was N
#   hold_signals, release_signals    what happens between them is not interrupted; a signal is answered after it
#   make_work_directory          work: a new directory, removed at the end
#   run COMMAND ARGUMENT...      a tool or function that takes time: signals are answered while it runs, unless they are held
#   part WHAT COMMAND...         one part of a pipe; pipe_failed then tells which part failed
#   output_begin FILE            output_temp: what to write, beside FILE
#   output_commit FILE...        makes it durable and gives it its name
#   need_room DIRECTORY BYTES WHAT
#   progress WHAT TOTAL PROGRAM COMMAND...    as run, with progress: the bytes that PROGRAM has read of TOTAL; none if $quiet is set
# output_kept: what the line about an interruption says about the output

output_setup() {
	undo_count=0 pending_signal='' held='' progress_line='' interrupted=''
	trap output_cleanup EXIT
	for output_signal in HUP INT TERM; do
		# shellcheck disable=SC2064 # the name of now
		trap "output_interrupted $output_signal" "$output_signal"
	done
}

# What is made and registered between these two cannot be lost by a signal that comes between both.
hold_signals() {
	held=0
	for output_signal in HUP INT TERM; do
		# shellcheck disable=SC2064
		trap "pending_signal=$output_signal held=\$((held + 1))" "$output_signal"
	done
}

release_signals() {
	held=''
	for output_signal in HUP INT TERM; do
		# shellcheck disable=SC2064
		trap "output_interrupted $output_signal" "$output_signal"
	done
	[ -z "$pending_signal" ] || output_interrupted "$pending_signal"
}

# A word for eval. What has a newline at its end keeps it inside the quotes.
output_quote() {
	printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"
}

at_exit() {
	output_line=''
	for output_word in "$@"; do
		output_line="$output_line $(output_quote "$output_word")"
	done
	undo_count=$((undo_count + 1))
	eval "undo_$undo_count=\$output_line"
}

undo_to() {
	while [ "$undo_count" -gt "$1" ]; do
		eval "output_line=\$undo_$undo_count"
		undo_count=$((undo_count - 1))
		eval "$output_line" || echo "$name: could not undo:$output_line" >&2
	done
}

# The processes below PID, in one look: those that look are among them, and gone when the list is
# used
output_descendants() {
	grep -hs -e '^Pid:' -e '^PPid:' /proc/[0-9]*/status | awk -v top="$1" '
		$1 == "Pid:" { pid = $2 }
		$1 == "PPid:" { parent[pid] = $2 }
		END {
			for (pid in parent) {
				above = parent[pid]
				for (steps = 0; above != top && (above in parent) && steps < 1000; steps++) above = parent[above]
				if (above == top) print pid
			}
		}'
}

# output_alive PID...: whether any is there and no zombie
output_alive() {
	# shellcheck disable=SC2046 # a list of numbers
	set -- $(printf '/proc/%s/status\n' "$@")
	grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "$@"
}

# stop_below PID: sets output_list, all processes below it, stopped, since one that is about to start
# another would leave that behind
stop_below() {
	output_list='' output_tries=0
	while [ $output_tries -lt 20 ]; do
		output_new=$(output_descendants "$1" | grep -vxF "$output_list") || :
		# shellcheck disable=SC2086 # a list of numbers
		output_alive $output_new || return 0
		# shellcheck disable=SC2086
		kill -STOP $output_new 2>/dev/null || :
		output_list="$output_list
$output_new"
		output_tries=$((output_tries + 1))
	done
}

# await_ends: of output_list. What they had open is closed then: locks, and files below a mount.
await_ends() {
	output_tries=0
	# shellcheck disable=SC2086 # a list of numbers
	while output_alive $output_list; do
		output_tries=$((output_tries + 1))
		[ $output_tries != 100 ] || kill -KILL $output_list 2>/dev/null || :
		[ $output_tries -lt 150 ] || break
		sleep 0.05
	done
}

# Ends all processes below this one, and waits until they are gone: what is undone must not be in
# use.
end_children() {
	stop_below $$
	# shellcheck disable=SC2086 # a list of numbers
	kill -TERM $output_list 2>/dev/null || :
	# shellcheck disable=SC2086
	kill -CONT $output_list 2>/dev/null || :
	await_ends
}

output_cleanup() {
	output_status=$?
	trap '' HUP INT TERM
	trap - EXIT
	set +e
	end_children
	undo_to 0
	exit $output_status
}

# The cleanup of the exit, then the end that the signal would have been.
output_interrupted() {
	trap '' HUP INT TERM
	trap - EXIT
	set +e
	interrupted=$1
	[ -z "$progress_line" ] || [ ! -t 2 ] || printf '\r\033[K' >&2
	end_children
	undo_to 0
	echo "$name: interrupted; ${output_kept:-nothing was replaced}" >&2
	trap - "$1"
	kill -"$1" $$
}

# Tools take these in the name of a file for something else: e2fsprogs ?, mtools @@ and $, qemu a
# comma, lvm and debugfs a double quote.
make_work_directory() {
	case ${TMPDIR:-} in
	*[[:cntrl:]?,\"\$\\]* | *@@*) die \
		"TMPDIR '$TMPDIR' has characters that the tools called here cannot take: choose a plainer name" ;;
	esac
	hold_signals
	work=$(
		trap '' HUP INT TERM
		mktemp -d "${TMPDIR:-/tmp}/mkvinitrd-$name.XXXXXX" 2>/dev/null
	) || die "cannot make a temporary directory in ${TMPDIR:-/tmp}: set TMPDIR"
	at_exit rm -rf "$work"
	release_signals
	! is_full "$work" ||
		die "no space left in '${TMPDIR:-/tmp}' for temporary files: set TMPDIR"
}

# is_full DIRECTORY: not even for a few small files
is_full() {
	[ "$(df -P -B1 "$1" | awk 'END { print ($4 < 131072) }')" = 1 ]
}

# In the background, because a shell looks at signals only between commands. Where they are held,
# one only ends the wait. What redirects is a function that it runs: of "run TOOL 2>FILE" a line
# about an interruption would go to FILE.
run() {
	# without job control a background command has no standard input
	{ "$@" <&3 3<&- & } 3<&0
	run_child=$! run_held=never
	until [ "$run_held" = "$held" ]; do
		run_held=$held run_status=0
		wait "$run_child" || run_status=$?
	done
	return "$run_status"
}

# What goes wrong in any part of a pipe counts. Parts that end by a broken pipe do so because
# another failed.
part() {
	output_part=$1
	shift
	output_part_status=0
	"$@" || output_part_status=$?
	[ $output_part_status = 0 ] || echo "$output_part_status $output_part" >>"$pipe_log"
	return $output_part_status
}

# pipe_failed: after a pipe whose parts wrote to pipe_log; prints "PART (status N)" and returns 0
# when one failed
pipe_failed() {
	[ -s "$pipe_log" ] || return 1
	{ grep -v '^141 ' "$pipe_log" || cat "$pipe_log"; } |
		sed -n '1s/^\([0-9]*\) \(.*\)/\2 (status \1)/p'
}

# The names of FILE and of its temporary file; a name with a leading dash is none of an option.
output_names() {
	case $1 in
	'') die "expected the name of a file to write, got ''" ;;
	/*) output_file=$1 ;;
	*) output_file=./$1 ;;
	esac
	[ ! -L "$output_file" ] || output_file=$(readlink -f "$output_file") ||
		die "'$1' is a link that leads nowhere: remove it, or make the directory that it names"
	output_short=${output_file##*/}
	# a name has 255 bytes at most, with characters of up to 4
	[ ${#output_short} -le 50 ] || output_short=$(printf %s "$output_short" | cksum | tr ' ' -)
	output_temp=${output_file%/*}/.$output_short.$$.tmp
}

# explain_denied DIRECTORY: why it is not to be written to; root may write everywhere but on a
# read-only file system
explain_denied() {
	if [ "$(id -u)" = 0 ]; then
		echo "'${1#./}' is on a read-only file system"
	else
		echo "no permission for '${1#./}', or it is read-only"
	fi
}

# What cannot be written, or is no place for a file
output_refuse() {
	output_directory=${output_file%/*}
	[ -n "$output_directory" ] || output_directory=/
	[ ! -d "$output_file" ] || die "'$1' is a directory, expected the name of a file to write"
	[ ! -e "$output_file" ] || [ -f "$output_file" ] ||
		die "'$1' is a device or the like, expected a file"
	[ -d "$output_directory" ] ||
		die "cannot write '$1': there is no directory '${output_directory#./}'"
	case $(stat -f -c %T "$output_directory") in
	devtmpfs | proc | sysfs) die \
		"cannot write '$1': $output_directory is for devices and the like; was a device meant that is not there?" ;;
	esac
	case $(readlink -f "$output_directory") in
	/dev | /dev/[!s]* | /dev/s[!h]*) die \
		"cannot write '$1': $output_directory is for devices; was a device meant that is not there?" ;;
	esac
	[ -w "$output_directory" ] || die "cannot write '$1': $(explain_denied "$output_directory")"
}

# output_not_input OUT FILE...: what is read is not replaced by what is made of it
output_not_input() {
	output_wanted=$1
	output_real=$(readlink -f "$1") || return 0
	shift
	for input_file in "$@"; do
		[ -z "$input_file" ] || [ "$(readlink -f "$input_file")" != "$output_real" ] ||
			die "'$output_wanted' is read for this, and would be replaced: choose another output"
	done
}

output_begin() {
	output_names "$1"
	output_refuse "$1"
	hold_signals
	rm -f "$output_temp"
	(set -C && : >"$output_temp") 2>/dev/null ||
		die "cannot write '$1': $(explain_write "$output_directory")"
	at_exit rm -f "$output_temp"
	release_signals
	[ ! -e "$output_file" ] || chmod "$(stat -c %a "$output_file")" "$output_temp"
}

# explain_write DIRECTORY: why writing there fails
explain_write() {
	if [ "$(df -P -B1 "$1" | awk 'END { print ($4 < 4096) }')" = 1 ]; then
		echo "no space left in '${1#./}'"
	elif [ "$(stat -f -c %d "$1")" = 0 ] && [ "$(stat -f -c %c "$1")" != 0 ]; then
		echo "no inode left in '${1#./}'"
	else
		echo "'${1#./}' is read-only or refuses this name"
	fi
}

output_commit() {
	for output_name in "$@"; do
		output_names "$output_name"
		sync "$output_temp" ||
			die "cannot write '$output_name': it could not be made durable"
	done
	hold_signals
	for output_name in "$@"; do
		output_names "$output_name"
		mv -f -T "$output_temp" "$output_file" ||
			die "cannot give '$output_name' its name: the finished file was removed"
		output_kept="'$1' is complete"
	done
	release_signals
	sync "${output_file%/*}/" || :
}

need_room() {
	output_free=$(df -P -B1 "$1" | awk 'END { print $4 }')
	[ "${output_free:-0}" -ge "$2" ] ||
		die "${3:-the output} needs $(mib "$2") MiB in '$1', which has $(mib "${output_free:-0}") MiB free"
}

# mib BYTES: rounded up
mib() {
	echo $((($1 + 1048575) / 1048576))
}

# progress_done PROGRAM: bytes that the process of this name below us has read, 0 when there is none
progress_done() {
	for output_child in $(output_descendants $$); do
		read -r output_comm <"/proc/$output_child/comm" || continue
		[ "$output_comm" = "$1" ] || continue
		sed -n 's/^rchar: //p' "/proc/$output_child/io"
		return
	done 2>/dev/null
	echo 0
}

# progress_text WHAT DONE TOTAL SECONDS: "packing: 41 %, 12 MiB/s, 0:23 left"
progress_text() {
	awk -v what="$1" -v done="$2" -v total="$3" -v seconds="$4" 'BEGIN {
		if (seconds < 1) seconds = 1
		if (done > total) done = total
		rate = done / seconds
		printf "%s: %d %%, %.1f MiB/s", what, total ? 100 * done / total : 0, rate / 1048576
		if (rate > 0) { left = (total - done) / rate; printf ", %d:%02d left", left / 60, left % 60 }
	}'
}

# progress_print SECONDS TEXT: on a terminal a line that is rewritten; elsewhere a line every 10 s
progress_print() {
	if [ -t 2 ]; then
		printf '\r%s\033[K' "$2" >&2
	elif [ $(($1 - output_told)) -ge 10 ]; then
		output_told=$1
		echo "$name: $2" >&2
	fi
}

progress_show() {
	output_began=$(date +%s) output_told=0
	while sleep 1; do
		output_now=$(($(date +%s) - output_began))
		progress_print "$output_now" \
			"$(progress_text "$1" "$(progress_done "$3")" "$2" "$output_now")"
	done
}

# progress_run SHOW COMMAND...: as run, while the function SHOW, which has no end, tells how far it
# is
progress_run() {
	progress_line=1 progress_pid='' progress_shower=$1
	shift
	if [ -z "${quiet:-}" ]; then
		"$progress_shower" &
		progress_pid=$!
	fi
	output_run_status=0
	run "$@" || output_run_status=$?
	[ -z "$progress_pid" ] || progress_end
	progress_line=''
	return $output_run_status
}

# A shell that was just started may lose another signal than this one.
progress_end() {
	kill -STOP "$progress_pid" 2>/dev/null || :
	stop_below "$progress_pid"
	# shellcheck disable=SC2086 # a list of numbers
	kill -KILL "$progress_pid" $output_list 2>/dev/null || :
	wait "$progress_pid" 2>/dev/null || :
	await_ends
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

show_bytes_read() {
	progress_show "$progress_what" "$progress_total" "$progress_program"
}

progress() {
	progress_what=$1 progress_total=$2 progress_program=$3
	shift 3
	progress_run show_bytes_read "$@"
}
