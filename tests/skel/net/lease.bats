#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Leases of real servers (dnsmasq) for the real client, busybox of the image, over virtual cables
# between two network namespaces: which lease is used, and when it is given up.
load ../lib.bash

BUSYBOX=$SKEL/../build/musl/bin/busybox

setup() {
	CLIENT=lease-c-$$-$BATS_TEST_NUMBER SERVER=lease-s-$$-$BATS_TEST_NUMBER STARTED=()
	ip netns add "$CLIENT"
	ip netns add "$SERVER"
	server ip link set lo up
	new_tree
	rm "$FAKES"/coldplug
	mkdir "$BATS_TEST_TMPDIR/web"
	rm "$ROOT/bin/busybox"
	cp "$BUSYBOX" "$ROOT/bin/busybox"
	# links, addresses, carriers are those of the namespace
	rmdir "$ROOT/sys/class/net"
	ln -s /sys/class/net "$ROOT/sys/class/net"
	mkdir -p "$ROOT/proc/net" "$ROOT/dev"
	ln -s /proc/net/if_inet6 "$ROOT/proc/net/if_inet6"
	ln -sf /proc/uptime "$ROOT/proc/uptime"
	: >"$ROOT/dev/kmsg"
	real_runner
}

teardown() {
	local pid
	# what STARTED has is the shell around the server
	for pid in "${STARTED[@]}" $(ip netns pids "$CLIENT") $(ip netns pids "$SERVER") \
		${STRAY:+$(ip netns pids "$STRAY")}; do kill "$pid" 2>/dev/null || :; done
	ip netns del "$CLIENT"
	ip netns del "$SERVER"
	[ -z "${STRAY:-}" ] || ip netns del "$STRAY"
}

server() { ip netns exec "$SERVER" "$@"; }

# What has to do with the network is really done, in the client's namespace; all else is only
# written down.
real_runner() {
	cat >"$RUN" <<'RUNNER'
#!/bin/sh
printf '%s\n' "$*" >>"$CALLS"
case $1 in
cp | ip | nc | ping | sleep | chroot | od | nslookup | timeout | kill | udhcpc6)
	PATH=/bin
	name=$1
	shift
	exec "$ROOT/bin/busybox" "$name" "$@"
	;;
coldplug)
	[ "$2" = --events ] || exit 0
	shift
	exec "$COLDPLUG" "$@"
	;;
hostname | unpackroot | netfetch | mount | switch_root) exit 0 ;;
esac
exit 0
RUNNER
	COLDPLUG=$SKEL/../build/host/bin/coldplug
	export COLDPLUG
}

# cable NAME ADDRESS: a link of the client and the server's end of it
cable() {
	ip link add "$1" netns "$CLIENT" type veth peer name "$1" netns "$SERVER"
	server ip addr add "$2" dev "$1"
	server ip link set "$1" up
}

# dhcp NAME LINK ARGS...: a server there
dhcp() {
	server dnsmasq -d --port=0 --user=root --bind-interfaces --no-ping --conf-file=/dev/null \
		--log-dhcp --dhcp-leasefile="$BATS_TEST_TMPDIR/$1.leases" \
		-i "$2" "${@:3}" >"$BATS_TEST_TMPDIR/$1.log" 2>&1 3>&- &
	STARTED+=($!)
}

# web ADDRESS: something that listens at port 80
web() {
	server python3 -m http.server -b "$1" -d "$BATS_TEST_TMPDIR/web" 80 \
		>"$BATS_TEST_TMPDIR/web.log" 2>&1 3>&- &
	STARTED+=($!)
	for _ in $(seq 100); do
		! server "$BUSYBOX" nc "$1" 80 </dev/null 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}

# start PARAMETERS...: the boot, in the namespace, by the shell of the image
start() {
	cmdline "vi.mode=tmpfs vi.image=http://${WEB:-192.168.78.1}/root.tar.gz panic=-1 $*"
	run ip netns exec "$CLIENT" timeout 100 "$BUSYBOX" ash "$SKEL/init" 3>&-
}

# has ADDRESS LINK: the client has it there
has() {
	ip -n "$CLIENT" -br addr show dev "$2" | grep -qF " $1" || {
		echo "$output"
		ip -n "$CLIENT" -br addr
		return 1
	}
}

good() { dhcp good "$1" --dhcp-range=192.168.78.50,192.168.78.99,2m "${@:2}"; }

@test "two networks: the lease that leads to the image is used, not the first; the other one is given back" {
	cable eth0 10.98.0.1/24
	cable eth1 192.168.78.1/24
	dhcp bad eth0 --dhcp-range=10.98.0.50,10.98.0.99,1h --dhcp-option=3,10.98.0.254
	good eth1 --dhcp-reply-delay=2
	web 192.168.78.1
	start ip=dhcp
	has 192.168.78. eth1
	said 'does not lead to the root (192.168.78.1: '
	said 'the lease of 10.98.0.1 on eth0 (10.98.0.'
	! ip -n "$CLIENT" -br addr show dev eth0 | grep -F 10.98 || return 1
	grep -q 'DHCPRELEASE(eth0) 10.98.0' "$BATS_TEST_TMPDIR/bad.log"
}

# stray LINK: a second machine on that network, with a server of its own
stray() {
	STRAY=lease-x-$$-$BATS_TEST_NUMBER
	ip netns add "$STRAY"
	server ip link add br0 type bridge forward_delay 0
	server ip addr flush dev "$1"
	server ip link set "$1" master br0
	ip link add port netns "$SERVER" type veth peer name "$1" netns "$STRAY"
	server ip link set port master br0
	server ip link set port up
	server ip addr add 192.168.78.1/24 dev br0
	server ip link set br0 up
	ip -n "$STRAY" addr add "${STRAY_ADDRESS:-10.98.0.1/24}" dev "$1"
	ip -n "$STRAY" link set "$1" up
	ip netns exec "$STRAY" dnsmasq -d --port=0 --user=root \
		--bind-interfaces --no-ping --conf-file=/dev/null \
		--dhcp-leasefile="$BATS_TEST_TMPDIR/stray.leases" \
		-i "$1" --dhcp-range="${STRAY_RANGE:-10.98.0.50,10.98.0.99,1h}" \
		>"$BATS_TEST_TMPDIR/stray.log" 2>&1 3>&- &
	STARTED+=($!)
}

@test "a stray server on the only link is first to answer: the next lease is another server's" {
	cable eth0 192.168.78.1/24
	stray eth0
	good br0 --dhcp-reply-delay=2
	web 192.168.78.1
	start ip=dhcp
	said 'the lease of 10.98.0.1 on eth0 (10.98.0.'
	has 192.168.78. eth0
}

@test "a server that takes seconds for each answer" {
	cable eth0 192.168.78.1/24
	web 192.168.78.1
	good eth0 --dhcp-reply-delay=7
	start ip=dhcp
	has 192.168.78. eth0
}

# after SECONDS COMMAND...: in the server's namespace
after() {
	(sleep "$1" && exec ip netns exec "$SERVER" "${@:2}") >/dev/null 2>&1 3>&- &
	STARTED+=($!)
}

@test "a link whose carrier comes late, and whose switch forwards later still" {
	cable eth0 192.168.78.1/24
	local delay=400
	# twice these hundredths of a second: what the standard says takes 30 seconds
	[ -z "${CHECK_ALL:-}" ] || delay=1500
	server ip link add br0 type bridge forward_delay $delay stp_state 1
	server ip addr flush dev eth0
	server ip link set eth0 master br0
	server ip addr add 192.168.78.1/24 dev br0
	server ip link set br0 up
	server ip link set eth0 down
	good br0
	after 3 ip link set eth0 up
	web 192.168.78.1
	start ip=dhcp
	has 192.168.78. eth0
}

@test "a network with IPv6 only, where ip=dhcp was asked for" {
	cable eth0 192.168.78.1/24
	server ip addr flush dev eth0
	server ip addr add fd00:78::1/64 dev eth0 nodad
	dhcp six eth0 --enable-ra --dhcp-range=fd00:78::,ra-only --ra-param=eth0,4
	web fd00:78::1
	WEB='[fd00:78::1]' start ip=dhcp
	said 'eth0 has fd00:'
	calls "netfetch -t 60 --status $ROOT/run/initramfs/status --report $ROOT/run/initramfs/fetch.why -o - http://[fd00:78::1]/root.tar.gz"
}

@test "several ip=: each link has its lease and a default route, and each client stays" {
	cable eth0 10.98.0.1/24
	cable eth1 192.168.78.1/24
	dhcp other eth0 --dhcp-range=10.98.0.50,10.98.0.99,1h
	good eth1
	web 192.168.78.1
	start ip=eth0:dhcp ip=eth1:dhcp
	has 10.98.0. eth0
	has 192.168.78. eth1
	ip -n "$CLIENT" route | grep -q '^default via 10.98.0.1 dev eth0 *$'
	ip -n "$CLIENT" route | grep -q '^default via 192.168.78.1 dev eth1 metric 100'
	[ "$(ps -o args= -p "$(ip netns pids "$CLIENT" | paste -sd,)" | grep -c '^@/udhcpc ')" = 2 ]
}

@test "two servers of one network: one lease, and one address" {
	cable eth0 192.168.78.1/24
	STRAY_RANGE=192.168.78.100,192.168.78.120,1h STRAY_ADDRESS=192.168.78.2/24 stray eth0
	good br0
	web 192.168.78.1
	start ip=dhcp
	has 192.168.78. eth0
	[ "$(ip -n "$CLIENT" -4 -o addr show dev eth0 | wc -l)" = 1 ]
}

@test "what a lease says is used: routes, MTU, names, time servers, next server" {
	cable eth0 192.168.78.1/24
	good eth0 --dhcp-option=121,10.7.0.0/16,192.168.78.9,0.0.0.0/0,192.168.78.1 \
		--dhcp-option=26,1400 --dhcp-option=42,192.168.78.5 \
		--dhcp-option=6,192.168.78.3 --dhcp-option=15,lab.example \
		--dhcp-option=119,a.example,b.example --dhcp-boot=x.efi,boot,192.168.78.1
	web 192.168.78.1
	cmdline 'vi.mode=tmpfs vi.image=http:///root.tar.gz panic=-1 ip=dhcp'
	run ip netns exec "$CLIENT" timeout 100 "$BUSYBOX" ash "$SKEL/init" 3>&-
	calls "netfetch -t 60 --status $ROOT/run/initramfs/status --report $ROOT/run/initramfs/fetch.why -o - http://192.168.78.1/root.tar.gz"
	ip -n "$CLIENT" route | grep -q '^10.7.0.0/16 via 192.168.78.9 dev eth0'
	ip -n "$CLIENT" route | grep -q '^default via 192.168.78.1 dev eth0'
	ip -n "$CLIENT" link show dev eth0 | grep -q 'mtu 1400'
	[ "$(cat "$ROOT/run/initramfs/resolv.conf")" = \
		$'search a.example b.example\nnameserver 192.168.78.3' ]
	[ "$(cat "$ROOT/run/chrony-dhcp/mkvinitrd.sources")" = 'server 192.168.78.5 iburst' ]
}

@test "no server: each link with its reason, within the limit" {
	cable eth0 192.168.78.1/24
	start ip=dhcp rd.net.timeout.dhcp=9
	said 'eth0: link is up, no DHCP answer'
	[ "$(grep -c 'chroot .*udhcpc ' "$CALLS")" -ge 2 ]
}

@test "a link that comes and goes while it is asked on" {
	cable eth0 192.168.78.1/24
	good eth0 --dhcp-reply-delay=3
	web 192.168.78.1
	server sh -c 'for n in 1 2 3 4 5 6; do ip link set eth0 down; sleep 0.7; ip link set eth0 up; sleep 1; done' >/dev/null 2>&1 3>&- &
	STARTED+=($!)
	start ip=dhcp
	has 192.168.78. eth0
	[ "$(ip -n "$CLIENT" -4 -o addr show dev eth0 | wc -l)" = 1 ]
	ip -n "$CLIENT" route | grep -q '^default via 192.168.78.1 dev eth0'
}

@test "no router, and the server of the image on the same network" {
	cable eth0 192.168.78.1/24
	good eth0 --dhcp-option=3
	web 192.168.78.1
	start ip=dhcp
	has 192.168.78. eth0
	! ip -n "$CLIENT" route | grep '^default' || return 1
}

# odd KIND: a server that answers as no real one does
odd() {
	cable eth0 192.168.78.1/24
	web 192.168.78.1
	server python3 "$BATS_TEST_DIRNAME/dhcp-faults.py" eth0 "$1" >"$BATS_TEST_TMPDIR/odd.log" \
		2>&1 3>&- &
	STARTED+=($!)
	timeout 60 sh -c "until grep -q ready '$BATS_TEST_TMPDIR/odd.log'; do sleep 0.1; done"
	start ip=dhcp
}

@test "a server that takes back what it has offered is asked again" {
	odd nak
	has 192.168.78.77/24 eth0
	[ "$(grep -c discover "$BATS_TEST_TMPDIR/odd.log")" -ge 3 ]
}

@test "a lease that ends while its server is silent: the root keeps the address, and the server is asked again" {
	# more than a minute; every day the test of the renewal below
	[ -n "${CHECK_ALL:-}" ] || return 0
	odd vanishes
	has 192.168.78.77/24 eth0
	timeout 120 sh -c "until [ \$(grep -c discover '$BATS_TEST_TMPDIR/odd.log') -ge 2 ]; do sleep 0.2; done"
	has 192.168.78.77/24 eth0
	ip -n "$CLIENT" route | grep -q '^default via 192.168.78.1 dev eth0'
}

@test "a lease of a single address, whose router is in classless routes alone" {
	odd single
	has 192.168.78.77/32 eth0
	ip -n "$CLIENT" route | grep -q '^default via 192.168.78.1 dev eth0'
	ip -n "$CLIENT" route | grep -q '^192.168.78.1 dev eth0 scope link'
}

@test "options that cannot be: the lease without them" {
	odd nonsense
	has 192.168.78.77/24 eth0
	! ip -n "$CLIENT" link show dev eth0 | grep 'mtu 1 ' || return 1
}

@test "text for a shell and a terminal in a lease is not used, and does nothing" {
	odd hostile
	has 192.168.78.77/24 eth0
	not_called reboot
	! printf '%s' "$output" | grep -q $'\x1b]0' || return 1
	! grep -e reboot -e 1.2.3.4 "$ROOT/run/net-eth0.conf" || return 1
	# shellcheck disable=SC1091 # of the test
	(. "$ROOT/run/net-eth0.conf" && [ "$IPV4ADDR" = 192.168.78.77 ])
	not_called 'hostname bad'
	said 'sent text that cannot be used: hostname, tftp, domain, search, rootpath, boot_file'
}

@test "a host name that is too long, and many servers" {
	odd long
	has 192.168.78.77/24 eth0
	grep -q '^nameserver 192.168.78.1$' "$ROOT/run/initramfs/resolv.conf"
	not_called 'hostname aaa'
	said 'sent text that cannot be used: hostname'
}

# acks: how many leases the good server has given or renewed
acks() { grep -c DHCPACK "$BATS_TEST_TMPDIR/good.log"; }

@test "the client of the lease stays, alone, is none that systemd kills at the end, and renews it" {
	local client
	cable eth0 192.168.78.1/24
	good eth0
	web 192.168.78.1
	start ip=dhcp
	has 192.168.78. eth0
	# what limited the probe ends within a second
	for _ in $(seq 50); do
		client=$(ip netns pids "$CLIENT")
		case $client in *$'\n'*) sleep 0.1 ;; *) break ;; esac
	done
	[ "$(tr '\0' ' ' <"/proc/$client/cmdline" | cut -c 1)" = @ ]
	[ "$(acks)" = 1 ]
	kill -USR1 "$client"
	for _ in $(seq 100); do
		[ "$(acks)" = 1 ] || break
		sleep 0.1
	done
	[ "$(acks)" = 2 ]
	kill -0 "$client"
	has 192.168.78. eth0
}
