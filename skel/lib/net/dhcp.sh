# shellcheck shell=dash
# shellcheck disable=SC2034 # leases are for net.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Leases: every link is asked at once, the first one that can lead to the image's server counts.

# net_dhcp LINKS [6 [late]]: asks on all of them at once, with late also on those that come meanwhile; true when one has an address
net_dhcp() {
	local event nic left=0 limit before=$NET_DEV
	NET_DEV=''
	rm -f "$NET/events"
	mkfifo "$NET/events"
	dhcp_tries
	limit=$RET
	waiting "$limit" "a DHCP answer on ${1# }"
	exec 4<>"$NET/events"
	for nic in $1; do
		left=$((left + 1))
		ask_dhcp "$nic" "${2:-}" &
	done
	[ -z "${3:-}" ] || watch_links "$1" "$limit" >/dev/null 2>&1 &
	while [ $left -gt 0 ] && read -r event nic <&4; do
		case $event in
		bound) ! take_lease "$nic" || break ;;
		ended) left=$((left - 1)) ;;
		came)
			say "$nic is another network adapter: asking there too"
			left=$((left + 1)) NICS="$NICS $nic"
			$RUN ip link set "$nic" up || warn "$nic cannot be set up"
			ask_dhcp "$nic" "${2:-}" &
			;;
		esac
	done
	exec 4>&-
	rm -f "$NET/events"
	stop_dhcp
	if [ -n "$NET_DEV" ]; then return 0; fi
	NET_DEV=$before
	return 1
}

# watch_links KNOWN SECONDS: says "came LINK" for others, as long as somebody listens
watch_links() {
	local known=$1 nic
	$RUN coldplug --events "$2" --pidfile "$NET/watch.pid" | while read -r _; do
		[ -p "$NET/events" ] || break
		nics || continue
		for nic in $NICS; do
			list_has "$known" "$nic" || {
				known="$known $nic"
				echo "came $nic" >&4
			}
		done
	done
}

# ask_dhcp LINK [6]: its script says "bound LINK" for a lease; "ended LINK" comes in any case
ask_dhcp() {
	local link=$1 tries
	dhcp_tries
	tries=$RET
	if [ -z "$2" ]; then
		set -- udhcpc -t "$tries" -O search -O staticroutes -O mtu -O rootpath
		[ -z "${N_HOST:-}" ] || set -- "$@" -x "hostname:$N_HOST"
		[ -z "${N_ID:-}" ] || set -- "$@" -C -x "0x3d:$N_ID"
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
	if [ -n "$P_DHCP_LIMIT" ]; then RET=$P_DHCP_LIMIT; else ! image_is_remote || { [ "$P_TIMEOUT" -gt 60 ] && RET=$P_TIMEOUT || RET=60; }; fi
	[ "${DHCP_SHARE:-1}" = 1 ] || third "$RET"
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
		load net/ipv6
		configure6 "$1" dhcp6
		return
		;;
	esac
	L_HOST=${N_HOST:-$L_HOST} L_SERVER=${N_SERVER:-$L_SERVER} L_DNS=${N_DNS:-$L_DNS}
	[ -n "$L_REACHES" ] || [ "$NICS" = "$1" ] || {
		warn "the lease on $1 has no router and does not reach $server: waiting for another"
		return 1
	}
	[ "$P_NETROOT" != dhcp ] || [ -n "$L_PATH" ] || [ "$NICS" = "$1" ] || {
		warn "the lease on $1 names no root (root-path): waiting for another"
		return 1
	}
	configure "$1" dhcp
}

lease_reset() {
	L_IP='' L_PREFIX='' L_MASK='' L_ROUTER='' L_DNS='' L_DOMAIN='' L_SEARCH='' L_HOST=''
	L_MTU='' L_ROUTES='' L_SERVER='' L_PATH='' L_FILE='' L_WHY='' L_REACHES=''
}
