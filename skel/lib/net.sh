# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # what dhcp.sh reads
# The network: every link up at once, addresses by ip= or DHCP, the first lease that leads to the
# root wins.
# The kernels that matter have no IP_PNP: the whole grammar of ip= is ours.

export NET="$RAMFS/net" # udhcpc's script reads it

# net_up: true when a link has an address; NET_WHY says why not. Once is enough.
net_up() {
	local w
	[ -z "${NET_DEV:-}" ] || return 0
	NET_WHY='' NET_DEV='' NET_SERVER='' NET_PATH='' NET_NTP='' NET_LINKS='' NICS='' N_HOST='' \
		N_SERVER='' N_DNS='' N_ID='' N_NTP='' DOWN='' SEVERAL=''
	KMSG=$ROOT/dev/kmsg
	[ -w "$KMSG" ] || KMSG=/dev/null
	load net/adapters
	load net/dhcp
	load net/source
	for w in $P_NET; do
		case $w in off | none) return 1 ;; esac
	done
	make_dirs "$NET" "$ROOT/etc"
	wait_nics || return 1
	case $P_LINKS in *ifname=*)
		load net/links
		each_link ifname rename_link
		nics
		;;
	esac
	links_up
	case $P_LINKS in *bond=* | *bridge=* | *vlan=*)
		load net/links
		make_links
		;;
	esac
	[ -z "$P_BOOTDEV" ] || find_link "$P_BOOTDEV" || {
		NET_WHY="bootdev=$P_BOOTDEV: no network adapter of that name appeared"
		return 1
	}
	case $P_NET in
	'') ask_links "$P_ETHDEVICE" ;;
	*) net_words ;;
	esac
	[ -n "$NET_DEV" ] || {
		link_report
		return 1
	}
	[ -z "$P_ROUTES" ] || warn_unset_routes
	hand_dns
}

# Each parameter in turn; with several, each may serve another link. DHCP without a link comes last:
# it serves any.
net_words() {
	local word anywhere=''
	# each of several is a network of its own, and need not lead to the root
	case $P_NET in *' '*) SEVERAL=1 ;; esac
	for word in $P_NET; do
		read_ip "$word" || continue
		[ -z "$N_NOTE" ] || warn "ip=$word: $N_NOTE"
		named_link "$word" || continue
		link_settings
		case $N_AUTO:$N_CLIENT in
		static:*:* | *6:*)
			load net/ipv6
			net_ipv6
			;;
		static:*) net_static ;;
		off:*) ;;
		*) if [ -n "$N_DEV" ]; then net_dhcp "$N_DEV"; else anywhere=$word; fi ;;
		esac || :
	done
	[ -n "$anywhere" ] && read_ip "$anywhere" || return 0
	if [ -z "$NET_DEV" ]; then
		ask_links ''
		return
	fi
	# one more network, which is not needed
	DHCP_SHARE=3
	other_links
	[ -z "$RET" ] || net_dhcp "$RET" || :
	DHCP_SHARE=1
}

# other_links: those of NICS that have no address yet, in RET
other_links() {
	local nic links=''
	for nic in $NICS; do
		[ -e "$ROOT/run/net-$nic.conf" ] || links="$links $nic"
	done
	RET=$links
}

# link_settings: MTU and hardware address of the parameter; the latter is taken by a link that is
# down
link_settings() {
	[ -n "$N_DEV" ] || return 0
	[ -z "$N_MAC" ] || { $RUN ip link set "$N_DEV" down &&
		$RUN ip link set dev "$N_DEV" address "$N_MAC" && $RUN ip link set "$N_DEV" up; } ||
		warn "$N_DEV does not take the hardware address $N_MAC"
	[ -z "$N_MTU" ] || $RUN ip link set dev "$N_DEV" mtu "$N_MTU" ||
		warn "$N_DEV does not take the MTU $N_MTU"
}

# named_link WORD: the link of ip=WORD, by the name that it has here. It was waited for, or made.
named_link() {
	[ -n "$N_DEV" ] || return 0
	case $P_LINKS: in *"=$N_DEV:"*) return 0 ;; esac
	if find_link "$N_DEV"; then
		[ "$RET" = "$N_DEV" ] || say "$N_DEV is $RET here"
		N_DEV=$RET
		return 0
	fi
	NET_WHY="ip=$1: there is no network adapter $N_DEV; $(adapters_here)"
	return 1
}

# ask_links LINKS: DHCP on those that are here, without any on all
ask_links() {
	local name links=''
	for name in $1; do
		! find_link "$name" || links="$links $RET"
	done
	if [ -n "$links" ]; then net_dhcp "$links"; else net_dhcp "$NICS" '' late; fi
}

# read_ip VALUE: what one ip= says, in N_x
read_ip() {
	N_WHY='' N_NOTE=''
	bootplan_read "$NET/ip.sh" ip "$1" || N_WHY="bootplan failed"
	[ -n "$N_WHY" ] || return 0
	NET_WHY="ip=$1: $N_WHY"
	warn "$NET_WHY"
	return 1
}

links_up() {
	local nic links=$NICS
	for nic in $P_WANTED $P_ETHDEVICE; do
		! find_link "$nic" || list_has "$links" "$RET" || links="$links $RET"
	done
	for nic in lo $links; do
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
	L_IP=$N_CLIENT L_PREFIX=$N_PREFIX L_ROUTER=$N_GATEWAY L_ROUTES=$N_ROUTES L_DNS=$N_DNS \
		L_HOST=$N_HOST L_SERVER=$N_SERVER L_MASK=$N_MASK L_NTP=$N_NTP
}

link_or_carrier() {
	[ -n "$N_DEV" ] || link_with_carrier
}

# link_with_carrier: N_DEV is the first link on which something answers the signal; the only one
# needs none
link_with_carrier() {
	N_DEV=${NICS%% *}
	if [ "$N_DEV" = "$NICS" ] || [ "$N_DEV" = "$PREFERRED" ]; then return 0; fi
	waiting 10 "a carrier on one of $NICS"
	await 10 find_carrier || :
}

find_carrier() {
	local nic
	for nic in $NICS; do
		first_line "$ROOT/sys/class/net/$nic/carrier" 2>/dev/null
		[ "$RET" != 1 ] || {
			N_DEV=$nic
			return 0
		}
	done
	return 1
}

# configure DEV PROTOCOL: address, routes, resolv.conf from L_*
configure() {
	use_address "$1" "$2" || return 1
	routes "$1"
	settled "$1" "$2"
}

# use_address DEV [none]: that of L_*
use_address() {
	if [ "${2:-}" = none ] && [ -n "$N_PEER" ]; then
		$RUN ip addr add "$L_IP" peer "$N_PEER" dev "$1"
	else
		$RUN ip addr add "$L_IP/$L_PREFIX" brd + dev "$1" 2>/dev/null ||
			$RUN ip addr add "$L_IP/$L_PREFIX" dev "$1"
	fi || {
		NET_WHY="$1 would not take the address $L_IP/$L_PREFIX"
		return 1
	}
}

# settled DEV PROTOCOL: the link can be used; what else its configuration has
settled() {
	local dev=$1
	[ -z "$L_MTU" ] || $RUN ip link set dev "$dev" mtu "$L_MTU" ||
		warn "$dev does not take the MTU $L_MTU"
	[ -z "$L_HOST" ] || $RUN hostname "$L_HOST" || warn "the host name '$L_HOST' cannot be set"
	# shellcheck disable=SC2034 # for nfs.sh
	NET_DEV=$dev NET_HOST=${L_HOST:-${NET_HOST:-}} NET_IP=$L_IP \
		NET_NTP=$NET_NTP${L_NTP:+ $L_NTP} NET_LINKS="$NET_LINKS $dev"
	! leads_to_root "$dev" || NET_SERVER=${L_SERVER:-$NET_SERVER} NET_PATH=${L_PATH:-$NET_PATH}
	[ "$2:$P_PEERDNS" = dhcp:0 ] || P_DNS=$P_DNS${L_DNS:+ $L_DNS}
	[ "$2:$P_PEERDNS" = dhcp:0 ] || [ -z "$L_SEARCH$L_DOMAIN" ] ||
		NET_SEARCH=${L_SEARCH:-$L_DOMAIN}
	[ -z "$P_ROUTES" ] || own_routes "$dev"
	net_conf "$dev" "$2" >"$ROOT/run/net-$dev.conf" ||
		warn "/run/net-$dev.conf cannot be written"
	say "$dev has $L_IP/$L_PREFIX${L_ROUTER:+, router $L_ROUTER}"
}

# leads_to_root DEV: bootdev= says on which link server and default route are
leads_to_root() {
	[ -n "$P_BOOTDEV" ] || return 0
	find_link "$P_BOOTDEV" && [ "$RET" = "$1" ]
}

# own_routes DEV: those of rd.route= that are for this link, or for none; P_ROUTES keeps the others
own_routes() {
	local to router link rest=''
	while read -r to router link; do
		[ -n "$to" ] || continue
		if [ "$link" != - ] && { ! find_link "$link" || [ "$RET" != "$1" ]; }; then
			rest="$rest$to $router $link$NL"
			continue
		fi
		if [ "$router" = - ]; then set -- "$1"; else set -- "$1" via "$router"; fi
		case $to in
		*:*) $RUN ip -6 route add "$to" ${2:+via "$3"} dev "$1" ;;
		*) $RUN ip route add "$to" ${2:+via "$3"} dev "$1" ;;
		esac || warn "$1 does not take the route rd.route=$to:$router"
	done <<ROUTES
$P_ROUTES
ROUTES
	P_ROUTES=$rest
}

warn_unset_routes() {
	local to router link
	while read -r to router link; do
		[ -z "$to" ] ||
			warn "the route rd.route=$to is not set: its link $link has no address"
	done <<ROUTES
$P_ROUTES
ROUTES
}

# routes DEV: each as bootplan found it; a router outside the subnet (/32) is declared to be on the
# link first. The default route of a second link is there for when the first has none.
routes() {
	local dev=$1 kind to router
	while read -r kind to router; do
		case $to in default | 0.0.0.0/0)
			leads_to_root "$dev" || continue
			[ -z "$NET_LINKS" ] || [ -n "$P_BOOTDEV" ] || {
				# shellcheck disable=SC2086 # words of NET_LINKS
				second_route "$dev" "$router" $NET_LINKS
				continue
			}
			;;
		esac
		case $kind in
		link) $RUN ip route add "$to" dev "$dev" scope link ;;
		dev) $RUN ip route add "$to" dev "$dev" ;;
		via) $RUN ip route add "$to" via "$router" dev "$dev" ;;
		esac || warn "$dev does not take the route to $to${router:+ via $router}"
	done <<ROUTES
$L_ROUTES
ROUTES
}

# second_route DEV ROUTER LINKS...: of lower preference than those of the links before
second_route() {
	local dev=$1 router=$2
	shift 2
	$RUN ip route add default ${router:+via "$router"} dev "$dev" metric $(($# * 100)) ||
		warn "$dev does not take the default route${router:+ via $router}"
}

# net_conf DEV PROTOCOL: in the format of ipconfig, which other programs source; so nothing odd goes
# in
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
	$RUN cp "$RAMFS/resolv.conf" "$ROOT/etc/resolv.conf" ||
		warn "the name servers cannot be used: no /etc/resolv.conf"
}

# link_report: what stands against each link, in NET_WHY
link_report() {
	local nic text="${NET_WHY:-}${DOWN:+${NET_WHY:+; }$DOWN}"
	for nic in $NICS; do
		case $DOWN in *" on $nic "*) continue ;; esac
		first_line "$ROOT/sys/class/net/$nic/carrier" 2>/dev/null
		case $RET in
		1) text="$text${text:+; }$nic: link is up, no DHCP answer" ;;
		*) text="$text${text:+; }$nic: no carrier" ;;
		esac
	done
	NET_WHY=$text
}
