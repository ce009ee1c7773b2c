# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# Words -> plan: reads them, then settles what they leave open.

plan_reset() {
	P_MODE='' P_IMAGE='' P_HOST='' P_PART='' P_PERSIST=''
	I_MODE='' I_IMAGE='' I_HOST='' I_PART='' I_PERSIST=''
	P_SIZE='' P_TORAM='' P_VERIFY='' P_TIMEOUT=30 P_NET='' P_BOOTIF='' P_DNS='' P_ISO='' P_SNAPSHOTS=''
	P_ROOT='' P_FSTYPE='' P_FLAGS='' P_ACCESS='' P_INIT='' P_FSCK='' P_MODULES='' P_HOSTMOUNT=''
	P_SHELL='' P_DEBUG='' P_BREAK='' P_PLAN='' P_PANIC='' P_QUIET='' P_VERBOSE='' P_CONSOLES=''
	LIVE='' LIVE_HOST='' LIVE_DIR='' LIVE_FILE='' LIVE_URL='' LIVE_NOLOAD='' LIVE_LOAD='' RD_LIVE='' COW_HOST='' COW_DIR='' ARCHISO_LABEL='' LIVE_LABEL='' CASPER_PATH=''
	P_ALSO='' P_MARK='' NFSROOT='' FOLDERS='' P_PATIENCE='' ARCHISO_NBD='' ARCHISO_NBD_NAME=archiso
	P_NOEJECT='' P_NOPROMPT='' P_GENERATIONS='' P_NORESTORE='' P_PROTECT='' P_BINDS='' P_TCE='' P_SWAP='' TC_WORDS='' TC_RESTORE='' TC_MYDATA=''
	TC_EXTRAS='' TC_RUNLEVEL='' P_PAUSE='' P_AUTOMOUNT='' P_TOHD='' NO_TCE='' NO_ZRAM='' NO_SWAP=''
	P_CHECKS='' P_KEEP_RO='' P_LINKS='' LIVE_KIND='' LIVE_NFS='' LIVE_NFSOPTS='' LIVE_NETBOOT='' ARCHISO_STAY='' COW_FLAGS='' PERCH_MODE='' PERCH_SIZE=''
	P_LVM='' P_LVM_OFF='' P_ON_LVM='' P_LUKS='' P_LUKS_OFF=''
	ROOT_IS_HOST='' PERSIST_OPEN='' COMPAT='' RUNLEVEL='' KNOWN='' NOTES='' TAIL=0
}

# The profile's words come first: what the command line says or implies wins over them.
plan_read() {
	local line
	plan_reset
	[ ! -r "$ROOT/etc/mkvinitrd/defaults" ] || while IFS= read -r line; do
		case $line in
		'' | '#'*) continue ;;
		*'"'*)
			unquote "$line"
			swap "$RET" "$NL" ' '
			line=$RET
			;;
		esac
		word "$line"
	done <"$ROOT/etc/mkvinitrd/defaults"
	I_MODE=${P_MODE:-$I_MODE} I_IMAGE=${P_IMAGE:-$I_IMAGE} I_HOST=${P_HOST:-$I_HOST}
	I_PART=${P_PART:-$I_PART} I_PERSIST=${P_PERSIST:-$I_PERSIST}
	P_MODE='' P_IMAGE='' P_HOST='' P_PART='' P_PERSIST='' KNOWN=''
	first_line "$ROOT/proc/cmdline"
	case $RET in *'"'*) unquote "$RET" ;; esac
	split "$RET"
	plan_settle
}

# Words after -- are for init alone: TAIL counts the -- and them.
split() {
	local w IFS=' 	'
	set -f
	for w in $1; do
		if [ "$TAIL" -gt 0 ] || [ "$w" = -- ]; then
			TAIL=$((TAIL + 1))
			continue
		fi
		swap "$w" "$NL" ' '
		word "$RET"
	done
	set +f
}

# The kernel's quoting: blanks between double quotes do not end a word. They become newlines, in RET.
unquote() {
	local rest=$1 out=''
	while :; do
		case $rest in
		*'"'*'"'*) ;;
		*) break ;;
		esac
		out=$out${rest%%'"'*} rest=${rest#*'"'}
		swap "${rest%%'"'*}" ' ' "$NL"
		out=$out$RET rest=${rest#*'"'}
	done
	RET=$out$rest
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

plan_settle() {
	[ -z "$P_VERBOSE" ] || P_QUIET=''
	[ "$P_TIMEOUT" -le 86400 ] || P_TIMEOUT=86400
	[ -z "$LIVE$RD_LIVE$COW_HOST$I_PERSIST" ] || {
		load live
		plan_live
	}
	[ -z "$TC_RESTORE" ] || plan_tinycore_restore
	[ -z "$NO_TCE" ] || P_TCE=''
	[ -z "$NO_ZRAM$NO_SWAP" ] || plan_swap
	plan_share
	P_IMAGE=${P_IMAGE:-$I_IMAGE} P_PART=${P_PART:-$I_PART}
	[ -z "$ROOT_IS_HOST" ] || I_HOST=${P_ROOT:-$I_HOST}
	P_HOST=${P_HOST:-${I_HOST:-any}}
	P_MODE=${P_MODE:-$I_MODE}
	[ -n "$P_MODE" ] || guess_mode
	case $P_MODE in
	overlay) P_PERSIST=${P_PERSIST:-${I_PERSIST:-ram}} ;;
	loop | disk)
		[ -n "$P_PERSIST$I_PERSIST" ] || PERSIST_OPEN=1
		P_PERSIST=${P_PERSIST:-${I_PERSIST:-none}}
		;;
	tmpfs) case $I_PERSIST in archive:*) P_PERSIST=${P_PERSIST:-$I_PERSIST} ;; esac ;;
	esac
	case $P_PERSIST in dir:* | file:* | device:*) P_PERSIST=$P_PERSIST$P_GENERATIONS ;; esac
	[ "$P_MODE" != disk ] || plan_disk
	case $P_LVM$P_LUKS:$P_ROOT:$P_PART in [!:]* | *:/dev/*/*)
		load volumes
		plan_volumes
		;;
	esac
	case $P_MODE:$P_TORAM in
	loop:1 | disk:1 | share:1) note "word 'vi.toram' is not used in mode $P_MODE" ;;
	esac
	case $P_MODE:$P_CHECKS in
	overlay:* | *:) ;;
	*) note "the words verify-checksums, checksum, verify= and cms_verify= are not used in mode $P_MODE" ;;
	esac
	case $P_MODE:$P_IMAGE:$P_ROOT:$ROOT_IS_HOST in
	disk:* | *::*) ;;
	*:*:?*:) note "word 'root=$P_ROOT' is not used: the root is made of vi.image=$P_IMAGE" ;;
	esac
}

# restore=PLACE mydata=NAME; without a place in the folder of tce=, or wherever it is
plan_tinycore_restore() {
	case $TC_RESTORE:$P_TCE in
	any:?*) RET=$P_TCE ;;
	any:) RET=any:/ ;;
	*) tinycore_place "$TC_RESTORE" ;;
	esac
	TC_WORDS=1 I_PERSIST=archive:${RET%/}/${TC_MYDATA:-mydata}.tgz
}

# noswap is about disks, nozswap about compressed memory
plan_swap() {
	local word kept=''
	for word in $P_SWAP; do
		case $word in
		zram*) [ -n "$NO_ZRAM" ] || kept="$kept $word" ;;
		*) [ -n "$NO_SWAP" ] || kept="$kept $word" ;;
		esac
	done
	P_SWAP=$kept
}

# root=TAG rootfstype=9p, root=/dev/nfs nfsroot=SERVER:/path
plan_share() {
	[ -z "$LIVE_NFS" ] || {
		P_ROOT=''
		return 0
	}
	case $P_FSTYPE:$P_ROOT in
	9p:?* | virtiofs:?*) I_MODE=share I_IMAGE=$P_FSTYPE:$P_ROOT ;;
	nfs:/dev/nfs | nfs4:/dev/nfs | :/dev/nfs) I_MODE=share I_IMAGE=nfs:$NFSROOT ;;
	nfs:?*:/* | nfs4:?*:/*) I_MODE=share I_IMAGE=nfs:$P_ROOT ;;
	*) return 0 ;;
	esac
	P_ROOT=''
}

guess_mode() {
	case $P_IMAGE in
	9p:* | virtiofs:* | nfs:*) P_MODE=share ;;
	nbd://*) P_MODE=disk ;;
	*.tar | *.tar.* | *.tgz | *.txz | *.tzst | *.cpio | *.cpio.*) P_MODE=tmpfs ;;
	*.vhd | *.vhdx | *.vdi | *.vmdk | *.qcow2 | *.img | *.raw | *.disk) P_MODE=loop ;;
	?*) P_MODE=overlay ;;
	*) [ -z "$P_ROOT" ] && P_MODE=tmpfs || P_MODE=disk ;;
	esac
}

# root= is the disk; the profile's host is the one to use without it
plan_disk() {
	case $P_IMAGE in nbd:*)
		[ -z "$P_ROOT" ] || note "word 'root=$P_ROOT' is not used: the root is on $P_IMAGE"
		P_HOST='' P_ROOT=''
		return 0
		;;
	esac
	[ -n "$P_ROOT" ] || P_ROOT=$P_HOST
	P_HOST='' P_IMAGE=''
}

# The plan for a person and for tests: what is not there is not said.
plan_print() {
	show mode "$P_MODE"
	show image "$P_IMAGE"
	show_lines also "$P_ALSO"
	show mark "$P_MARK"
	show iso "$P_ISO"
	show host "$P_HOST"
	show part "$P_PART"
	swap "${P_SNAPSHOTS%"$NL"}" "$NL" ' '
	show snapshots "$RET"
	show root "$P_ROOT"
	show lvm "$P_LVM"
	show_lines luks "$P_LUKS"
	show rootfstype "$P_FSTYPE"
	show rootflags "$P_FLAGS"
	show access "$P_ACCESS"
	show persist "$P_PERSIST"
	show storage "$LIVE_KIND"
	show readonly "$P_KEEP_RO"
	show flags "$COW_FLAGS"
	show session "$PERCH_MODE${PERCH_SIZE:+ $PERCH_SIZE}"
	show norestore "$P_NORESTORE"
	show protect "$P_PROTECT"
	show_lines bind "$P_BINDS"
	show tce "$P_TCE"
	show_lines extra "$TC_EXTRAS"
	show load "$LIVE_LOAD"
	show noload "$LIVE_NOLOAD"
	show automount "$P_AUTOMOUNT"
	show swap "${P_SWAP# }"
	show size "$P_SIZE"
	show nfs "${LIVE_NFS:+$LIVE_NFS${LIVE_NFSOPTS:+ $LIVE_NFSOPTS}}"
	show checks "${P_CHECKS# }"
	show toram "$P_TORAM"
	show tohd "$P_TOHD"
	show verify "$P_VERIFY"
	show timeout "$P_TIMEOUT"
	show patience "$P_PATIENCE"
	show net "${P_NET# }"
	show links "${P_LINKS# }"
	show bootif "$P_BOOTIF"
	show dns "${P_DNS# }"
	show modules "$P_MODULES"
	show hostmount "$P_HOSTMOUNT"
	show noeject "$P_NOEJECT"
	show noprompt "$P_NOPROMPT"
	show init "$P_INIT"
	show runlevel "$TC_RUNLEVEL"
	show pause "$P_PAUSE"
	plan_print_debug
}

plan_print_debug() {
	local line IFS="$NL"
	show console "${P_CONSOLES# }"
	show panic "$P_PANIC"
	show shell "$P_SHELL"
	show break "$P_BREAK"
	show debug "$P_DEBUG"
	show quiet "$P_QUIET"
	show fsck "$P_FSCK"
	for line in $NOTES; do
		show note "$line"
	done
}

show_lines() {
	local line IFS="$NL"
	for line in $2; do
		show "$1" "$line"
	done
}

show() {
	[ -z "$2" ] || printf '%s=%s\n' "$1" "$2"
}
