# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the root comes from over the network, and whether that can be reached with a lease. A lease
# that does not lead there is of no use, whoever was the first to answer: an office network, a
# management network, somebody's router.

# sources: lines "HOST PORT KIND" in RET, KIND tcp, udp or nbd; HOST is empty where the server of
# the lease is meant. Nothing for a root that is not on the network.
sources() {
	local url list=''
	for url in $P_NETDISK; do
		source_line "$url" && list=$list$RET$NL
	done
	case $P_NETROOT: in
	:) ;;
	*)
		case ${L_PATH:-} in
		nfs4:*) source_line "nfs:${L_PATH#nfs4:}" ;;
		*://* | nbd:* | nfs:*) source_line "$L_PATH" ;;
		*/*) nfs_source "$L_PATH" ;;
		*) false ;;
		esac && list=$list$RET$NL
		;;
	esac
	for url in "$P_ISO" "$P_HOST" "${LIVE_NFS:+nfs:$LIVE_NFS}"; do
		source_line "$url" && list=$list$RET$NL
	done
	mirrors
	RET=$list$RET
}

# mirrors: those of vi.image=, in RET
mirrors() {
	local url list='' IFS="|$NL"
	set -f
	for url in $P_IMAGE; do
		source_line "$url" && list=$list$RET$NL
	done
	set +f
	RET=$list
}

# source_line URL: a line of it in RET; false for what is not on a server
source_line() {
	local host port=''
	# what the proxy reaches is its own business
	case ${P_PROXY:+proxy:}$1 in
	proxy:http://* | proxy:https://* | proxy:ftp://*)
		case $P_PROXY in *://*) set -- "http://${P_PROXY#*://}" ;; *) set \
			-- "http://$P_PROXY" ;; esac
		;;
	esac
	case $1 in
	http://*) port='80 tcp' ;;
	https://*) port='443 tcp' ;;
	ftp://*) port='21 tcp' ;;
	tftp://*) port='69 udp' ;;
	nbd://*) port='10809 nbd' ;;
	nfs:*)
		nfs_source "${1#nfs:}"
		return
		;;
	nbd:*)
		host=${1#nbd:}
		RET="${host%%:*} 10809 nbd"
		return 0
		;;
	*) return 1 ;;
	esac
	host=${1#*://}
	host=${host%%[/?]*}
	host=${host##*@}
	case $host in
	'['*']':*) port="${host##*]:} ${port#* }" host=${host%:*} ;;
	'['*) ;;
	*:*) port="${host##*:} ${port#* }" host=${host%:*} ;;
	esac
	# shellcheck disable=SC2016 # as it stands in menus
	[ "$host" != '${pxeserver}' ] || host=''
	unbracket "$host"
	RET="${RET:--} $port"
}

# nfs_source SERVER:/path[:options]
nfs_source() {
	local options=",$P_FLAGS,$1," port=2049
	case $options in *[,:]port=[0-9]*)
		port=${options##*[,:]port=}
		port=${port%%[!0-9]*}
		;;
	esac
	case $1 in
	/*) RET='' ;;
	*) unbracket "${1%%:/*}" ;;
	esac
	# shellcheck disable=SC2016
	[ "$RET" != '${pxeserver}' ] || RET=''
	RET="${RET:--} $port tcp"
}

unbracket() {
	RET=${1#'['}
	RET=${RET%']'}
}

# source_reached LINK: one of the sources can be reached, or there is none; with what L_* says,
# whose address and routes the link has.
# Else WHY_NOT.
source_reached() {
	local host port kind list
	sources
	list=$RET WHY_NOT=''
	[ -n "$list" ] || return 0
	while read -r host port kind; do
		[ -n "$host" ] || continue
		[ "$host" != - ] || host=$L_SERVER
		! reached "$1" "$host" "$port" "$kind" || return 0
	done <<SOURCES
$list
SOURCES
	return 1
}

# reached LINK HOST PORT tcp|udp|nbd: the port answers, if only to refuse; or the machine does,
# whose port may be closed for now. A server of NBD may end with its first connection.
reached() {
	local said address status=0
	waiting "$DHCP_LIMIT" "an answer of $2 over $1"
	server_address "$2" || {
		WHY_NOT="${WHY_NOT:+$WHY_NOT; }$2 has no address${L_DNS:+ by the name server $L_DNS}"
		return 1
	}
	address=$RET said=''
	[ "$4" != nbd ] || ! answers "$1" "$address" tcp || return 0
	if [ "$4" != udp ]; then
		# one that took the connection and keeps it is stopped
		said=$($RUN timeout 5 nc -w 3 "$address" "$3" 2>&1 >/dev/null </dev/null) ||
			status=$?
		case $status:$said in 0:* | 143:* | *refused*) return 0 ;; esac
	fi
	! answers "$1" "$address" "$4" || return 0
	said=${said##*: }
	WHY_NOT="${WHY_NOT:+$WHY_NOT; }$2: ${said:-no answer}"
	return 1
}

# server_address NAME: in RET, by the name servers of the lease, or those of the command line
server_address() {
	local server
	case $1 in
	'') return 1 ;;
	*:*)
		RET=$1
		return 0
		;;
	esac
	load net/nfs
	for server in ${L_DNS:-$P_DNS}; do
		! address_of "$1" "$server" || return 0
	done
	case $1 in *[!0-9.]*) return 1 ;; esac
	RET=$1
}

# answers LINK ADDRESS tcp|udp: the machine itself; a protocol that cannot be probed is content with
# the router on the way to it
answers() {
	local next
	! $RUN ping -c 1 -W 2 "$2" >/dev/null 2>&1 || return 0
	next_hop "$2" || return 1
	next=$RET
	[ "$next" = "$2" ] || [ "$3" = udp ] || return 1
	is_neighbour "$1" "$next"
}

# next_hop ADDRESS: its router, or itself, in RET; false without a route
next_hop() {
	local line rest
	line=$($RUN ip route get "$1" 2>/dev/null) || return 1
	RET=$1
	case $line in *' via '*)
		rest=${line#* via }
		RET=${rest%% *}
		;;
	esac
}

# is_neighbour LINK ADDRESS: it answered when its hardware address was asked for
is_neighbour() {
	local line
	line=$($RUN ip neigh show to "$2" dev "$1" 2>/dev/null) || return 1
	case $line in *lladdr*) ;; *) return 1 ;; esac
	case $line in *FAILED* | *INCOMPLETE*) return 1 ;; esac
}
