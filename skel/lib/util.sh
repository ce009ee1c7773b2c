# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What every phase uses. Functions that have a result leave it in RET: a subshell costs a fork.

# shellcheck disable=SC2034 # read by the other files
NEWROOT=$ROOT/newroot RAMFS=$ROOT/run/initramfs
STATE=$RAMFS/state HOSTDIR=$RAMFS/host
NL='
'
# parameters that the kernel does not know are in the environment, which every program inherits
unset PASSPHRASE
PASSPHRASE=''
# What rescue reads, as long as there is no plan
P_SHELL='' P_PANIC='' P_CONSOLES='' P_QUIET='' P_BREAK='' P_DEBUG='' P_CHART='' P_REPORT='' \
	P_MODE='' PLAN='' AGAIN=0 GIVEN='' FROM='' FROM_NET='' FROM_USR='' FROM_INIT='' \
	FROM_SIZE='' PHASE=start

say() {
	local RET='' # the caller's is kept
	[ "$P_QUIET" = 1 ] || {
		hide_passwords "$*"
		printf 'mkvinitrd: %s\n' "$RET" >&2
	}
}

warn() {
	local RET=''
	hide_passwords "$*"
	printf 'mkvinitrd: warning: %s\n' "$RET" >&2
}

# hide_passwords TEXT: in RET with *** for the passwords of its addresses
hide_passwords() {
	local rest=$1 server
	RET=''
	while :; do
		case $rest in *://*:*@*) ;; *) break ;; esac
		RET=$RET${rest%%://*}://
		rest=${rest#*://}
		server=${rest%%[/ |?#]*}
		case $server in *:*@*)
			RET="$RET${server%%:*}:***@"
			rest=${server##*@}${rest#"$server"}
			;;
		esac
	done
	RET=$RET$rest
}

# A line in the kernel's log, with its time stamp.
mark() {
	local RET=''
	[ -e "$ROOT/dev/kmsg" ] || return 0
	hide_passwords "$*"
	printf '<6>mkvinitrd: %s\n' "$RET" >"$ROOT/dev/kmsg"
}

# phase NAME ARGS...: vi.break's shell, the profile's hooks, then the phase itself.
phase() {
	PHASE=$1
	shift
	mark "$PHASE"
	chart "$PHASE"
	working "$PHASE"
	[ "$P_BREAK" != "$PHASE" ] || {
		load rescue
		break_shell
	}
	hooks "$PHASE"
	case $PHASE in
	settle) settle ;;
	locate) locate ;;
	attach) attach ;;
	assemble) assemble ;;
	handover) handover "$@" ;;
	esac
}

# keep_arguments ARGS...: what the kernel gave to this init, a line each, for a second start
keep_arguments() {
	local IFS="$NL"
	GIVEN=$*
}

# Hooks are programs; they run before their phase and see the plan in their environment.
hooks() {
	local hook
	for hook in "$LIB/hooks/$1"/*; do
		[ -x "$hook" ] || continue
		(
			export ROOT NEWROOT RAMFS STATE PATH P_MODE P_IMAGE P_HOST P_PART \
				P_PERSIST P_ROOT
			"$hook"
		) || warn "hook ${hook#"$LIB"/} ended with status $?"
	done
}

# report_state STATE [TEXT]: how far the boot is, where vi.report= says so
report_state() {
	[ -n "$P_REPORT" ] || return 0
	load net/report
	report "$@"
}

# bootplan_read FILE ARGS...: what bootplan says, as variables. FILE is where it is kept.
bootplan_read() {
	local file=$1
	shift
	"$ROOT/bin/bootplan" "$@" >"$file" || return 1
	# shellcheck disable=SC1090
	. "$file"
}

# Parts that a boot without trouble and without a network never reads.
load() {
	# shellcheck disable=SC1090
	. "$LIB/$1.sh"
}

# fail CODE WHY [SEEN [WHAT TO DO]]: does not come back. CODE is one of mkvinitrd-errors(7).
fail() {
	! lost_disk || {
		load again
		start_again "$@"
	}
	load rescue
	rescue "$@"
}

# lost_disk: a disk in use, in RET, was removed. What was copied to RAM is no longer in use.
lost_disk() {
	local device rest
	[ -d "$ROOT/sys/class/block" ] && [ -r "$ROOT/proc/mounts" ] || return 1
	# shellcheck disable=SC2034 # rest
	while read -r device rest; do
		! is_lost "$device" || return 0
	done <"$ROOT/proc/mounts"
	# shellcheck disable=SC2153 # locate sets DEVICE
	case $P_MODE:$PHASE in disk:assemble) is_lost "$DEVICE" ;; *) return 1 ;; esac
}

# is_lost DEVICE: a disk or partition, not one that was made of something else
is_lost() {
	RET=$1
	case $1 in
	/dev/*/* | /dev/loop* | /dev/dm-* | /dev/md* | /dev/nbd* | /dev/ublk* | /dev/fuse) return 1 ;;
	/dev/?*) [ ! -e "$ROOT/sys/class/block/${1#/dev/}" ] ;;
	*) return 1 ;;
	esac
}

# first_line FILE: its first line in RET, empty when there is none.
first_line() {
	RET=''
	[ ! -r "$1" ] || IFS= read -r RET <"$1" || :
}

# meminfo KEY: MiB in RET
meminfo() {
	local key kib rest
	RET=0
	[ -r "$ROOT/proc/meminfo" ] || return 0
	# shellcheck disable=SC2034 # rest
	while read -r key kib rest; do
		[ "$key" != "$1:" ] || RET=$((kib / 1024))
	done <"$ROOT/proc/meminfo"
}

# mib FILE: its size in MiB, rounded up, in RET
mib() {
	RET=$(stat -L -c %s "$1") || RET=0
	RET=$(((RET + 1048575) / 1048576))
}

# make_dirs DIR...: in the initramfs; the boot fails without them
make_dirs() {
	mkdir -p "$@" ||
		fail VI105 "cannot create the directories $*" \
			'the memory of this initramfs may be full' 'give the machine more memory'
}

# swap TEXT FROM TO: every FROM replaced, in RET
swap() {
	local rest=$1
	RET=''
	while :; do
		case $rest in
		*"$2"*) RET=$RET${rest%%"$2"*}$3 rest=${rest#*"$2"} ;;
		*) break ;;
		esac
	done
	RET=$RET$rest
}

# list_has LIST WORD: LIST has WORD between spaces
list_has() {
	case " $1 " in *" $2 "*) return 0 ;; esac
	return 1
}

# The files of STATE keep what the shutdown ramfs takes down again, one item a line.
state_push() {
	chart "state: $*"
	printf '%s\n' "$*" >>"$STATE"
}

# state_drop LINE: forgets every line equal to LINE.
state_drop() {
	local line kept=''
	[ -e "$STATE" ] || return 0
	while IFS= read -r line; do
		[ "$line" = "$1" ] || kept=$kept$line$NL
	done <"$STATE"
	printf '%s' "$kept" >"$STATE"
}

# await SECONDS COMMAND...: until it is true. Looks again when the kernel tells of a disk, a link or
# an address: by netlink, where busybox cannot listen. The last look is at the end.
await() {
	local limit=$1 fifo
	shift
	! "$@" || return 0
	fifo=$(mktemp -u "$ROOT/run/await.XXXXXX") && mkfifo "$fifo" || return 1
	# opened both ways first, so that no open waits: the end of an earlier child would interrupt
	# it, and end this shell
	# shellcheck disable=SC2094 # a FIFO
	exec 7<>"$fifo" 5<"$fifo" 6>"$fifo" 7<&-
	rm -f "$fifo"
	$RUN coldplug --events "$limit" >&6 5<&- 6>&- &
	exec 6>&-
	while read -r _ <&5; do
		"$@" 5<&- || continue
		exec 5<&-
		return 0
	done
	exec 5<&-
	"$@"
}
