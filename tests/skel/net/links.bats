#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Links made of others (bond=, vlan=, ifname=), and IPv6 in ip=.
load ../lib.bash

# A module makes a bond unasked; of what the kernel would do, the directory of the bond that was
# asked for is there.
bond() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:02 1
	nic lag0 52:54:00:00:00:01 1
	mkdir "$ROOT/sys/class/net/lag0/bonding" "$ROOT/sys/class/net/eth0/master" \
		"$ROOT/sys/class/net/eth1/master"
	fake modprobe <<'FAKE'
[ "$2" != bonding ] || : >"$ROOT/sys/class/net/bonding_masters"
FAKE
	fake_dhcp
	lease lag0.7 ip=10.0.7.15 mask=24 router=10.0.7.1
	cmdline 'vi.mode=tmpfs vi.image=http://10.0.7.1/r.tar bond=lag0:eth0,eth1:mode=active-backup,arp_ip_target=10.0.7.1;10.0.7.2:1400 vlan=lag0.0007:lag0 ip=lag0.0007:dhcp panic=-1'
	lease lag0.0007 ip=10.0.7.15 mask=24 router=10.0.7.1
	boot
	calls 'modprobe -a bonding' 'ip link set eth0 down' 'ip link set eth1 down' \
		'ip link set dev lag0 mtu 1400' 'ip link set lag0 up' \
		'modprobe -a 8021q' 'ip link add link lag0 name lag0.0007 type vlan id 7' \
		'ip link set lag0.0007 up' \
		'ip addr add 10.0.7.15/24 brd + dev lag0.0007' 'switch_root /newroot /sbin/init' ||
		return 1
	cd "$ROOT/sys/class/net"
	[ "$(cat bonding_masters lag0/bonding/mode lag0/bonding/arp_ip_target lag0/bonding/slaves)" = $'-bond0\nactive-backup\n10.0.7.1,10.0.7.2\n+eth1' ]
}
@test "bond= takes options, then slaves that are down; a VLAN on it has the address" { both bond; }

slaves() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:01 1
	nic bond0 52:54:00:00:00:01 1
	mkdir "$ROOT/sys/class/net/bond0/bonding" "$ROOT/sys/class/net/eth0/master" \
		"$ROOT/sys/class/net/eth1/master"
	: >"$ROOT/sys/class/net/bonding_masters"
	fake_dhcp
	lease bond0 ip=10.0.2.15 mask=24 router=10.0.2.2
	cmdline 'vi.mode=tmpfs vi.image=http://10.0.2.2/r.tar bond=bond0 panic=-1'
	boot
	calls 'ip addr add 10.0.2.15/24 brd + dev bond0' &&
		not_called 'modprobe -a bonding|-i eth[01]'
}
@test "links that are part of a bond ask for nothing themselves" { both slaves; }

impossible() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 router=10.0.2.2
	cmdline 'vi.mode=tmpfs vi.image=http://10.0.2.2/r.tar bond=b0:eth0 vlan=vlanx:eth0 vlan=vlan9:eth9 vi.timeout=1 panic=-1'
	boot
	said "parameter 'bond=b0:eth0' could not be used" &&
		said "parameter 'vlan=vlanx:eth0' could not be used" &&
		said "parameter 'vlan=vlan9:eth9' could not be used" &&
		calls 'ip addr add 10.0.2.15/24 brd + dev eth0' && not_called 'link add' &&
		[ "$(cat "$ROOT/sys/class/net/bonding_masters")" = +b0 ]
}
@test "a bond or a VLAN that cannot be made is reported, and the others are tried" { both \
	impossible; }

renamed() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:0a:00:02 1
	cmdline 'root=/dev/vda1 ifname=lan0:52:54:00:0A:00:02 ip=192.0.2.5:::24::lan0:none'
	boot
	calls 'ip link set eth1 down' 'ip link set eth1 name lan0' \
		'ip addr add 192.0.2.5/24 brd + dev lan0'
}
@test "ifname= renames the link with that address" { both renamed; }

grammar() {
	fields auto6 eth0:dhcp6 ::::pc:eth2:auto6 '[fd00::5]' 'eth0:[fd00::5]:64:[fd00::1]' \
		'[2001:db8::5]:[2001:db8::9]:[2001:db8::1]:64:h:eth0:none:[2001:db8::53]:9.9.9.9' \
		>"$BATS_TEST_TMPDIR/fields"
	diff -u - "$BATS_TEST_TMPDIR/fields" <<-'FIELDS'
		auto6 = auto6 dev: ip: srv: gw: mask: host: dns:
		eth0:dhcp6 = dhcp6 dev:eth0 ip: srv: gw: mask: host: dns:
		::::pc:eth2:auto6 = auto6 dev:eth2 ip: srv: gw: mask: host:pc dns:
		[fd00::5] = static dev: ip:fd00::5 srv: gw: mask: host: dns:
		eth0:[fd00::5]:64:[fd00::1] = static dev:eth0 ip:fd00::5 srv: gw:fd00::1 mask:64 host: dns:
		[2001:db8::5]:[2001:db8::9]:[2001:db8::1]:64:h:eth0:none:[2001:db8::53]:9.9.9.9 = static dev:eth0 ip:2001:db8::5 srv:2001:db8::9 gw:2001:db8::1 mask:64 host:h dns:2001:db8::53 9.9.9.9
	FIELDS
}
@test "the grammar of ip= with addresses of IPv6" { both grammar; }

# if_inet6 LINES: what the kernel has
if_inet6() {
	mkdir -p "$ROOT/proc/net"
	printf '%s\n' "$@" >"$ROOT/proc/net/if_inet6"
}

static6() {
	nic eth0 52:54:00:00:00:01 1
	if_inet6 '20010db8000000000000000000000005 02 40 00 80 eth0'
	cmdline 'root=/dev/vda1 rw ip=[2001:db8::5]::[2001:db8::1]:64:pc:eth0:none:[2001:db8::53]'
	boot
	calls 'ip -6 addr add 2001:db8::5/64 dev eth0' \
		'ip -6 route add default via 2001:db8::1 dev eth0' 'hostname pc' \
		'switch_root /newroot /sbin/init' &&
		[ "$(cat "$ROOT/newroot/etc/resolv.conf")" = 'nameserver 2001:db8::53' ] &&
		grep -qx "IPV6ADDR='2001:db8::5'" "$ROOT/run/net-eth0.conf" && not_called udhcpc
}
@test "IPv6: an address of the command line" { both static6; }

# An address that is tentative, of the link alone, or of another link is none.
auto6() {
	nic eth0 52:54:00:00:00:01 1
	if_inet6 '00000000000000000000000000000001 01 80 10 80 lo' \
		'fe800000000000005054000000000001 02 40 20 80 eth0' \
		'fd000000000000005054000000000002 03 40 00 00 eth1' \
		'fd000000000000005054000000000001 02 40 00 40 eth0'
	fake coldplug <<'FAKE'
[ "$1" = --events ] || exit 0
echo
sed -i 's/ 00 40 eth0/ 00 00 eth0/' "$ROOT/proc/net/if_inet6"
echo
FAKE
	fake udhcpc6 <<'FAKE'
NET=$ROOT/run/initramfs/net interface=eth0 dns='fd00::3 fd00::4' sh "$ROOT/lib/mkvinitrd/udhcpc" bound
FAKE
	cmdline 'vi.mode=tmpfs vi.image=http://[fd00::2]:80/r.tar ip=auto6 panic=-1'
	boot
	said 'eth0 has fd00:0000:0000:0000:5054:0000:0000:0001/64' &&
		calls 'coldplug --events 60' \
			"netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o - http://[fd00::2]:80/r.tar" 'switch_root /newroot /sbin/init' && not_called 'addr add' &&
		[ "$(cat "$ROOT/newroot/etc/resolv.conf")" = \
			$'nameserver fd00::3\nnameserver fd00::4' ]
}
@test "IPv6: auto6 waits for an address of a router's prefix, and asks for name servers" { both \
	auto6; }

dhcp6() {
	nic eth0 52:54:00:00:00:01 1
	if_inet6 'fe800000000000005054000000000001 02 40 20 80 eth0' \
		'20010db8000000000000000000000077 02 80 00 80 eth0'
	fake_dhcp
	fake udhcpc6 <<'FAKE'
export NET=$ROOT/run/initramfs/net interface=eth0 ipv6=2001:db8::77 dns=2001:db8::53
sh "$ROOT/lib/mkvinitrd/udhcpc" bound
FAKE
	cmdline 'vi.mode=tmpfs vi.image=http://[2001:db8::2]/r.tar ip=eth0:dhcp6 panic=-1'
	boot
	calls 'ip -6 addr add 2001:db8::77/128 dev eth0' 'switch_root /newroot /sbin/init' &&
		not_called '@/udhcpc -' &&
		grep -qx "PROTO='dhcp6'" "$ROOT/run/net-eth0.conf"
}
@test "IPv6: an address of a DHCPv6 server" { both dhcp6; }

none6() {
	nic eth0 52:54:00:00:00:01 1
	if_inet6 'fe800000000000005054000000000001 02 40 20 80 eth0'
	cmdline 'root=/dev/vda1 ip=auto6'
	boot
	said 'no network: no router announced an IPv6 prefix on eth0' &&
		calls 'switch_root /newroot /sbin/init'
}
@test "IPv6: no router is reported" { both none6; }
