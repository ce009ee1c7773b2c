#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# LUKS volumes with a key in a TPM or a security token: by what they are opened, and what is said
# before the passphrase is asked for. The boot case disk-tpm2 has a TPM.
load lib.bash
load volumes.bash

TPM2='{ "tokens": { "0": { "type":"systemd-tpm2", "tpm2-pcrs":[ 7 ], "tpm2-pin":false } } }'
FIDO2='{ "tokens": { "0": { "type":"systemd-fido2", "fido2-clientPin-required":true } } }'

# tokens JSON [LIBRARY...]: of the header; what the profile packed
tokens() {
	local name
	tools cryptsetup
	printf '%s' "$1" >"$ROOT/header"
	shift
	mkdir -p "$ROOT/lib/systemd" "$ROOT/lib/x86_64-linux-gnu"
	: >"$ROOT/lib/systemd/systemd-cryptsetup" && chmod +x "$ROOT/lib/systemd/systemd-cryptsetup"
	for name in "$@"; do : >"$ROOT/lib/x86_64-linux-gnu/$name.so.0"; done
	fake cryptsetup <<'FAKE'
[ "$1" != luksDump ] || exec cat "$ROOT/header"
read -r _ <"$ROOT/wrong" 2>/dev/null && exit 2
for last in "$@"; do before=$device device=$last; done
"$FAKES/volume" dm-0 "$last" CRYPT-LUKS2-abc "${before##*/}"
FAKE
	# REFUSES: lines that it says; the PIN is 1234 where one is expected
	fake systemd-cryptsetup <<'FAKE'
[ ! -e "$ROOT/refuses" ] || { cat "$ROOT/refuses" && exit 1; }
[ ! -e "$ROOT/pin" ] || [ "${PIN:-}" = "$(cat "$ROOT/pin")" ] || { echo 'TPM2 PIN unlock failed' && exit 1; }
"$FAKES/volume" dm-0 "$2" CRYPT-LUKS2-abc "${3##*/}"
FAKE
}

tpm() { mkdir -p "$ROOT/sys/class/tpmrm/tpmrm0"; }

fido2() {
	mkdir -p "$ROOT/sys/class/hidraw/hidraw0/device"
	printf '\006\320\361\011\001' >"$ROOT/sys/class/hidraw/hidraw0/device/report_descriptor"
}

by_header() {
	tokens "$TPM2" libtss2-esys
	tpm
	cmdline 'root=/dev/mapper/croot rd.luks.name=luks=croot rd.luks.options=discard'
	boot
	calls 'systemd-cryptsetup attach croot /dev/vda2 - luks,discard,headless=1,tpm2-device=auto,token-timeout=1' \
		'mount -t ext4 -o ro /dev/mapper/croot /newroot' &&
		not_called 'cryptsetup open' && not_called '^stty'
}
@test "a volume whose header has a key in the TPM is opened by it, and nobody is asked" { both by_header; }

by_options() {
	tokens '{ }' libtss2-esys
	tpm
	cmdline 'root=/dev/mapper/luks-luks rd.luks.uuid=luks rd.luks.options=tpm2-device=/dev/tpmrm0,tpm2-measure-pcr=yes,token-timeout=9s'
	boot
	calls 'systemd-cryptsetup attach luks-luks /dev/vda2 - luks,headless=1,tpm2-device=/dev/tpmrm0,tpm2-measure-pcr=yes,token-timeout=1'
}
@test "the options of crypttab for the TPM are those of systemd-cryptsetup" { both by_options; }

refused() {
	tokens "$TPM2" libtss2-esys
	tpm
	printf '%s\n' 'Set cipher aes' 'ERROR:esys: failed' 'Current policy digest does not match' \
		'falling back to traditional unlocking' >"$ROOT/refuses"
	cmdline 'root=UUID=luks'
	boot
	said 'warning: the TPM does not open /dev/vda2: Current policy digest does not match' &&
		calls 'systemd-cryptsetup attach vi-root /dev/vda2 - luks,headless=1,tpm2-device=auto,token-timeout=1' \
			'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' \
			'mount -t ext4 -o ro /dev/mapper/vi-root /newroot'
}
@test "a TPM that does not give the key: one line with the reason, then the passphrase" { both refused; }

without_tpm() {
	tokens "$TPM2" libtss2-esys
	cmdline 'root=UUID=luks'
	boot
	said 'warning: /dev/vda2 is not opened by the TPM: none was found in 5 s' &&
		calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' &&
		not_called '^systemd-cryptsetup'
}
@test "a machine without a TPM: said, then the passphrase" { both without_tpm; }

with_pin() {
	tokens "${TPM2/false/true}" libtss2-esys
	tpm
	printf 1234 >"$ROOT/pin"
	types 4321 1234
	cmdline 'root=UUID=luks'
	boot
	[ "$(grep -c '^systemd-cryptsetup' "$CALLS")" = 2 ] && not_called 'cryptsetup open' &&
		not_called 1234 &&
		said 'the TPM does not open /dev/vda2: TPM2 PIN unlock failed' &&
		grep -q 'Enter PIN of the TPM for /dev/vda2 (empty: use the passphrase): ' "$ROOT/dev/console" || return 1
	new_tree
	tokens "${TPM2/false/true}" libtss2-esys
	tpm
	types '' secret
	cmdline 'root=UUID=luks'
	boot
	calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' &&
		not_called '^systemd-cryptsetup'
}
@test "a PIN is asked for, up to three times; an empty one leads to the passphrase" { both with_pin; }

security_token() {
	tokens "$FIDO2" libfido2
	fido2
	printf 77 >"$ROOT/pin"
	types 77
	cmdline 'root=UUID=luks'
	boot
	calls 'systemd-cryptsetup attach vi-root /dev/vda2 - luks,timeout=1,tries=1,fido2-device=auto,token-timeout=1' &&
		not_called 'cryptsetup open' || return 1
	new_tree
	tokens "$FIDO2" libfido2
	cmdline 'root=UUID=luks rd.luks.options=token-timeout=2'
	boot
	said '/dev/vda2 is not opened by the security token: none was found in 15 s' &&
		calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root'
}
@test "a FIDO2 token is used once it is plugged in, with its PIN" { both security_token; }

both_kinds() {
	tokens '{ "tokens": { "0": { "type":"systemd-tpm2", "tpm2-pin":false },
		"1": { "type":"systemd-fido2", "fido2-clientPin-required":true } } }' \
		libtss2-esys libfido2
	tpm
	fido2
	printf 77 >"$ROOT/pin"
	types 77
	fake systemd-cryptsetup <<'FAKE'
case $5 in *tpm2-device*) echo 'Current policy digest does not match' && exit 1 ;; esac
[ "${PIN:-}" = 77 ] || exit 1
"$FAKES/volume" dm-0 "$2" CRYPT-LUKS2-abc "${3##*/}"
FAKE
	cmdline 'root=UUID=luks'
	boot
	calls 'systemd-cryptsetup attach vi-root /dev/vda2 - luks,headless=1,tpm2-device=auto,token-timeout=1' \
		'systemd-cryptsetup attach vi-root /dev/vda2 - luks,timeout=1,tries=1,fido2-device=auto,token-timeout=1' &&
		[ "$(grep -c '^systemd-cryptsetup' "$CALLS")" = 2 ] && not_called 'cryptsetup open'
}
@test "a volume with keys in TPM and token is opened by the one that gives it" { both both_kinds; }

not_packed() {
	tokens "$TPM2"
	tpm
	cmdline 'root=UUID=luks'
	boot
	said "/dev/vda2 has a key in the TPM, which is not used: this initramfs cannot ask it; build it with the profile line 'include tpm2'" &&
		calls 'cryptsetup open --type luks --key-file - /dev/vda2 vi-root' || return 1
	new_tree
	tools cryptsetup
	cmdline 'root=/dev/mapper/luks-luks rd.luks.uuid=luks rd.luks.options=fido2-device=auto,pkcs11-uri=auto'
	boot
	said "build it with the profile line 'include fido2'" &&
		said '/dev/vda2 has a key on a PKCS#11 token, which is not supported: it is opened with a passphrase' &&
		calls 'cryptsetup open --type luks --key-file - /dev/vda2 luks-luks'
}
@test "a token that the image cannot ask is named, and the passphrase is asked for" { both not_packed; }
