#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The network: grammar of ip=, several links at once, leases.
load ../lib.bash
load net.bash

dhcp() {
	loopback
	nic eth0 52:54:00:12:34:56 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 subnet=255.255.255.0 router=10.0.2.2 \
		"dns='10.0.2.3 10.0.2.4'" domain=lab.example \
		hostname=pc15 siaddr=10.0.2.2 boot_file=menu.ipxe
	http_boot ip=dhcp
	calls 'ip link set eth0 up' 'ip addr add 10.0.2.15/24 brd + dev eth0' \
		'ip route add default via 10.0.2.2 dev eth0' \
		'hostname pc15' 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o - http://10.0.2.2:8000/rootfs.tar.xz' 'switch_root /newroot /sbin/init' &&
		calls 'unpackroot - /newroot' &&
		[ "$(cat "$ROOT/newroot/etc/resolv.conf")" = \
			$'search lab.example\nnameserver 10.0.2.3\nnameserver 10.0.2.4' ] &&
		[ "$(cat "$ROOT/etc/resolv.conf")" = "$(cat "$ROOT/newroot/etc/resolv.conf")" ] &&
		not_called 'onlink|scope link'
}
@test "DHCP: address, router, names, host name; the root gets resolv.conf" { both dhcp; }

net_conf() {
	nic eth0 52:54:00:12:34:56 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 subnet=255.255.255.0 router=10.0.2.2 dns=10.0.2.3 \
		"domain=\"x'; reboot; '\"" rootpath=/r
	http_boot ip=dhcp
	local conf=$ROOT/run/net-eth0.conf
	(
		. "$conf"
		[ "$DEVICE $PROTO $IPV4ADDR $IPV4NETMASK $IPV4GATEWAY $IPV4DNS0 $ROOTPATH" = \
			'eth0 dhcp 10.0.2.15 255.255.255.0 10.0.2.2 10.0.2.3 /r' ]
	) && grep -qx "DNSDOMAIN=''" "$conf"
}
@test "/run/net-LINK.conf is as ipconfig writes it, and safe to source" { both net_conf; }

no_router() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:02 1
	fake_dhcp
	# the lease that leads nowhere comes first
	mkfifo "$FAKES/after.eth1"
	ln "$FAKES/after.eth1" "$FAKES/then.eth0"
	lease eth0 ip=192.168.7.9 mask=24
	lease eth1 ip=10.9.0.5 mask=16 router=10.9.0.1
	http_boot ''
	said 'the lease on eth0 has no router and does not reach 10.0.2.2' &&
		calls 'ip addr add 10.9.0.5/16 brd + dev eth1' 'switch_root /newroot /sbin/init' &&
		not_called '192.168.7.9'
}
@test "two links: a first lease that cannot reach the image does not win" { both no_router; }

first_wins() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:02 1
	fake_dhcp
	lease eth1 ip=10.0.2.77 mask=24
	http_boot ''
	calls 'ip addr add 10.0.2.77/24 brd + dev eth1' 'switch_root /newroot /sbin/init' &&
		not_called 'ip addr .* eth0$'
}
@test "two links: the one without an answer does not hold up the other" { both first_wins; }

garbage() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 "ip='1.2.3.x 4'" mask=24
	http_boot ''
	said 'has no usable address' && not_called 'ip addr|switch_root'
}
@test "a lease with nonsense in it is not used" { both garbage; }

no_carrier() {
	nic eth0 52:54:00:00:00:01 0
	nic eth1 52:54:00:00:00:02 1
	fake_dhcp
	http_boot ip=dhcp
	said 'the image http://10.0.2.2:8000/rootfs.tar.xz needs the network' &&
		said 'eth0: no carrier' &&
		said 'eth1: link is up, no DHCP answer' && calls 'reboot -f' &&
		not_called switch_root
}
@test "no lease: each link with the reason" { both no_carrier; }

no_nic() {
	loopback
	http_boot 'ip=dhcp vi.timeout=1'
	said 'no network adapter was found' && calls 'coldplug --events 1'
}
@test "no adapter: a bounded wait, then a message" { both no_nic; }

bootif() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:aa:bb:02 1
	fake_dhcp
	lease eth0 ip=10.0.2.5 mask=24
	lease eth1 ip=10.0.2.6 mask=24
	# the other link is first to answer
	mkfifo "$FAKES/after.eth1"
	ln "$FAKES/after.eth1" "$FAKES/then.eth0"
	http_boot 'BOOTIF=01-52-54-00-AA-BB-02'
	calls 'ip addr add 10.0.2.6/24 brd + dev eth1' && not_called 'ip addr add 10.0.2.5' ||
		return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:aa:bb:02 1
	fake_dhcp
	lease eth0 ip=10.0.2.5 mask=24
	lease eth1 ip=192.168.7.9 mask=24
	http_boot 'BOOTIF=01-52-54-00-AA-BB-02'
	said 'the lease on eth1 has no router and does not reach 10.0.2.2' &&
		calls 'ip addr add 10.0.2.5/24 brd + dev eth0'
}
@test "BOOTIF= is the first choice, whoever answers first, and not the only one" { both bootif; }

static() {
	nic eth0 52:54:00:00:00:01 1
	http_boot ip=10.0.2.50:10.0.2.1:10.0.2.2:255.255.255.128:pc50:eth0:off:10.0.2.3:10.0.2.4
	calls 'ip addr add 10.0.2.50/25 brd + dev eth0' \
		'ip route add default via 10.0.2.2 dev eth0' 'hostname pc50' \
		'switch_root /newroot /sbin/init' && not_called udhcpc &&
		[ "$(cat "$ROOT/newroot/etc/resolv.conf")" = \
			$'nameserver 10.0.2.3\nnameserver 10.0.2.4' ] &&
		grep -q "PROTO='none'" "$ROOT/run/net-eth0.conf"
}
@test "ip= static, all fields" { both static; }

static_32() {
	nic eth0 52:54:00:00:00:01 1
	http_boot ip=203.0.113.7::10.0.0.1:255.255.255.255::eth0:none
	calls 'ip addr add 203.0.113.7/32 brd + dev eth0' \
		'ip route add 10.0.0.1 dev eth0 scope link' \
		'ip route add default via 10.0.0.1 dev eth0'
}
@test "ip= with /32: the router is on the link" { both static_32; }

grammar() {
	fields dhcp on any eth1:dhcp eth1:on ::::pc:eth2:dhcp :::::eth3 192.0.2.5 192.0.2.5:::24 \
		192.0.2.5:192.0.2.1:192.0.2.1:255.255.0.0:h:eth0:off:9.9.9.9 \
		eth0:192.0.2.5:255.255.255.0:192.0.2.1:9.9.9.9 ens3:dhcp:1500 \
		>"$BATS_TEST_TMPDIR/fields"
	diff -u - "$BATS_TEST_TMPDIR/fields" <<-'FIELDS'
		dhcp = dhcp dev: ip: srv: gw: mask: host: dns:
		on = dhcp dev: ip: srv: gw: mask: host: dns:
		any = dhcp dev: ip: srv: gw: mask: host: dns:
		eth1:dhcp = dhcp dev:eth1 ip: srv: gw: mask: host: dns:
		eth1:on = dhcp dev:eth1 ip: srv: gw: mask: host: dns:
		::::pc:eth2:dhcp = dhcp dev:eth2 ip: srv: gw: mask: host:pc dns:
		:::::eth3 = dhcp dev:eth3 ip: srv: gw: mask: host: dns:
		192.0.2.5 = static dev: ip:192.0.2.5 srv: gw: mask: host: dns:
		192.0.2.5:::24 = static dev: ip:192.0.2.5 srv: gw: mask:24 host: dns:
		192.0.2.5:192.0.2.1:192.0.2.1:255.255.0.0:h:eth0:off:9.9.9.9 = static dev:eth0 ip:192.0.2.5 srv:192.0.2.1 gw:192.0.2.1 mask:255.255.0.0 host:h dns:9.9.9.9
		eth0:192.0.2.5:255.255.255.0:192.0.2.1:9.9.9.9 = static dev:eth0 ip:192.0.2.5 srv: gw:192.0.2.1 mask:255.255.255.0 host: dns:9.9.9.9
		ens3:dhcp:1500 = dhcp dev:ens3 ip: srv: gw: mask: host: dns:
	FIELDS
}
@test "the grammar of ip=: the kernel's, dracut's and live-boot's forms" { both grammar; }

masks() {
	local value N_PREFIX N_WHY
	for value in 10.0.0.1:::255.255.255.0 10.0.0.1:::255.255.255.252 10.0.0.1:::255.0.0.0 \
		10.0.0.1:::20 10.0.0.1:::32 \
		10.0.0.1:::0.0.0.0 10.1.2.3 172.16.0.1 192.168.0.1 10.0.0.1:::33 \
		10.0.0.1:::255.255.255.7 10.0.0.1:::x \
		10.0.0.1:::1.2.3 10.0.0.1:::255.0.255.0 10.0.0.256 10.0.0 10.0.0.08:::024; do
		"$BOOTPLAN" ip "$value" >"$BATS_TEST_TMPDIR/ip" && . "$BATS_TEST_TMPDIR/ip"
		[ -z "$N_WHY" ] || N_PREFIX=no
		printf '%s ' "$N_PREFIX"
	done >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = '24 30 8 20 32 0 8 16 24 no no no no no no no 24 ' ] ||
		{
			cat "$BATS_TEST_TMPDIR/out"
			return 1
		}
}
@test "masks and classes; what is none is refused" { masks; }

bad_static() {
	nic eth0 52:54:00:00:00:01 1
	http_boot ip=10.0.2.500x::10.0.2.2:255.255.255.0
	said "ip= has no usable address and mask: '10.0.2.500x'" && calls 'reboot -f' &&
		not_called 'ip addr' || return 1
	http_boot ip=dhcp:eth0
	said "ip=dhcp:eth0: 'dhcp' is in the place of the address: expected LINK:METHOD, as in ip=eth0:dhcp" ||
		return 1
	http_boot ip=eth0:static
	said "ip=eth0:static: the method 'static' needs an address in front"
}
@test "a static address that is none is reported; so are fields in another order" { both bad_static; }

bare_ipv6() {
	nic eth0 52:54:00:00:00:01 1
	http_boot "ip=$1"
	said "the IPv6 address at '$2' is not in brackets: expected [ADDRESS], as in ip=[CLIENT]::[GATEWAY]:64::DEVICE:none"
}
bare_ipv6_addresses() {
	bare_ipv6 2001:db8::5::2001:db8::1:64::eth0:none 2001:db8::5::2001:db8::1:64::eth0:none &&
		calls 'reboot -f' && not_called 'ip addr' || return 1
	bare_ipv6 '[2001:db8::5]::2001:db8::1:64::eth0:none' 2001:db8::1:64::eth0:none &&
		bare_ipv6 eth0:fd00::5/64 fd00::5/64 && bare_ipv6 '[fe80::1' fe80::1 &&
		bare_ipv6 2001:db8:0:1:2:3:4:5:::64::eth0:none 2001:db8:0:1:2:3:4:5:::64::eth0:none &&
		bare_ipv6 10.0.2.5::10.0.2.2:24::eth0:none:2001:db8::53 2001:db8::53 &&
		calls 'ip addr add 10.0.2.5/24 brd + dev eth0' || return 1
	http_boot ip=10.0.2.5::10.0.2.2:24:beef:eth0:none:1500:x
	said "'x' is no hardware address" && ! said 'not in brackets'
}
@test "an IPv6 address in ip= that is not in brackets is named, with what to write" { both \
	bare_ipv6_addresses; }

several() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:02 1
	fake_dhcp
	lease eth1 ip=10.0.2.6 mask=24
	http_boot 'ip=192.168.0.2:::255.255.255.0::eth0:off ip=eth1:dhcp'
	calls 'ip addr add 192.168.0.2/24 brd + dev eth0' \
		'ip addr add 10.0.2.6/24 brd + dev eth1' && not_called '-i eth0'
}
@test "several ip= parameters, each for its link" { both several; }

static_without_device() {
	nic eth0 52:54:00:00:00:01 0
	nic eth1 52:54:00:00:00:02 1
	http_boot ip=10.0.2.9:::24
	calls 'ip addr add 10.0.2.9/24 brd + dev eth1'
}
@test "a static address without a device goes to the link with carrier" { both \
	static_without_device; }

classless() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 router=10.0.2.9 \
		"staticroutes='10.7.0.0/16 10.0.2.1 0.0.0.0/0 10.0.2.2 10.8.0.0/16 0.0.0.0'" \
		mtu=1400
	http_boot ''
	calls 'ip route add 10.7.0.0/16 via 10.0.2.1 dev eth0' \
		'ip route add 0.0.0.0/0 via 10.0.2.2 dev eth0' \
		'ip route add 10.8.0.0/16 dev eth0' 'ip link set dev eth0 mtu 1400' &&
		not_called '10.0.2.9'
}
@test "classless routes replace the router" { both classless; }

local_root() {
	nic eth0 52:54:00:00:00:01 0
	fake_dhcp
	: >"$ROOT/rootfs.tar.xz"
	cmdline 'vi.mode=tmpfs ip=dhcp'
	boot
	said 'no network: eth0: no carrier; continuing, the root is local' &&
		calls 'switch_root /newroot /sbin/init' || return 1
	: >"$CALLS"
	# a lease needs to lead nowhere
	nic eth1 52:54:00:00:00:02 1
	lease eth1 ip=192.168.9.9 mask=24
	rm -rf "$ROOT/run/initramfs"
	cmdline 'vi.mode=tmpfs vi.image=file:/rootfs.tar.xz ip=dhcp'
	boot
	calls 'ip addr add 192.168.9.9/24 brd + dev eth1' 'switch_root /newroot /sbin/init' ||
		return 1
	: >"$CALLS"
	cmdline 'vi.mode=tmpfs ip=off'
	boot
	not_called 'ip link|udhcpc'
}
@test "a local root boots without the network that ip= asked for" { both local_root; }
