# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is in a LUKS volume: cryptsetup, which the profile packs, opens it with a passphrase from the
# console, unless a TPM or a security token does (token.sh). The last one that opened a volume is
# tried on the next before anybody is asked again; it is in the memory of init alone, and ends with
# it.

# open_crypt DEVICE|FILE NAME [OPTION...]: it becomes /dev/mapper/NAME; an option of cryptsetup, or
# token:OPTION of crypttab
open_crypt() {
	local trace=$- opened='' word
	TOKENS=''
	for word in "$@"; do
		shift
		case $word in
		token:*) TOKENS=$TOKENS,${word#token:} ;;
		*) set -- "$@" "$word" ;;
		esac
	done
	[ -n "$RUN" ] || [ -x /bin/cryptsetup ] || [ -x /sbin/cryptsetup ] ||
		[ -x /usr/sbin/cryptsetup ] ||
		fail VI106 "$1 is encrypted, and this initramfs has no cryptsetup" '' \
			"build it with the profile line 'include luks'"
	make_dirs "$ROOT/run/cryptsetup"
	# what the processor has for ciphers is loaded last: see coldplug(8)
	first_line "$ROOT/sys/devices/system/cpu/modalias"
	$RUN modprobe -a dm_crypt loop ${RET:+"$RET"} 2>/dev/null
	# no passphrase in the log of vi.debug
	set +x
	{ [ -z "$TOKENS" ] && [ ! -x "$ROOT/lib/systemd/systemd-cryptsetup" ]; } || {
		load volumes/token
		! unlock_by_token "$@" || opened=1
	}
	[ -n "$opened" ] || ! unlock_by_passphrase "$@" || opened=1
	case $trace in *x*) set -x ;; esac
	[ -n "$opened" ]
}

# unlock_by_passphrase DEVICE|FILE NAME [OPTION...]: three attempts, over SSH any number
unlock_by_passphrase() {
	local left=3
	[ -z "$PASSPHRASE" ] || ! try_passphrase "$@" 2>/dev/null || return 0
	while [ $left -gt 0 ]; do
		ask_secret "Enter passphrase for $1: " || return 1
		PASSPHRASE=$RET
		try_passphrase "$@" 2>>"$ROOT/dev/console" && {
			ssh_opened "$1 is open"
			return 0
		}
		[ $? = 2 ] || break
		# who is far away can neither boot again nor use a shell at the console
		ssh_packed || left=$((left - 1))
	done
	PASSPHRASE=''
	return 1
}

# try_passphrase DEVICE|FILE NAME [OPTION...]: 2 if it is another one
try_passphrase() {
	local device=$1 name=$2
	shift 2
	working "opening the LUKS volume $device"
	printf '%s' "$PASSPHRASE" |
		PATH=$PATH:/sbin:/usr/sbin:/usr/bin $RUN cryptsetup open --type luks --key-file - \
			"$@" "$device" "$name"
}

# ask_secret PROMPT: in RET what is typed, and not shown, at the splash, else at the console, with
# 'include ssh' or over SSH; fails if nobody can type there
ask_secret() {
	load net/ssh
	# what the splash is asked could not be taken back when the answer comes from elsewhere
	[ ! -e "$ROOT/run/plymouth/pid" ] || ssh_packed || {
		load splash
		! splash_ask "$1" || return 0
	}
	asking
	! ssh_packed || ! ssh_start || {
		ssh_secret "$1"
		return
	}
	printf '%s' "$1" >>"$ROOT/dev/console"
	$RUN stty -echo <"$ROOT/dev/console" 2>/dev/null || :
	RET=$($RUN head -n 1 <"$ROOT/dev/console" && echo .)
	$RUN stty echo <"$ROOT/dev/console" 2>/dev/null || :
	echo >>"$ROOT/dev/console"
	# what head has read ends with a newline, unless it was the end of input
	case $RET in *"$NL.") RET=${RET%"$NL."} ;; *) return 1 ;; esac
}

# open_luks DEVICE|FILE: a store; RET is the device inside. It goes by itself when the store is
# unmounted: see forget_luks.
open_luks() {
	LUKS=vi-crypt
	open_crypt "$1" "$LUKS" || fail VI404 "the store $1 could not be opened" \
		'no passphrase in three tries, or the messages of cryptsetup above' \
		'boot again, or boot with vi.persist=ram to leave the saved changes out'
	# shellcheck disable=SC2034 # for assemble
	RET=/dev/mapper/$LUKS
}

# forget_luks: as soon as nobody has it mounted any more
forget_luks() {
	PATH=$PATH:/sbin:/usr/sbin:/usr/bin $RUN cryptsetup close --deferred "$LUKS" ||
		warn "$LUKS stays open"
}
