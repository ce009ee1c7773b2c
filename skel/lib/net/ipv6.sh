# shellcheck shell=dash
# shellcheck disable=SC2034,SC2153 # results for net.sh; N_x is what bootplan found
# SPDX-License-Identifier: GPL-2.0-or-later
# IPv6: an address of the command line, of a router's announcements (auto6), or of a server (dhcp6).

# net_ipv6: configures the ip= in N_x
net_ipv6() {
	local links=${N_DEV:-$NICS}
	case $N_AUTO in
	static)
		link_or_carrier
		net_static6
		;;
	auto6) net_auto6 "$links" ;;
	dhcp6) net_dhcp "$links" 6 ;;
	link6) net_link6 "$links" ;;
	either6) net_auto6 "$links" || net_dhcp "$links" 6 ;;
	esac
}

# find_address6 LINKS SCOPE: of the first that has one, in A_LINK, A_ADDRESS and A_PREFIX. SCOPE is
# global or link. An address that is still being tried out (tentative, 40) or was refused (08)
# cannot be used. The format: Documentation of /proc/net/if_inet6.
find_address6() {
	local address index prefix scope flags name
	[ -r "$ROOT/proc/net/if_inet6" ] || return 1
	while read -r address index prefix scope flags name; do
		list_has "$1" "$name" || continue
		case $2:$scope in
		global:20 | global:10 | link:[!2]* | link:2[!0]) continue ;;
		esac
		[ $((0x$flags & 0x48)) = 0 ] || continue
		groups_of "$address"
		A_LINK=$name A_ADDRESS=$RET A_PREFIX=$((0x$prefix))
		return 0
	done <"$ROOT/proc/net/if_inet6"
	return 1
}

# groups_of DIGITS: 32 of them with colons, in RET
groups_of() {
	local rest=$1
	RET=''
	while [ -n "$rest" ]; do
		RET=$RET${RET:+:}${rest%"${rest#????}"}
		rest=${rest#????}
	done
}

# net_static6: an address from the command line; it can be used once the kernel found that nobody
# else has it
net_static6() {
	static_lease
	configure6 "$N_DEV" none
}

# net_auto6 LINKS: the kernel makes addresses of what routers announce
net_auto6() {
	dhcp_tries
	await "$RET" find_address6 "$1" global || {
		NET_WHY="no router announced an IPv6 prefix on $1"
		return 1
	}
	lease_reset
	L_IP=$A_ADDRESS L_PREFIX=$A_PREFIX L_HOST=$N_HOST L_SERVER=$N_SERVER L_DNS=$N_DNS
	[ -n "$P_DNS$L_DNS" ] || name_servers6 "$A_LINK"
	configure6 "$A_LINK" auto6
}

# net_link6 LINKS: nothing but the address that a link gives itself
net_link6() {
	dhcp_tries
	await "$RET" find_address6 "$1" link || {
		NET_WHY="no link of $1 has an address of its own"
		return 1
	}
	lease_reset
	L_IP=$A_ADDRESS L_PREFIX=$A_PREFIX L_HOST=$N_HOST L_SERVER=$N_SERVER L_DNS=$N_DNS
	configure6 "$A_LINK" link6
}

# name_servers6 LINK: routers tell these to nobody but the kernel; a server on the link may know
name_servers6() {
	rm -f "$NET/$1.lease"
	NET_ONCE=1 $RUN udhcpc6 -f -q -n -l -t 2 -T 1 -i "$1" -p "$NET/$1.pid" -s "$LIB/udhcpc" \
		-O dns >/dev/null 2>"$NET/$1.log" || return 0
	first_value dns "$NET/$1.lease"
	L_DNS=$RET
}

# first_value KEY FILE: in RET
first_value() {
	local key value
	RET=''
	[ -r "$2" ] || return 0
	while IFS='=' read -r key value; do
		[ "$key" != "$1" ] || RET=$value
	done <"$2"
}

# take_auto6 LINK: beside DHCP, the address that the kernel made of a router's announcement, if it
# leads to the root
take_auto6() {
	find_address6 "$1" global || return 1
	lease_reset
	L_IP=$A_ADDRESS L_PREFIX=$A_PREFIX L_HOST=$N_HOST L_SERVER=$N_SERVER L_DNS=$N_DNS
	[ -n "$P_DNS$L_DNS" ] || name_servers6 "$1"
	source_reached "$1" || {
		say "the IPv6 address $L_IP of $1 does not lead to the root ($WHY_NOT): waiting for another"
		dhcp_waiting
		return 1
	}
	settled "$1" auto6
}

# configure6 DEV PROTOCOL: address, route, names from L_*; an address that the kernel made is left
# as it is
configure6() {
	case $2 in auto6 | link6) ;; *) use_address6 "$1" || return 1 ;; esac
	settled "$1" "$2"
}

# use_address6 DEV
use_address6() {
	$RUN ip -6 addr add "$L_IP/$L_PREFIX" dev "$1" || {
		NET_WHY="$1 would not take the address $L_IP/$L_PREFIX"
		return 1
	}
	await 10 find_address6 "$1" global ||
		warn "$1: the address $L_IP may be in use by another machine"
	[ -z "$L_ROUTER" ] || $RUN ip -6 route add default via "$L_ROUTER" dev "$1" ||
		warn "$1 does not take the route via $L_ROUTER"
}
