# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# The network: every link up at once, addresses by ip= or DHCP, the first valid lease wins.
# The kernels that matter have no IP_PNP: the whole grammar of ip= is ours.

export NET="$RAMFS/net" # udhcpc's script reads it

# net_up: true when a link has an address; NET_WHY says why not. Once is enough.
net_up() {
	local w
	[ -z "${NET_DEV:-}" ] || return 0
	NET_WHY='' NET_DEV='' NET_SERVER='' NICS=''
	for w in $P_NET; do
		case $w in off | none) return 1 ;; esac
	done
	make_dirs "$NET" "$ROOT/etc"
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
	'') net_dhcp "${P_ETHDEVICE:-$NICS}" ;;
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
		read_ip "$w" || continue
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

# read_ip VALUE: what one ip= says, in N_x
read_ip() {
	N_WHY='' N_NOTE=''
	bootplan_read "$NET/ip.sh" ip "$1" || N_WHY="bootplan failed"
	[ -z "$N_NOTE" ] || warn "ip=$1: $N_NOTE"
	[ -n "$N_WHY" ] || return 0
	NET_WHY="ip=$1: $N_WHY"
	warn "$NET_WHY"
	return 1
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
	for nic in lo $NICS; do
		{ $RUN ip link set "$nic" up || warn "$nic cannot be set up"; } &
	done
	wait
}

# net_static: an address from the command line
net_static() {
	link_or_carrier
	static_lease
	configure "$N_DEV" none
}

# static_lease: what the command line says, as if a server had said it
static_lease() {
	lease_reset
	# shellcheck disable=SC2153 # of bootplan
	L_IP=$N_CLIENT L_PREFIX=$N_PREFIX L_ROUTER=$N_GATEWAY L_ROUTES=$N_ROUTES L_MTU=$N_MTU L_DNS=$N_DNS L_HOST=$N_HOST L_SERVER=$N_SERVER L_MASK=$N_MASK
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
	[ -z "$L_MTU" ] || $RUN ip link set dev "$dev" mtu "$L_MTU" || warn "$dev does not take the MTU $L_MTU"
	routes "$dev"
	settled "$dev" "$2"
}

# settled DEV PROTOCOL: the link can be used; what else its configuration told
settled() {
	local dev=$1
	[ -z "$L_HOST" ] || $RUN hostname "$L_HOST" || warn "the host name '$L_HOST' cannot be set"
	NET_DEV=$dev NET_SERVER=${L_SERVER:-$NET_SERVER}
	P_DNS=$P_DNS${L_DNS:+ $L_DNS}
	[ -z "$L_SEARCH$L_DOMAIN" ] || NET_SEARCH=${L_SEARCH:-$L_DOMAIN}
	net_conf "$dev" "$2" >"$ROOT/run/net-$dev.conf" || warn "/run/net-$dev.conf cannot be written"
	say "$dev has $L_IP/$L_PREFIX${L_ROUTER:+, router $L_ROUTER}"
}

# routes DEV: each as bootplan found it; a router outside the subnet (/32) is told to be on the link first.
routes() {
	local dev=$1 kind to router
	while read -r kind to router; do
		case $kind in
		link) $RUN ip route add "$to" dev "$dev" scope link ;;
		dev) $RUN ip route add "$to" dev "$dev" ;;
		via) $RUN ip route add "$to" via "$router" dev "$dev" ;;
		esac || warn "$dev does not take the route to $to${router:+ via $router}"
	done <<ROUTES
$L_ROUTES
ROUTES
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

# take_lease LINK: configures it, unless the lease cannot lead to where the image is. With several links a lease without
# a router counts only when the image's server is its neighbour.
take_lease() {
	local server=${P_IMAGE#*://}
	server=${server%%[:/]*}
	lease_reset
	bootplan_read "$NET/$1.lease.sh" lease "$NET/$1.lease" "$server" || L_WHY='bootplan failed'
	if [ -n "$L_WHY" ]; then
		warn "the DHCP answer on $1 has $L_WHY"
		return 1
	fi
	case $L_IP in *:*)
		load ipv6
		configure6 "$1" dhcp6
		return
		;;
	esac
	[ -n "$L_REACHES" ] || [ "$NICS" = "$1" ] || {
		warn "the lease on $1 has no router and does not reach $server: waiting for another"
		return 1
	}
	configure "$1" dhcp
}

lease_reset() {
	L_IP='' L_PREFIX='' L_MASK='' L_ROUTER='' L_DNS='' L_DOMAIN='' L_SEARCH='' L_HOST=''
	L_MTU='' L_ROUTES='' L_SERVER='' L_PATH='' L_FILE='' L_WHY='' L_REACHES=''
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
	$RUN cp "$RAMFS/resolv.conf" "$ROOT/etc/resolv.conf" || warn "the name servers cannot be used: no /etc/resolv.conf"
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
