# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keys that systemd-cryptenroll(1) has put into a TPM or a security token. systemd-cryptsetup, which
# the profile packs, asks for them; where the key is not to be had a line says why, and the
# passphrase is asked for.

# unlock_by_token DEVICE|FILE NAME [OPTION of cryptsetup...]: by what TOKENS, options of crypttab,
# name, and by what the header of the volume has
unlock_by_token() {
	local device=$1 name=$2 kind header='' mapping=''
	shift 2
	mapping_options "$@"
	mapping=$RET
	[ ! -x "$ROOT/lib/systemd/systemd-cryptsetup" ] ||
		header=$(PATH=$PATH:/sbin:/usr/sbin:/usr/bin $RUN cryptsetup luksDump \
			--dump-json-metadata "$device" 2>/dev/null | tr -d ' \t\n')
	for kind in tpm2 fido2 pkcs11; do
		case $TOKENS:$header in
		*",$kind-device="*:* | *",$kind-uri="* | *:*"\"systemd-$kind\""*) ;;
		*) continue ;;
		esac
		! unlock_by_kind || return 0
	done
	return 1
}

# mapping_options OPTION...: those of cryptsetup as crypttab has them, in RET
mapping_options() {
	local option
	RET=luks
	for option in "$@"; do
		case $option in
		--allow-discards) RET=$RET,discard ;;
		--readonly) RET=$RET,read-only ;;
		--perf-no_read_workqueue) RET=$RET,no-read-workqueue ;;
		--perf-no_write_workqueue) RET=$RET,no-write-workqueue ;;
		--perf-same_cpu_crypt) RET=$RET,same-cpu-crypt ;;
		--perf-submit_from_crypt_cpus) RET=$RET,submit-from-crypt-cpus ;;
		esac
	done
}

# unlock_by_kind: by the TPM or the token; three attempts where it has a PIN
unlock_by_kind() {
	local left=1 what='the TPM' library=libtss2-esys here=has_tpm limit=5 \
		options=$mapping pin=''
	case $kind in
	fido2) what='the security token' library=libfido2 here=has_fido2 limit=15 ;;
	pkcs11)
		warn "$device has a key on a PKCS#11 token, which is not supported: it is opened with a passphrase"
		return 1
		;;
	esac
	has_library "$library" || {
		warn "$device has a key in $what, which is not used: this initramfs cannot ask it;" \
			"build it with the profile line 'include $kind'"
		return 1
	}
	token_options "$kind" "$limit"
	waiting "$limit" "$what of $device"
	await "$limit" "$here" || {
		warn "$device is not opened by $what: none was found in $limit s"
		return 1
	}
	! needs_pin || left=3
	while [ $left -gt 0 ]; do
		left=$((left - 1))
		ask_pin || return 1
		working "opening the LUKS volume $device by $what"
		[ "$kind" != fido2 ] || echo 'mkvinitrd: touch the security token if it blinks' >>"$ROOT/dev/console"
		! try_token || {
			[ -z "$pin" ] || ssh_opened "$device is open"
			return 0
		}
		warn "$what does not open $device: $(token_reason)"
	done
	return 1
}

# has_library NAME: in one of the directories of the image that may have it
has_library() {
	local file
	for file in "$ROOT/lib/$1".so* "$ROOT"/lib/*/"$1".so* "$ROOT"/lib64/"$1".so*; do
		[ ! -e "$file" ] || return 0
	done
	return 1
}

# token_options KIND SECONDS: what TOKENS say of it is added to options; token-timeout= sets limit,
# as nobody tells systemd-cryptsetup of what is plugged in later
token_options() {
	local option given='' IFS=,
	# nobody but us asks; with headless=1 it would refuse a token that wants a PIN or a touch
	case $1 in
	fido2) options=$options,timeout=1,tries=1 ;;
	*) options=$options,headless=1 ;;
	esac
	set -f
	for option in $TOKENS; do
		case $option in
		"$1-device="*) given=1 options=$options,$option ;;
		"$1-"*) options=$options,$option ;;
		token-timeout=*[!0-9s]* | token-timeout=0) ;;
		token-timeout=*)
			option=${option#*=}
			limit=${option%s}
			;;
		esac
	done
	set +f
	[ -n "$given" ] || options=$options,$1-device=auto
	options=$options,token-timeout=1
}

has_tpm() {
	local dir
	for dir in "$ROOT"/sys/class/tpmrm/tpmrm*; do
		[ ! -e "$dir" ] || return 0
	done
	return 1
}

# has_fido2: the first item of such a device's report descriptor is the usage page 0xf1d0
has_fido2() {
	local file
	for file in "$ROOT"/sys/class/hidraw/*/device/report_descriptor; do
		[ ! -r "$file" ] || case $(od -An -N3 -tx1 "$file") in *'06 d0 f1') return 0 ;; esac
	done
	return 1
}

needs_pin() {
	case $kind:$header in
	tpm2:*'"tpm2-pin":true'* | fido2:*'"fido2-clientPin-required":true'*) return 0 ;;
	esac
	return 1
}

# ask_pin: in pin, where one is needed; an empty one goes on to the passphrase
ask_pin() {
	needs_pin || return 0
	ask_secret "Enter PIN of $what for $device (empty: use the passphrase): " || return 1
	pin=$RET
	[ -n "$pin" ]
}

try_token() (
	[ -z "$pin" ] || export PIN="$pin"
	export SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_COLOR=0 \
		SYSTEMD_CRYPTSETUP_USE_TOKEN_MODULE=0 PATH="$PATH:/lib/systemd"
	$RUN systemd-cryptsetup attach "$name" "$device" - "$options" </dev/null \
		>"$RAMFS/token.log" 2>&1
)

# token_reason: what systemd-cryptsetup complains of first; the libraries of TPMs say it less
# clearly
token_reason() {
	local line
	while IFS= read -r line; do
		case $line in
		WARNING:* | ERROR:* | 'Set cipher'* | 'Automatically discovered'* | '') ;;
		*)
			printf '%s' "$line"
			return 0
			;;
		esac
	done <"$RAMFS/token.log"
	printf 'systemd-cryptsetup gave no reason'
}
