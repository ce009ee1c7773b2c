# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is in a LUKS volume: cryptsetup, which the profile packs, asks for the passphrase on the console.

# open_crypt DEVICE|FILE NAME [OPTION...]: it becomes /dev/mapper/NAME
open_crypt() {
	local device=$1 name=$2
	shift 2
	[ -n "$RUN" ] || [ -x /bin/cryptsetup ] || [ -x /sbin/cryptsetup ] || [ -x /usr/sbin/cryptsetup ] ||
		fail VI106 "$device is encrypted, and this initramfs has no cryptsetup" '' "build it with the profile line 'include luks'"
	make_dirs "$ROOT/run/cryptsetup"
	# what the processor has for ciphers is loaded last: see coldplug(8)
	first_line "$ROOT/sys/devices/system/cpu/modalias"
	$RUN modprobe -a dm_crypt loop ${RET:+"$RET"} 2>/dev/null
	asking
	# shellcheck disable=SC2094 # a terminal
	PATH=$PATH:/sbin:/usr/sbin:/usr/bin $RUN cryptsetup open --type luks --tries 3 "$@" "$device" "$name" <"$ROOT/dev/console" >"$ROOT/dev/console" 2>&1
}

# open_luks DEVICE|FILE: a store; RET is the device inside. It goes by itself when the store is unmounted: see forget_luks.
open_luks() {
	LUKS=vi-crypt
	open_crypt "$1" "$LUKS" || fail VI404 "the store $1 could not be opened" 'no passphrase in three tries, or the messages of cryptsetup above' \
		'boot again, or boot with vi.persist=ram to leave the saved changes out'
	# shellcheck disable=SC2034 # for assemble
	RET=/dev/mapper/$LUKS
}

# forget_luks: as soon as nobody has it mounted any more
forget_luks() {
	PATH=$PATH:/sbin:/usr/sbin:/usr/bin $RUN cryptsetup close --deferred "$LUKS" ||
		warn "$LUKS stays open"
}
