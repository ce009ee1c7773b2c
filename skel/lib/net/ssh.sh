# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The passphrase by SSH. dropbear, which the profile packs, lets who has a key answer the question
# that the console asks, and nothing else (ssh-session.sh). The network comes up beside the boot,
# which does not wait for it; whoever answers first is heard. All of it ends before the root starts.
#   ssh/answers    FIFO, read by descriptor 8: lines 'NUMBER ANSWER', 'note TEXT'
#   ssh/question   its number and its text, while it is asked
#   ssh/opened     what was opened, until the next question

# ssh_packed: the profile has 'include ssh'
ssh_packed() {
	[ -x "$ROOT/bin/dropbear" ] && [ -e "$ROOT/etc/mkvinitrd/ssh/authorized_keys" ]
}

# ssh_start: once; fails if nobody can be heard
ssh_start() {
	[ ! -p "$RAMFS/ssh/answers" ] || return 0
	SSH_NUMBER=0
	# answers can be secret
	{ mkdir -m 700 "$RAMFS/ssh" && mkfifo -m 600 "$RAMFS/ssh/answers"; } || {
		warn "no SSH: $RAMFS/ssh cannot be made"
		return 1
	}
	exec 8<>"$RAMFS/ssh/answers"
	# in a subshell: as a child of init it would be waited for where init waits for its
	# children. exec: of what a function's redirections replace the shell keeps a copy, which is
	# a pipe here
	SSH_PID=$(
		(
			exec </dev/null >&2
			ssh_serve
		) &
		echo $!
	)
}

# ssh_serve: a process of its own, which waits for dropbear's end. Nothing in it stops the boot, or writes
# between a question and its answer.
# shellcheck disable=SC2317 # called by net.sh
ssh_serve() {
	local why=- key
	say() { ssh_note "$*"; }
	warn() { ssh_note "warning: $*"; }
	fail() { no_ssh "$2"; }
	working() { :; }
	waiting() { :; }
	trap 'stop_dhcp 2>/dev/null; exit 1' TERM
	load net
	until net_up; do
		case " $P_NET " in *' off '* | *' none '*) no_ssh "ip=$P_NET" ;; esac
		# once: each would be asked behind it again
		[ "$why" = "$NET_WHY" ] ||
			ssh_note "no SSH: no network: ${NET_WHY:-no link}; trying again"
		why=$NET_WHY
		$RUN sleep 10 &
		wait $!
	done
	ssh_files || no_ssh 'the files of dropbear cannot be written'
	set -- -F -E -s -j -k -p 22 -c "/bin/sh ${LIB#"$ROOT"}/net/ssh-session.sh"
	for key in "$ROOT"/etc/mkvinitrd/ssh/host_key*; do
		set -- "$@" -r "$key"
	done
	$RUN dropbear "$@" >"$RAMFS/ssh/log" 2>&1 8>&- &
	# shellcheck disable=SC2064 # of now
	trap "kill $!; exit 1" TERM
	ssh_note "ssh root@${NET_IP:-ADDRESS} can answer, too"
	wait $! || :
	ssh_note "no SSH any more: dropbear ended: $(tail -n 1 "$RAMFS/ssh/log")"
}

# no_ssh REASON: ends ssh_serve
# shellcheck disable=SC2317 # called by what net.sh calls
no_ssh() {
	ssh_note "no SSH: $1"
	exit 1
}

# ssh_note TEXT: for the console, where the next question is asked, or is open
ssh_note() {
	printf 'note %s\n' "$1" >&8
	mark "$1"
}

# ssh_files: what dropbear expects of a system. Terminals keep what is typed from being shown.
ssh_files() {
	local home=$ROOT/root
	[ -e "$ROOT/etc/passwd" ] || echo 'root:*:0:0:root:/root:/bin/sh' >"$ROOT/etc/passwd" ||
		return 1
	mkdir -p "$home/.ssh" "$ROOT/dev/pts" &&
		cat "$ROOT/etc/mkvinitrd/ssh/authorized_keys" >"$home/.ssh/authorized_keys" &&
		chmod 700 "$home" "$home/.ssh" && chmod 600 "$home/.ssh/authorized_keys" || return 1
	$RUN mount -t devpts -o nosuid,noexec,mode=600,ptmxmode=666 devpts "$ROOT/dev/pts" ||
		ssh_note 'warning: what is typed over SSH will be shown there: no /dev/pts'
}

# ssh_secret PROMPT: in RET what is typed at the console, or there
ssh_secret() {
	local line
	SSH_NUMBER=$((SSH_NUMBER + 1))
	rm -f "$RAMFS/ssh/opened"
	{ printf '%s\n%s\n' $SSH_NUMBER "$1" >"$RAMFS/ssh/question.new" &&
		mv "$RAMFS/ssh/question.new" "$RAMFS/ssh/question"; } ||
		warn 'the question cannot be asked over SSH'
	$RUN stty -echo <"$ROOT/dev/console" 2>/dev/null || :
	printf '%s' "$1" >>"$ROOT/dev/console"
	SSH_READER=$(
		(
			exec >&8 2>/dev/null
			ssh_console $SSH_NUMBER
		) &
		echo $!
	)
	while IFS= read -r line <&8; do
		case $line in
		"$SSH_NUMBER "*) break ;;
		'note '*) printf '\nmkvinitrd: %s\n%s' "${line#note }" "$1" >>"$ROOT/dev/console" ;;
		esac
	done
	kill "$SSH_READER" 2>/dev/null || :
	rm -f "$RAMFS/ssh/question"
	$RUN stty echo <"$ROOT/dev/console" 2>/dev/null || :
	echo >>"$ROOT/dev/console"
	RET=${line#* }
}

# ssh_console NUMBER: the answer that is typed there; one process, which can be ended
ssh_console() {
	# the end of input, as by ^D, is no answer
	exec $RUN awk -v console="$ROOT/dev/console" "BEGIN {
		while ((getline line <console) < 1) { close(console); system(\"sleep 1\") }
		print \"$1 \" line }"
}

# ssh_opened TEXT: those who are logged in hear it, and are done
ssh_opened() {
	[ ! -d "$RAMFS/ssh" ] || echo "$1" >"$RAMFS/ssh/opened" || :
}

# ssh_stop: with the network, unless the root has it
ssh_stop() {
	local pid link left=20
	# sessions end by themselves when they have said that it is open, or was without them
	[ -e "$RAMFS/ssh/opened" ] || ssh_opened 'nothing is asked: the system starts'
	while [ -e "$RAMFS/ssh/opened" ] && [ $left -gt 0 ]; do
		case $($RUN pidof dropbear) in *' '*) ;; *) break ;; esac
		left=$((left - 1))
		$RUN sleep 0.1
	done
	for pid in ${SSH_PID:-} $($RUN pidof dropbear); do
		kill "$pid" 2>/dev/null || :
	done
	[ -n "${NET_DEV:-}" ] || {
		first_line "$RAMFS/net/kept"
		for pid in $RET; do
			# the lease is given back
			{ kill -USR2 "$pid" && kill "$pid"; } 2>/dev/null || :
		done
		# also those without an answer: kernels before 6.2 rename no link that is up
		for link in "$ROOT"/sys/class/net/*; do
			case $link in */lo) continue ;; esac
			[ -d "$link" ] || continue
			link=${link##*/}
			{ $RUN ip addr flush dev "$link" && $RUN ip link set "$link" down; } ||
				warn "$link keeps its address"
		done
		rm -f "$ROOT"/run/net-*.conf "$RAMFS/resolv.conf"
	}
	# -l: a session that was killed may have its terminal for a moment
	$RUN umount -l "$ROOT/dev/pts" 2>/dev/null || :
	exec 8>&-
	rm -rf "$RAMFS/ssh"
}
