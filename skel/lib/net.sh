# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network: every link up at once, addresses by ip= or DHCP, the first valid lease wins.
# The kernels that matter have no IP_PNP: the whole grammar of ip= is ours.

NET=$RAMFS/net

# net_up: true when a link has an address; NET_WHY says why not. Once is enough.
net_up() {
	local w
	[ -z "${NET_DEV:-}" ] || return 0
	NET_WHY='' NET_DEV='' NET_SERVER='' NICS=''
	for w in $P_NET; do
		case $w in off | none) return 1 ;; esac
	done
	mkdir -p "$NET" "$ROOT/etc"
	wait_nics || return 1
	links_up
	case $P_NET in
	'') net_dhcp "$NICS" ;;
	*) net_words ;;
	esac
	[ -n "$NET_DEV" ] || {
		link_report
		return 1
	}
	hand_dns
}

# Each word in turn; with several, each may serve another link.
net_words() {
	local w dhcp=''
	for w in $P_NET; do
		parse_ip "$w"
		case $N_AUTO in
		static) net_static || : ;;
		*) dhcp="$dhcp ${N_DEV:-$NICS}" ;;
		esac
	done
	[ -z "$dhcp" ] || net_dhcp "$dhcp" || [ -n "$NET_DEV" ]
}

# nics: Ethernet-like links in NICS; with BOOTIF= only that one, when it is there
nics() {
	local dir name all=''
	NICS=''
	for dir in "$ROOT/sys/class/net"/*; do
		name=${dir##*/}
		first_line "$dir/type"
		[ "$RET" = 1 ] && [ ! -d "$dir/wireless" ] || continue
		all="$all $name"
		[ -z "$P_BOOTIF" ] || ! is_bootif "$dir/address" || NICS=$name
	done
	NICS=${NICS:-${all# }}
	[ -n "$NICS" ]
}

# BOOTIF=01-52-54-00-12-34-56, the first two digits being the hardware type
is_bootif() {
	local want=$P_BOOTIF mac
	first_line "$1"
	swap "$RET" : -
	mac=$RET
	case $want in ??-??-??-??-??-??-??) want=${want#??-} ;; esac
	case $want in *[A-F]*) want=$(echo "$want" | tr A-F a-f) ;; esac
	swap "$want" : -
	[ "$mac" = "$RET" ]
}

# A driver may still be at work on its link, or the adapter hang on a slow bus.
wait_nics() {
	local n=0
	until nics; do
		n=$((n + 1))
		if [ $n -gt $((P_TIMEOUT * 10)) ]; then
			NET_WHY='no network adapter was found (is its driver in the image?)'
			return 1
		fi
		$RUN sleep 0.1
	done
}

links_up() {
	local nic
	$RUN ip link set lo up &
	for nic in $NICS; do
		$RUN ip link set "$nic" up &
	done
	wait
}

# parse_ip WORD: CLIENT:SERVER:GATEWAY:MASK:HOST:DEV:AUTOCONF:DNS0:DNS1, its short forms, DEV:METHOD,
# and live-boot's DEV:CLIENT:MASK:GATEWAY:DNS; in N_CLIENT.. and N_AUTO=static|dhcp
parse_ip() {
	local word=$1 IFS=:
	N_CLIENT='' N_SERVER='' N_GATEWAY='' N_MASK='' N_HOST='' N_DEV='' N_AUTO='' N_DNS=''
	set -f
	# shellcheck disable=SC2086 # fields
	set -- $word
	set +f
	case ${1:-}/${2:-} in
	dhcp/ | on/ | any/ | both/ | bootp/ | rarp/ | dhcp4/) ;;
	[a-z]*/*.*) N_DEV=$1 N_CLIENT=$2 N_MASK=${3:-} N_GATEWAY=${4:-} N_DNS=${5:-} ;;
	[a-z]*/*) N_DEV=$1 ;;
	*)
		N_CLIENT=${1:-} N_SERVER=${2:-} N_GATEWAY=${3:-} N_MASK=${4:-} N_HOST=${5:-} N_DEV=${6:-}
		N_DNS="${8:-}${9:+ $9}"
		N_AUTO=${7:-}
		;;
	esac
	case $N_AUTO:$N_CLIENT in
	off:?* | none:?* | static:?* | :?*) N_AUTO=static ;;
	*) N_AUTO=dhcp ;;
	esac
}

# net_static: an address from the command line
net_static() {
	[ -n "$N_DEV" ] || link_with_carrier
	L_IP=$N_CLIENT L_ROUTER=$N_GATEWAY L_DNS=$N_DNS L_DOMAIN='' L_SEARCH='' L_HOST=$N_HOST L_SERVER=$N_SERVER
	L_ROUTES='' L_MTU='' L_PATH='' L_FILE=''
	prefix_of "$N_MASK" "$N_CLIENT" || {
		NET_WHY="the network mask '$N_MASK' of ip= is none"
		return 1
	}
	L_PREFIX=$RET
	configure "$N_DEV" none
}

# link_with_carrier: N_DEV is the first link on which something answers the signal; the only one needs none
link_with_carrier() {
	local nic n=0
	N_DEV=${NICS%% *}
	[ "$N_DEV" != "$NICS" ] || return 0
	while [ $n -lt 100 ]; do
		for nic in $NICS; do
			first_line "$ROOT/sys/class/net/$nic/carrier" 2>/dev/null
			[ "$RET" != 1 ] || {
				N_DEV=$nic
				return 0
			}
		done
		n=$((n + 1))
		$RUN sleep 0.1
	done
}

# prefix_of MASK ADDRESS: bits in RET; an empty mask is that of the address class
prefix_of() {
	local byte IFS=.
	RET=0
	case $1 in
	'') class_prefix "${2%%.*}" ;;
	*.*.*.*)
		for byte in $1; do
			case $byte in
			255) RET=$((RET + 8)) ;;
			254) RET=$((RET + 7)) ;;
			252) RET=$((RET + 6)) ;;
			248) RET=$((RET + 5)) ;;
			240) RET=$((RET + 4)) ;;
			224) RET=$((RET + 3)) ;;
			192) RET=$((RET + 2)) ;;
			128) RET=$((RET + 1)) ;;
			0) ;;
			*) return 1 ;;
			esac
		done
		;;
	*[!0-9]*) return 1 ;;
	*) RET=$1 && [ "$1" -le 32 ] ;;
	esac
}

class_prefix() {
	if [ "$1" -lt 128 ]; then RET=8; elif [ "$1" -lt 192 ]; then RET=16; else RET=24; fi
}

# number_of ADDRESS: as an integer in RET
number_of() {
	local IFS=.
	RET=0
	# shellcheck disable=SC2086 # bytes
	set -- $1
	[ $# = 4 ] || return 1
	RET=$((($1 << 24) | ($2 << 16) | ($3 << 8) | $4))
}

# in_subnet ADDRESS OF PREFIX
in_subnet() {
	local a
	number_of "$1" || return 1
	a=$RET
	number_of "$2" || return 1
	[ $((a >> (32 - $3))) = $((RET >> (32 - $3))) ]
}

# configure DEV dhcp|none: address, routes, resolv.conf from L_*
configure() {
	local dev=$1 server
	$RUN ip addr add "$L_IP/$L_PREFIX" brd + dev "$dev" 2>/dev/null || $RUN ip addr add "$L_IP/$L_PREFIX" dev "$dev" || {
		NET_WHY="$dev would not take the address $L_IP/$L_PREFIX"
		return 1
	}
	[ -z "$L_MTU" ] || $RUN ip link set dev "$dev" mtu "$L_MTU"
	routes "$dev"
	[ -z "$L_HOST" ] || $RUN hostname "$L_HOST"
	NET_DEV=$dev NET_SERVER=${L_SERVER:-$NET_SERVER}
	for server in $L_DNS; do
		[ "$server" = 0.0.0.0 ] || P_DNS="$P_DNS $server"
	done
	[ -z "$L_SEARCH$L_DOMAIN" ] || NET_SEARCH=${L_SEARCH:-$L_DOMAIN}
	net_conf "$dev" "$2" >"$ROOT/run/net-$dev.conf"
	say "$dev has $L_IP/$L_PREFIX${L_ROUTER:+, router $L_ROUTER}"
}

# Classless routes replace the router (RFC 3442). A router outside the subnet (/32) is told to be on the link.
routes() {
	local router=${L_ROUTER%% *}
	if [ -n "$L_ROUTES" ]; then
		# shellcheck disable=SC2086 # pairs
		set -- "$1" $L_ROUTES
		while [ $# -ge 3 ]; do
			case $3 in
			0.0.0.0) $RUN ip route add "$2" dev "$1" ;;
			*) via "$1" "$2" "$3" ;;
			esac
			shift 2
			set -- "$NIC_OF_ROUTES" "$@" && shift && set -- "$@"
		done
		return 0
	fi
	case $router in
	'' | 0.0.0.0) ;;
	*) via "$1" default "$router" ;;
	esac
}

# via DEV DESTINATION ROUTER
via() {
	in_subnet "$3" "$L_IP" "$L_PREFIX" || $RUN ip route add "$3" dev "$1" scope link
	$RUN ip route add "$2" via "$3" dev "$1"
}
