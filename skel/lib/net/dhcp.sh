# shellcheck shell=dash
# shellcheck disable=SC2034 # leases are for net.sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Leases: every link with a carrier is asked at once. The first lease that leads to where the root
# is counts, and its client stays and renews it while the root runs; the others are given back.

# net_dhcp LINKS [6 [late]]: asks on all of them at once, with late also on those that come
# meanwhile; true when one has an address
net_dhcp() {
	local event nic client before=$NET_DEV
	NET_DEV='' ASKERS='' ASKED='' HELD='' OPEN='' LEFT=0 WATCHED=1 FAMILY=${2:-} LATE=${3:-}
	rm -f "$NET/events" "$NET"/*.refused
	mkfifo "$NET/events"
	ready_client
	dhcp_tries
	DHCP_LIMIT=$RET DHCP_LINKS=${1# }
	uptime_seconds
	DHCP_START=$RET
	dhcp_waiting
	[ -n "$FAMILY" ] || six_too
	exec 4<>"$NET/events"
	for nic in $1; do
		! has_carrier "$nic" || start_asking "$nic"
	done
	prefer "$1"
	watch_links "$1" >/dev/null 2>&1 &
	while [ $LEFT -gt 0 ] || [ -n "$WATCHED" ]; do
		read -r event nic client <&4 || break
		! dhcp_event "$event" "$nic" "$client" || break
	done
	rm -f "$NET/events"
	stop_dhcp
	exec 4>&-
	if [ -n "$NET_DEV" ]; then return 0; fi
	NET_DEV=$before
	return 1
}

# dhcp_waiting: what status lines say
dhcp_waiting() {
	waiting "$DHCP_LIMIT" "a DHCP answer on $DHCP_LINKS"
}

# dhcp_event EVENT LINK CLIENT: true when a link has an address that counts
dhcp_event() {
	case $1 in
	bound)
		if [ -n "$OPEN" ] && [ "$2" != "$PREFERRED" ]; then
			HELD="$HELD $2:$3"
			return 1
		fi
		! take_lease "$2" "$3" || return 0
		[ "$2" = "$PREFERRED" ] && take_held
		return
		;;
	six)
		take_auto6 "$2"
		return
		;;
	ended)
		LEFT=$((LEFT - 1))
		[ "$2" = "$PREFERRED" ] && take_held
		return
		;;
	late)
		[ -z "$OPEN" ] ||
			warn "no usable DHCP answer on $PREFERRED (BOOTIF=$P_BOOTIF) in $3 s: using other network adapters, too"
		take_held
		return
		;;
	carrier) start_asking "$2" ;;
	came)
		say "$2 is another network adapter: asking there too"
		NICS="$NICS $2"
		$RUN ip link set "$2" up || warn "$2 cannot be set up"
		! has_carrier "$2" || start_asking "$2"
		;;
	over) WATCHED='' ;;
	esac
	return 1
}

# has_carrier LINK: or it cannot tell
has_carrier() {
	first_line "$ROOT/sys/class/net/$1/carrier" 2>/dev/null
	[ "$RET" != 0 ]
}

# prefer LINKS: that of BOOTIF= goes first: the leases of others are held until it is clear that it
# has none, for a third of the limit
prefer() {
	local seconds
	if [ -z "$PREFERRED" ] || [ "${1# }" = "$PREFERRED" ] ||
		! list_has "$1" "$PREFERRED"; then return 0; fi
	OPEN=1
	third "$DHCP_LIMIT"
	seconds=$RET
	(
		trap 'kill $! 2>/dev/null; exit 0' TERM
		$RUN sleep "$seconds" &
		wait $!
		echo "late - $seconds" >&4
	) &
	ASKERS="$ASKERS -:$!"
}

# take_held: the preferred link has none that leads to the root; true when another has
take_held() {
	local item held=$HELD
	HELD='' OPEN=''
	for item in $held; do
		! take_lease "${item%:*}" "${item#*:}" || return 0
	done
	return 1
}

# six_too: IPv6 is tried beside IPv4 where the server of the root may have such an address
six_too() {
	local host port kind
	sources
	while read -r host port kind; do
		case $host in '' | -) ;; *[!0-9.]*) FAMILY=46 ;; esac
	done <<SOURCES
$RET
SOURCES
	[ -z "$FAMILY" ] || load net/ipv6
}

# watch_links LINKS: says "carrier LINK" for those whose cable or switch is ready, "came LINK" for
# others, "six LINK" when a router has announced a prefix there, as long as somebody listens; "over"
# at the end
watch_links() {
	$RUN coldplug --events "$DHCP_LIMIT" --pidfile "$NET/watch.pid" | follow_links "$1"
	[ ! -p "$NET/events" ] || echo over >&4
}

follow_links() {
	local known=$1 nic told=''
	while read -r _ && [ -p "$NET/events" ]; do
		for nic in $known; do
			if ! list_has "$told" "$nic" && has_carrier "$nic"; then
				told="$told $nic"
				echo "carrier $nic" >&4
			fi
			if [ "$FAMILY" = 46 ] && ! list_has "$told" "six.$nic" &&
				find_address6 "$nic" global; then
				told="$told six.$nic"
				echo "six $nic" >&4
			fi
		done
		[ -z "$LATE" ] || ! nics || for nic in $NICS; do
			list_has "$known" "$nic" || {
				known="$known $nic"
				echo "came $nic" >&4
			}
		done
	done
}

# ready_client: the client runs in /run/initramfs, where it finds its script as long as the root
# runs, and where nothing of the root is in its way. Its '@' keeps systemd from killing it at the
# end: see exitrd(8).
ready_client() {
	make_dirs "$RAMFS/bin" "$RAMFS/@"
	[ -e "$RAMFS/@/udhcpc" ] || {
		{ [ -e "$RAMFS/bin/busybox" ] || $RUN cp "$ROOT/bin/busybox" "$RAMFS/bin/"; } &&
			$RUN cp "$LIB/udhcpc" "$NET/" &&
			ln -sf busybox "$RAMFS/bin/sh" &&
			ln -sf ../bin/busybox "$RAMFS/@/udhcpc6" &&
			ln -sf ../bin/busybox "$RAMFS/@/udhcpc"
	} || fail VI105 "the DHCP client cannot be copied to $RAMFS" \
		'the memory of this initramfs may be full' 'give the machine more memory'
}

# start_asking LINK: once
start_asking() {
	local left
	! list_has "$ASKED" "$1" || return 0
	ASKED="$ASKED $1"
	uptime_seconds
	left=$((DHCP_LIMIT - RET + DHCP_START))
	[ $left -ge 8 ] || left=8
	case $FAMILY in *6)
		ask_dhcp "$1" 6 $left &
		ASKERS="$ASKERS $1:$!" LEFT=$((LEFT + 1))
		;;
	esac
	case $FAMILY in '' | 4*)
		ask_dhcp "$1" '' $left &
		ASKERS="$ASKERS $1:$!" LEFT=$((LEFT + 1))
		;;
	esac
}

# ask_dhcp LINK 6|'' SECONDS: asks again after 4, 8, 16 .. 64 seconds, each time a second more or
# less (RFC 2131, 4.1), so that a room of machines does not ask in step; near the limit after half
# of what is left of it. Each time by a client of its own, all of which listen to the end: an answer
# counts however late it is. The script says "bound LINK CLIENT" for a lease; "ended LINK" comes in
# the end.
ask_dhcp() {
	local link=$1 six=$2 left=$3 pause=4 turn begin clients='' timer='' again=''
	trap 'end_asking; exit 0' TERM
	trap 'again=1' USR1
	# it asks from the address that each link has of itself
	[ -z "$six" ] || await "$left" find_address6 "$link" link || :
	while [ "$left" -gt 0 ]; do
		start_client "$again"
		again=''
		turn=$pause
		[ $((turn * 2)) -le "$left" ] || turn=$(((left + 1) / 2))
		[ "$left" -gt 4 ] || turn=$left
		uptime_seconds
		begin=$RET
		jitter "$turn"
		$RUN sleep "$RET" &
		timer=$!
		wait $timer
		if [ -n "$again" ]; then
			kill $timer 2>/dev/null
			uptime_seconds
			left=$((left - RET + begin - 1))
		else
			left=$((left - turn))
			[ $pause -ge 64 ] || pause=$((pause * 2))
		fi
	done
	end_asking
	echo "ended $link" >&4
}

# jitter SECONDS: a second more or less, in RET
jitter() {
	local random
	random=$($RUN od -An -N2 -tu2 /dev/urandom) || random=''
	set -- $(($1 * 1000 - 1000 + ${random:-1000} % 2001))
	RET=$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))
}

# start_client AGAIN: with AGAIN after a lease that led nowhere: it leaves out the servers that gave
# such
start_client() {
	local refused=''
	[ -z "$1" ] || {
		first_line "$NET/$link.refused"
		refused=$RET
	}
	if [ -n "$six" ]; then
		set -- @/udhcpc6
	else
		set -- @/udhcpc -O search -O staticroutes -O msstaticroutes -O mtu -O rootpath \
			-O ntpsrv -O tftp -O bootfile
		[ -z "${N_HOST:-}" ] || set -- "$@" -x "hostname:$N_HOST"
		[ -z "${N_ID:-}" ] || set -- "$@" -C -x "0x3d:$N_ID"
	fi
	NET=/net UDHCPC_REFUSE=$refused $RUN chroot "$RAMFS" "$@" -f -t 1 -T "$left" -A "$left" \
		-i "$link" -s /net/udhcpc \
		>/dev/null 2>&1 3>"$KMSG" 4>&- &
	clients="$clients $!"
}

# end_asking: all but the client whose lease is used
end_asking() {
	local client
	first_line "$NET/kept"
	for client in $clients $timer; do
		list_has "$RET" "$client" || kill "$client" 2>/dev/null
	done
}

# dhcp_tries: how many seconds to ask, in RET: longer when there is no boot without an answer
dhcp_tries() {
	RET=15
	if [ -n "$P_DHCP_LIMIT" ]; then RET=$P_DHCP_LIMIT; else ! image_is_remote ||
		{ [ "$P_TIMEOUT" -gt 60 ] && RET=$P_TIMEOUT || RET=60; }; fi
	[ "${DHCP_SHARE:-1}" = 1 ] || third "$RET"
}

stop_dhcp() {
	local asker
	for asker in $ASKERS; do
		kill "${asker##*:}" 2>/dev/null
	done
	for asker in $ASKERS; do
		wait "${asker##*:}" 2>/dev/null
	done
	first_line "$NET/watch.pid"
	[ -z "$RET" ] || $RUN kill "$RET" 2>/dev/null || :
}

# take_lease LINK CLIENT: configures it, unless it cannot lead to where the root is
take_lease() {
	local server=$P_IMAGE
	case $server in http://* | https://* | ftp://*) server=${P_PROXY:-$server} ;; esac
	server=${server#*://}
	server=${server%%[:/]*}
	lease_reset
	bootplan_read "$NET/$1.lease.sh" lease "$NET/$1.$2.lease" "$server" ||
		L_WHY='bootplan failed'
	if [ -n "$L_WHY" ]; then
		turn_down "$1" "$2" "the DHCP answer on $1 has $L_WHY"
		return 1
	fi
	[ -z "$L_NOTE" ] || warn "the DHCP server on $1 sent text that cannot be used: $L_NOTE"
	L_HOST=${N_HOST:-$L_HOST} L_SERVER=${N_SERVER:-$L_SERVER} L_DNS=${N_DNS:-$L_DNS} \
		L_NTP=${N_NTP:-$L_NTP}
	if [ -z "$L_REACHES" ]; then
		turn_down "$1" "$2" "the lease on $1 has no router and does not reach $server"
		return 1
	fi
	if [ "$P_NETROOT" = dhcp ] && [ -z "$L_PATH" ] && [ "$NICS" != "$1" ]; then
		turn_down "$1" "$2" "the lease on $1 names no root (root-path)"
		return 1
	fi
	use_lease "$1" || {
		turn_down "$1" "$2" "$NET_WHY"
		return 1
	}
	[ -n "$SEVERAL" ] || source_reached "$1" || {
		turn_down "$1" "$2" \
			"the lease of ${L_ID:-the DHCP server} on $1 ($L_IP/$L_PREFIX) does not lead to the root ($WHY_NOT)"
		forget_lease "$1"
		return 1
	}
	keep_client "$1" "$2"
	settled "$1" "$(lease_kind)"
}

lease_kind() {
	case $L_IP in *:*) echo dhcp6 ;; *) echo dhcp ;; esac
}

# use_lease LINK: address and routes
use_lease() {
	case $L_IP in
	*:*) use_address6 "$1" ;;
	*) use_address "$1" && routes "$1" ;;
	esac
}

# forget_lease LINK: the kernel drops the routes with it
forget_lease() {
	$RUN ip addr del "$L_IP/$L_PREFIX" dev "$1" || warn "$1 keeps the address $L_IP"
}

# turn_down LINK CLIENT WHY: the lease goes back to its server, and others are asked for, at first
# of other servers. The reason is given once for each server; what its lease leads to may come
# later.
turn_down() {
	local said='' asker
	first_line "$NET/$1.refused"
	! list_has "$RET" "${L_ID:--}" || said=1
	[ -n "$said" ] || {
		printf ' %s \n' "${RET# } ${L_ID:--}" >"$NET/$1.refused"
		warn "$3: asking for another"
		DOWN="$DOWN${DOWN:+; }$3"
	}
	release "$1" "$2"
	for asker in $ASKERS; do
		[ "${asker%:*}" != "$1" ] || kill -USR1 "${asker##*:}" 2>/dev/null
	done
	dhcp_waiting
}

# release LINK CLIENT: its script says when that is done
release() {
	local n=0
	rm -f "$NET/$1.$2.gone"
	kill -USR2 "$2" 2>/dev/null || return 0
	while [ ! -e "$NET/$1.$2.gone" ] && [ $n -lt 20 ]; do
		n=$((n + 1))
		$RUN sleep 0.05
	done
	kill "$2" 2>/dev/null
}

# keep_client LINK CLIENT: what it says of renewals is compared with the address
keep_client() {
	first_line "$NET/kept"
	printf '%s\n' "$RET $2" >"$NET/kept"
	printf '%s\n' "$L_IP" >"$NET/$1.kept"
}

lease_reset() {
	L_IP='' L_PREFIX='' L_MASK='' L_ROUTER='' L_DNS='' L_DOMAIN='' L_SEARCH='' L_HOST=''
	L_MTU='' L_ROUTES='' L_SERVER='' L_PATH='' L_FILE='' L_WHY='' L_REACHES='' L_ID='' \
		L_NTP='' L_NOTE=''
}
