# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network: every link up at once, addresses by ip= or DHCP, the first valid lease wins.
# The kernels that matter have no IP_PNP: the whole grammar of ip= is ours.

export NET="$RAMFS/net" # udhcpc's script reads it
# shellcheck source=skel/lib/addr.sh
. "$LIB/addr.sh"

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
	case $P_LINKS in *ifname=*)
		load links
		each_link ifname rename_link
		nics
		;;
	esac
	links_up
	case $P_LINKS in *bond=* | *vlan=*)
		load links
		make_links
		;;
	esac
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
		case $N_AUTO:$N_CLIENT in
		static:*:* | *6:*)
			load ipv6
			net_ipv6
			;;
		static:*) net_static || : ;;
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
		if [ "$RET" != 1 ] || [ -d "$dir/wireless" ] || [ -e "$dir/master" ]; then continue; fi
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
	waiting "$P_TIMEOUT" 'a network adapter'
	await "$P_TIMEOUT" nics || {
		NET_WHY='no network adapter was found (is its driver in the image?)'
		return 1
	}
}

links_up() {
	local nic
	$RUN ip link set lo up &
	for nic in $NICS; do
		$RUN ip link set "$nic" up &
	done
	wait
}

# net_static: an address from the command line
net_static() {
	link_or_carrier
	lease_reset
	# shellcheck disable=SC2153
	L_IP=$N_CLIENT L_ROUTER=$N_GATEWAY L_DNS=$N_DNS L_HOST=$N_HOST L_SERVER=$N_SERVER L_MASK=$N_MASK
	if ! number_of "$N_CLIENT" || ! prefix_of "$N_MASK" "$N_CLIENT"; then
		NET_WHY="ip= has no usable address and mask: '$N_CLIENT', '$N_MASK'"
		return 1
	fi
	L_PREFIX=$RET
	configure "$N_DEV" none
}

link_or_carrier() {
	[ -n "$N_DEV" ] || link_with_carrier
}

# link_with_carrier: N_DEV is the first link on which something answers the signal; the only one needs none
link_with_carrier() {
	local nic n=0
	N_DEV=${NICS%% *}
	[ "$N_DEV" != "$NICS" ] || return 0
	waiting 10 "a carrier on one of $NICS"
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

# configure DEV dhcp|none: address, routes, resolv.conf from L_*
configure() {
	local dev=$1
	$RUN ip addr add "$L_IP/$L_PREFIX" brd + dev "$dev" 2>/dev/null || $RUN ip addr add "$L_IP/$L_PREFIX" dev "$dev" || {
		NET_WHY="$dev would not take the address $L_IP/$L_PREFIX"
		return 1
	}
	[ -z "$L_MTU" ] || $RUN ip link set dev "$dev" mtu "$L_MTU"
	routes "$dev"
	settled "$dev" "$2"
}

# settled DEV PROTOCOL: the link can be used; what else its configuration told
settled() {
	local dev=$1 server
	[ -z "$L_HOST" ] || $RUN hostname "$L_HOST"
	NET_DEV=$dev NET_SERVER=${L_SERVER:-$NET_SERVER}
	for server in $L_DNS; do
		[ "$server" = 0.0.0.0 ] || P_DNS="$P_DNS $server"
	done
	[ -z "$L_SEARCH$L_DOMAIN" ] || NET_SEARCH=${L_SEARCH:-$L_DOMAIN}
	net_conf "$dev" "$2" >"$ROOT/run/net-$dev.conf"
	say "$dev has $L_IP/$L_PREFIX${L_ROUTER:+, router $L_ROUTER}"
}

# Classless routes replace the router (RFC 3442).
routes() {
	local dev=$1 router=${L_ROUTER%% *}
	# shellcheck disable=SC2086 # pairs
	set -- $L_ROUTES
	[ $# -ge 2 ] || case $router in
	'' | 0.0.0.0) ;;
	*) set -- default "$router" ;;
	esac
	while [ $# -ge 2 ]; do
		case $2 in
		0.0.0.0) $RUN ip route add "$1" dev "$dev" ;;
		*) via "$dev" "$1" "$2" ;;
		esac
		shift 2
	done
}

# via DEV DESTINATION ROUTER: a router outside the subnet (/32) is told to be on the link.
via() {
	in_subnet "$3" "$L_IP" "$L_PREFIX" || $RUN ip route add "$3" dev "$1" scope link
	$RUN ip route add "$2" via "$3" dev "$1"
}

# net_conf DEV PROTOCOL: in the format of ipconfig, which other programs source; so nothing odd goes in
net_conf() {
	# shellcheck disable=SC2086 # the first and the second server
	set -- "$1" "$2" $L_DNS
	conf_line DEVICE "$1"
	conf_line PROTO "$2"
	case $L_IP in *:*)
		conf_line IPV6ADDR "$L_IP"
		conf_line IPV6PREFIX "$L_PREFIX"
		conf_line IPV6GATEWAY "$L_ROUTER"
		conf_line HOSTNAME "$L_HOST"
		return 0
		;;
	esac
	conf_line IPV4ADDR "$L_IP"
	conf_line IPV4NETMASK "$L_MASK"
	conf_line IPV4GATEWAY "${L_ROUTER%% *}"
	conf_line IPV4DNS0 "${3:-}"
	conf_line IPV4DNS1 "${4:-}"
	conf_line HOSTNAME "$L_HOST"
	conf_line DNSDOMAIN "$L_DOMAIN"
	conf_line DOMAINSEARCH "$L_SEARCH"
	conf_line ROOTSERVER "$L_SERVER"
	conf_line ROOTPATH "$L_PATH"
	conf_line filename "$L_FILE"
}

conf_line() {
	case $2 in
	*[!A-Za-z0-9._:/,\ -]*) printf "%s=''\n" "$1" ;;
	*) printf "%s='%s'\n" "$1" "$2" ;;
	esac
}

# net_dhcp LINKS [6]: asks on all of them at once; true when one has an address
net_dhcp() {
	local event nic left=0
	rm -f "$NET/events"
	mkfifo "$NET/events"
	dhcp_tries
	waiting "$RET" "a DHCP answer on ${1# }"
	exec 4<>"$NET/events"
	for nic in $1; do
		left=$((left + 1))
		ask_dhcp "$nic" "${2:-}" &
	done
	while [ $left -gt 0 ] && read -r event nic <&4; do
		case $event in
		bound) ! take_lease "$nic" || break ;;
		ended) left=$((left - 1)) ;;
		esac
	done
	exec 4>&-
	stop_dhcp
	[ -n "$NET_DEV" ]
}

# ask_dhcp LINK [6]: its script says "bound LINK" for a lease; "ended LINK" comes in any case
ask_dhcp() {
	local link=$1 tries
	dhcp_tries
	tries=$RET
	if [ -z "$2" ]; then
		set -- udhcpc -t "$tries" -O search -O staticroutes -O mtu -O rootpath
	else
		# it asks from the address that each link has of itself
		await "$tries" find_address6 "$link" link || :
		set -- udhcpc6 -t "$tries"
	fi
	$RUN "$@" -f -q -n -T 1 -A 1 -i "$link" -p "$NET/$link.pid" -s "$LIB/udhcpc" >/dev/null 2>"$NET/$link.log" || :
	echo "ended $link" >&4
}

# dhcp_tries: how many seconds to ask, in RET: longer when there is no boot without an answer
dhcp_tries() {
	RET=15
	! image_is_remote || { [ "$P_TIMEOUT" -gt 60 ] && RET=$P_TIMEOUT || RET=60; }
}

stop_dhcp() {
	local file
	for file in "$NET"/*.pid; do
		first_line "$file"
		[ -z "$RET" ] || $RUN kill "$RET" 2>/dev/null || :
	done
}

# take_lease LINK: configures it, unless the lease cannot lead to where the image is
take_lease() {
	local key value
	lease_reset
	while IFS='=' read -r key value; do
		case $key in
		ip | ipv6) L_IP=${value:-$L_IP} ;;
		mask) L_PREFIX=$value ;;
		subnet) L_MASK=$value ;;
		router) L_ROUTER=$value ;;
		dns) L_DNS=$value ;;
		domain) L_DOMAIN=$value ;;
		search) L_SEARCH=$value ;;
		hostname) L_HOST=$value ;;
		mtu) L_MTU=$value ;;
		staticroutes) L_ROUTES=$value ;;
		siaddr) L_SERVER=$value ;;
		rootpath) L_PATH=$value ;;
		boot_file) L_FILE=$value ;;
		esac
	done <"$NET/$1.lease"
	case $L_IP in
	*:*)
		L_PREFIX=128
		configure6 "$1" dhcp6
		;;
	*) lease_is_valid "$1" && configure "$1" dhcp ;;
	esac
}

lease_reset() {
	L_IP='' L_PREFIX='' L_MASK='' L_ROUTER='' L_DNS='' L_DOMAIN='' L_SEARCH='' L_HOST=''
	L_MTU='' L_ROUTES='' L_SERVER='' L_PATH='' L_FILE=''
}

# With several links a lease without a router counts only when the image's server is its neighbour.
lease_is_valid() {
	local server=${P_IMAGE#*://}
	if ! number_of "$L_IP" || ! prefix_of "${L_PREFIX:-$L_MASK}" "$L_IP"; then
		warn "the DHCP answer on $1 has no usable address: '$L_IP/$L_PREFIX'"
		return 1
	fi
	L_PREFIX=$RET
	[ -z "$L_ROUTER$L_ROUTES" ] && [ "$NICS" != "$1" ] || return 0
	server=${server%%[:/]*}
	case $server in '' | *[!0-9.]*) return 0 ;; esac
	in_subnet "$server" "$L_IP" "$L_PREFIX" || {
		warn "the lease on $1 has no router and does not reach $server: waiting for another"
		return 1
	}
}

# Name servers and search list for this boot and, at the hand-over, for the root.
hand_dns() {
	local server
	[ -n "$P_DNS" ] || return 0
	{
		[ -z "${NET_SEARCH:-}" ] || printf 'search %s\n' "$NET_SEARCH"
		for server in $P_DNS; do
			printf 'nameserver %s\n' "$server"
		done
	} >"$RAMFS/resolv.conf"
	$RUN cp "$RAMFS/resolv.conf" "$ROOT/etc/resolv.conf"
}

# link_report: what stands against each link, in NET_WHY
link_report() {
	local nic text="${NET_WHY:-}"
	for nic in $NICS; do
		first_line "$ROOT/sys/class/net/$nic/carrier" 2>/dev/null
		case $RET in
		1) text="$text${text:+; }$nic: link is up, no DHCP answer" ;;
		*) text="$text${text:+; }$nic: no carrier" ;;
		esac
	done
	NET_WHY=$text
}
