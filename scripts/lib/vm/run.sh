# shellcheck shell=sh disable=SC2154,SC2034 # variables of scripts/vm, and for it
# SPDX-License-Identifier: GPL-2.0-or-later
# How scripts/vm runs its machine: at this terminal, until the console shows a text, or for one
# command.
# Nothing here waits for a process that may never come: the console is a file, pipes are held open
# by this shell.

# Where the guest finds the command, after the initramfs has handed over
GUEST_COMMAND=/run/mkvinitrd/vm-command

# Hundredths of a second
now() {
	read -r uptime _ </proc/uptime
	echo "${uptime%.*}${uptime#*.}"
}

# quote_word TEXT: as one word for a shell, in quoted
quote_word() {
	rest=$1 quoted="'"
	while :; do
		case $rest in
		*\'*) quoted="$quoted${rest%%\'*}'\\''" rest=${rest#*\'} ;;
		*) break ;;
		esac
	done
	quoted="$quoted$rest'"
}

# command_lines COMMAND [ARGUMENT]...: profile lines for an initramfs that leaves the command in
# /run of the root
command_lines() {
	line=''
	for word in "$@"; do
		quote_word "$word"
		line="$line $quoted"
	done
	cat >"$work/command" <<SCRIPT
#!/bin/sh
for port in /sys/class/virtio-ports/*; do
	read -r label <"\$port/name" || continue
	case \$label in
	mkvinitrd.*) export "mkvinitrd_\${label#*.}=/dev/\${port##*/}" ;;
	esac
done
out=\$mkvinitrd_out err=\$mkvinitrd_err status=\$mkvinitrd_status
unset mkvinitrd_out mkvinitrd_err mkvinitrd_status
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
cd /
exec 3>"\$status"
echo begin >&3
(exec 3>&- && $line) </dev/null >"\$out" 2>"\$err"
echo "end \$?" >&3
SCRIPT
	cat >"$work/hook" <<HOOK
#!/bin/sh
mkdir -p ${GUEST_COMMAND%/*} && cp /lib/mkvinitrd/vm-command $GUEST_COMMAND
HOOK
	chmod +x "$work/command" "$work/hook"
	build_lines="${build_lines}file /lib/mkvinitrd/vm-command \"$work/command\" 755
hook handover \"$work/hook\"
module virtio_console?
"
}

# start QEMU...: runs it in one of the three ways; the status is that of this command
start() {
	if [ -n "$command" ]; then
		run_command "$@"
	elif [ -n "$wait_text" ]; then
		wait_for_text "$@"
	elif [ -n "$console" ]; then
		at_terminal "$@" -serial "file:$console" </dev/null
	elif [ -n "$timing" ]; then
		: >"$work/console"
		report_prompt &
		at_terminal "$@" -chardev \
			"stdio,mux=on,signal=off,id=console,logfile=$(escape_commas "$work/console")" \
			-serial chardev:console -mon chardev=console
	else
		at_terminal "$@" -serial mon:stdio
	fi
}

with_log() {
	"$@" 2>"$work/qemu.log"
}

at_terminal() {
	status=0
	if [ -n "$limit" ]; then set -- timeout --foreground -k 5 "$limit" "$@"; fi
	run with_log "$@" || status=$?
	explain_end
	return $status
}

# explain_end [TEXT]: one line about a QEMU that did not end by itself, or TEXT
explain_end() {
	case $status in
	0) [ $# = 0 ] || echo "vm: $1" >&2 ;;
	124) echo "vm: stopped by the time limit of $limit s${1:+: $1}" >&2 ;;
	*)
		reason=$(qemu_says "$work/qemu.log")
		echo "vm: QEMU ended with status $status: ${reason:-it gave no reason}" >&2
		;;
	esac
}

# In the background, with the console in a file
start_machine() {
	console_file=${console:-$work/console}
	{ true >"$console_file"; } 2>/dev/null ||
		die "cannot write the console to '$console_file'"
	timeout -k 5 "$limit" "$@" -serial "file:$console_file" </dev/null >/dev/null \
		2>"$work/qemu.log" &
	machine=$!
}

# A child that has ended stays in the table until the shell asks for it.
machine_runs() {
	kill -0 "$machine" 2>/dev/null || return 1
	case $(cat "/proc/$machine/stat" 2>/dev/null) in *') Z '* | '') return 1 ;; esac
}

# Sets status; 143 is our own signal
end_machine() {
	status=0
	wait "$machine" || status=$?
	machine=''
}

# report_time WHAT: since the start of this command, and since the image was built
report_time() {
	ready=$(now)
	[ -n "$timing" ] || return 0
	printf 'vm: %d.%02d s to build, %d.%02d s to %s, %d.%02d s in all\r\n' \
		$(((built - began) / 100)) $(((built - began) % 100)) $(((ready - built) / 100)) \
		$(((ready - built) % 100)) "$1" \
		$(((ready - began) / 100)) $(((ready - began) % 100)) >&2
}

# Until the console ends in a prompt
report_prompt() {
	while :; do
		case $(tail -c 80 "$work/console" | tr -d '\r\000' |
			sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' && echo .) in
		*'login: .' | *'# .' | *'$ .' | *'login: 
.' | *'# 
.' | *'$ 
.') break ;;
		esac
		sleep 0.05
	done
	report_time 'the prompt'
}

# show_console: what is new in it, to standard output; sets shown
show_console() {
	[ -z "$console$json" ] || return 0
	tail -c +$((shown + 1)) "$console_file" >"$work/new"
	cat "$work/new"
	shown=$((shown + $(stat -c %s "$work/new")))
}

wait_for_text() {
	start_machine "$@"
	shown=0 found=''
	while [ -z "$found" ]; do
		machine_runs && running=1 || running=''
		! grep -qaF -e "$wait_text" "$console_file" || found=1
		show_console
		[ -n "$running" ] || break
		[ -n "$found" ] || sleep 0.1
	done
	if [ -n "$found" ]; then
		report_time "'$wait_text'"
		kill "$machine" 2>/dev/null || :
		end_machine
		status=0
	else
		end_machine
		explain_end "the console never showed '$wait_text'"
		status=1
	fi
	print_json $status
	return $status
}

# seconds HUNDREDTHS
seconds() {
	printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}

# print_json STATUS [STDOUT STDERR]: about the run; "ready" is null if it did not come to the
# command or the text
print_json() {
	[ -n "$json" ] || return 0
	ready_text=null
	[ -z "${ready:-}" ] || ready_text=$(seconds $((ready - began)))
	json_output=''
	[ $# = 1 ] ||
		json_output=", \"stdout\": $(json_file "$2"), \"stderr\": $(json_file "$3")"
	write_result '{"status": %s, "build_seconds": %s, "ready_seconds": %s, "seconds": %s%s}\n' \
		"$1" "$(seconds $((built - began)))" "$ready_text" \
		"$(seconds $(($(now) - began)))" "$json_output"
}

# The guest writes to three virtio ports: what the command prints, and its status.
run_command() {
	mkfifo "$work/out" "$work/err"
	exec 5<>"$work/out" 6<>"$work/err" 7>&1 8>&2
	[ -z "$json" ] || exec 7>"$work/stdout" 8>"$work/stderr"
	cat <"$work/out" >&7 5>&- 6>&- &
	copy_out=$!
	cat <"$work/err" >&8 5>&- 6>&- &
	copy_err=$!
	exec 7>&- 8>&-
	: >"$work/status"
	set -- "$@" -device virtio-serial
	for port in out err status; do
		set -- "$@" -chardev "file,id=$port,path=$(escape_commas "$work/$port")" \
			-device "virtserialport,chardev=$port,name=mkvinitrd.$port"
	done
	start_machine "$@"
	begun=''
	while machine_runs && kill -0 "$copy_out" 2>/dev/null; do
		[ -n "$begun" ] || [ ! -s "$work/status" ] || { begun=1 &&
			report_time 'the command'; }
		sleep 0.1
	done
	if machine_runs; then kill "$machine" || :; fi
	end_machine
	exec 5>&- 6>&-
	wait "$copy_out" "$copy_err" || :
	run_status=0
	command_status || run_status=$?
	print_json $run_status "$work/stdout" "$work/stderr"
	return $run_status
}

# The status that the guest reported; 124 and 125 like timeout(1) and env(1) if there is none
command_status() {
	case $(sed -n 's/^end \([0-9]*\)\r*$/\1/p' "$work/status") in
	'') ;;
	*) return "$(sed -n 's/^end \([0-9]*\)\r*$/\1/p' "$work/status")" ;;
	esac
	if [ -s "$work/status" ]; then
		explain_end 'the VM ended before the command did'
	else
		explain_end 'the VM did not come to run the command'
	fi
	if [ -s "$console_file" ]; then
		echo 'vm: the end of its console:' >&2
		tr -cd '\n\t\040-\176' <"$console_file" | tail -n 15 >&2
	fi
	[ "$status" = 124 ] || status=125
	return "$status"
}
