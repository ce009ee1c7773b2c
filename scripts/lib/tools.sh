# shellcheck shell=sh disable=SC2154,SC2034 # variables of the script that reads this, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# Running the tools of others: what they print is in $work/log, and shown as part of one line of
# ours. Needs common.sh and output.sh.
#   run_logged COMMAND...            as run; its output goes to $work/log, its standard input is empty
#   run_or_die WHAT COMMAND...       the same; a failure is one line: what was being done and the tool's last line
#   run_shown WHAT FILE COMMAND...   as run_logged, showing how much of FILE's size COMMAND has read
#   run_sync FILE                    makes FILE, a file or a disk, durable
#   hash_file FILE [WHAT]            sets hash to its SHA-256, in hexadecimal

# Text of a device, an image, a mount or a tool, for a terminal
plain_text() {
	LC_ALL=C tr -d '\000-\037\177' | without_controls | LC_ALL=C sed 's/^ *//; s/ *$//'
}

# plain_path PATH: so that no tool takes it for an option
plain_path() {
	case $1 in -*) printf './%s\n' "$1" ;; *) printf '%s\n' "$1" ;; esac
}

# json_stream <TEXT: as a string in JSON. What is no UTF-8 loses those bytes; a newline at the end
# is lost too.
json_stream() {
	iconv -c -f UTF-8 -t UTF-8 | LC_ALL=C awk 'BEGIN {
		for (i = 1; i < 32; i++) escape[sprintf("%c", i)] = sprintf("\\u%04x", i)
		escape["\""] = "\\\""
		escape["\\"] = "\\\\"
		printf "\""
	}
	NR > 1 { printf "\\n" }
	{
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			printf "%s", c in escape ? escape[c] : c
		}
	}
	END { printf "\"" }'
}

json_text() {
	printf %s "$1" | json_stream
}

# json_file FILE: all of it
json_file() {
	{ cat "$1" && echo .; } | json_stream | sed '$s/\(\\n\)\{0,1\}\."$/\1"/'
}

say() {
	[ -n "${quiet:-}" ] || message "$*"
}

# failure_reason: the tool's last line that is not its version
failure_reason() {
	reason=$(grep -a -v -E '^[[:space:]]*$|^(mkfs\.fat|mke2fs|e2fsck|debugfs) [0-9]' \
		"$work/log" | tail -n 1 | plain_text)
	[ -n "$reason" ] || ! is_full "$work" || reason="no space left in '${TMPDIR:-/tmp}'"
	printf '%s\n' "${reason:-it gave no reason}"
}

logged() {
	"$@" </dev/null >"$work/log" 2>&1
}

run_logged() {
	run logged "$@"
}

run_or_die() {
	what=$1
	shift
	run_logged "$@" || die "$what failed: $(failure_reason)"
}

run_shown() {
	shown=$1 shown_bytes=$(stat -L -c %s "$2") shown_program=${3##*/}
	shift 2
	if [ "$shown_bytes" -lt 4194304 ]; then # a few seconds where it is slow
		run_logged "$@"
		return
	fi
	[ -t 2 ] || [ "$shown_bytes" -lt 33554432 ] || say "$shown ($(mib "$shown_bytes") MiB)"
	progress "$shown" "$shown_bytes" "$shown_program" logged "$@"
}

# What is still in memory is the whole system's: no disk tells its own.
show_unwritten() {
	output_began=$(date +%s) output_told=0
	while sleep 1; do
		progress_print $(($(date +%s) - output_began)) \
			"writing to the drive: $(awk '/^(Dirty|Writeback):/ { n += $2 } END { printf "%d", n / 1024 }' /proc/meminfo) MiB in memory"
	done
}

run_sync() {
	progress_run show_unwritten logged sync "$1" ||
		die "writing to '$target' failed: $(failure_reason)"
}

hash_file() {
	run_shown "${2:-hashing}" "$1" sha256sum "$1" || die "cannot read '$1': $(failure_reason)"
	hash=$(sed 's/^\\//; s/ .*//' "$work/log")
}
