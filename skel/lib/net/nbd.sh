# shellcheck shell=dash
# shellcheck disable=SC2034 # the results are for the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# Disks that an NBD server has: nbd://SERVER[:PORT][/EXPORT]

# attach_nbd: DEVICE becomes the file system that the root is made of
attach_nbd() {
	case $P_PART in
	[1-9]* | PARTUUID=* | PARTLABEL=*) nbd_disk "$P_IMAGE" -p "$P_PART" ;;
	whole) nbd_disk "$P_IMAGE" ;;
	'') nbd_disk "$P_IMAGE" && only_partition ;;
	*) nbd_disk "$P_IMAGE" && partition_of "$DEVICE" "$P_PART" ;;
	esac
	find_image -H "$DEVICE" || fail VI402 \
		"no file system in $P_IMAGE, part '${P_PART:-whole}' ($DEVICE)" \
		'findimg above' 'specify the root partition: vi.part=1, vi.part=UUID=..., vi.part=whole'
	[ "$P_MODE" = overlay ] || ! is_read_only "$DEVICE" || keep_changes_in_ram
}

# attach_netdisks: those of netroot=; the root is found on them as on any disk
attach_netdisks() {
	local uri
	for uri in $P_NETDISK; do
		nbd_disk "$uri"
	done
}

# nbd_disk URI [-p N]: DEVICE becomes the disk. What a daemon is to find again is told by its
# number.
nbd_disk() {
	local uri try=1
	network || fail_network "the disk $1"
	nbd_address "$1" || fail VI302 "the server of '$1' cannot be resolved" '' \
		'use its IP address'
	uri=$RET
	shift
	load net/fetch
	waiting "$P_TIMEOUT" "the disk $uri"
	until DEVICE=$($RUN vdattach --state "$STATE" ${P_PATIENCE:+--patience "$P_PATIENCE"} "$@" \
		"$uri"); do
		again $try || fail VI306 "the disk $uri could not be attached" \
			'the messages of vdattach above' \
			'does the server run, and has it an export of that name? (nbdinfo --list)'
		try=$((try + 1))
	done
	say "$uri is $DEVICE"
}

# nbd_address URI: the same with the server's number, in RET. Without a server it is the one that
# gave the lease.
nbd_address() {
	local rest=${1#nbd://} name path=''
	case $rest in */*) path=/${rest#*/} ;; esac
	name=${rest%%/*}
	rest=''
	case $name in
	'['*)
		RET=$1
		return 0
		;;
	*:*) rest=:${name#*:} name=${name%%:*} ;;
	esac
	load net/nfs
	address_of "${name:-$NET_SERVER}" || return 1
	RET=nbd://$RET$rest$path
}
