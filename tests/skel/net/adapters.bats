#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Network adapters that come late, that are named or only preferred, and what ip= and the like set
# on them.
load ../lib.bash

http_boot() {
	cmdline "vi.mode=tmpfs vi.image=http://10.0.2.2:8000/rootfs.tar.xz panic=-1 vi.timeout=${LIMIT:-12} $*"
	boot
}

# The real udhcpc and ip fail at once without such a link.
strict() {
	fake_dhcp
	sed -i '/^\[ ! -p/i [ -e "$ROOT/sys/class/net/$interface" ] || exit 1' "$FAKES/udhcpc"
	fake ip <<'FAKE'
for dev; do :; done
case "$*" in *'addr add'*) [ -e "$ROOT/sys/class/net/$dev" ] ;; esac
FAKE
}

# late PARAMETERS...: eth0 is there and has a lease, eth1 (52:54:00:aa:bb:02) comes a second later
late() {
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=192.168.7.9 mask=24 router=192.168.7.1
	lease eth1 ip=10.0.2.6 mask=24
	(sleep 1 && nic eth1 52:54:00:aa:bb:02 1) &
	export SLOW_EVENTS=1
	http_boot "$@"
	wait $!
}

late_named() {
	local words
	for words in ip=eth1:dhcp ip=10.0.2.6::10.0.2.2:255.255.255.0::eth1:none \
		ip=52-54-00-AA-BB-02:dhcp ip=enx525400aabb02:dhcp 'ip=dhcp bootdev=eth1' \
		ethdevice=eth1 BOOTIF=01-52-54-00-AA-BB-02 'ip=dhcp BOOTIF=52:54:00:aa:bb:02'; do
		new_tree
		late "$words"
		calls 'ip addr add 10.0.2.6/24 brd + dev eth1' 'switch_root /newroot /sbin/init' &&
			not_called 'addr .*dev eth0' &&
			case $words in *BOOTIF*) ;; *) not_called '-i eth0|dev eth0' ;; esac || {
			echo "with $words"
			return 1
		}
	done
	new_tree
	late 'ifname=lan0:52:54:00:aa:bb:02 ip=eth0:dhcp'
	calls 'ip link set eth1 name lan0' 'ip addr add 192.168.7.9/24 brd + dev eth0' || return 1
	new_tree
	late 'vlan=vlan5:eth1 ip=eth0:dhcp'
	calls 'ip link add link eth1 name vlan5 type vlan id 5'
}
@test "an adapter that is named, and one that is preferred, may come after another" { both \
	late_named; }

never_named() {
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.5 mask=24
	LIMIT=1 http_boot ip=eth1:dhcp
	said 'no network adapter eth1 appeared in 1 s: this machine has eth0 (52:54:00:00:00:01)' &&
		said 'ip=eth1:dhcp: there is no network adapter eth1' && calls 'reboot -f' &&
		not_called 'switch_root|udhcpc' || return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	LIMIT=1 http_boot ip=dhcp bootdev=eth1
	said 'bootdev=eth1: no network adapter of that name appeared' && calls 'reboot -f'
}
@test "a named adapter that never comes is not replaced by another" { both never_named; }

never_preferred() {
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.5 mask=24
	LIMIT=3 http_boot ip=dhcp BOOTIF=01-52-54-00-aa-bb-02
	said 'no network adapter with the address BOOTIF=01-52-54-00-aa-bb-02 appeared in 1 s: using eth0' &&
		calls 'ip addr add 10.0.2.5/24 brd + dev eth0' 'switch_root /newroot /sbin/init' ||
		return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:aa:bb:02 0
	strict
	lease eth0 ip=10.0.2.5 mask=24
	http_boot ip=dhcp BOOTIF=01-52-54-00-aa-bb-02
	calls 'ip addr add 10.0.2.5/24 brd + dev eth0' || return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.5 mask=24
	http_boot ip=dhcp BOOTIF=01-52-54-00-aa-bb-02 rd.bootif=0
	calls 'ip addr add 10.0.2.5/24 brd + dev eth0' && case $output in *BOOTIF*) return 1 ;; esac
}
@test "BOOTIF= is a preference: another adapter is better than none, and a message says so" { both \
	never_preferred; }

comes_during_dhcp() {
	nic eth0 52:54:00:00:00:01 1
	strict
	mkfifo "$FAKES/after.eth0" "$FAKES/then.eth1"
	lease eth1 ip=10.0.2.6 mask=24
	(
		sleep 1
		nic eth1 52:54:00:aa:bb:02 1
		read -r _ <"$FAKES/then.eth1"
		echo 1<>"$FAKES/after.eth0"
	) &
	export SLOW_EVENTS=1
	http_boot ip=dhcp
	wait $!
	said 'eth1 is another network adapter: asking there too' &&
		calls 'ip link set eth1 up' 'ip addr add 10.0.2.6/24 brd + dev eth1' \
			'switch_root /newroot /sbin/init'
}
@test "an adapter that comes while others are asked for a lease is asked, too" { both \
	comes_during_dhcp; }

# place LINK PCI-ADDRESS: the link of a virtio card there
place() {
	mkdir -p "$ROOT/devices/pci0000:00/$2/virtio0"
	ln -s "$ROOT/devices/pci0000:00/$2/virtio0" "$ROOT/sys/class/net/$1/device"
}

udev_names() {
	local name
	for name in ens3 enp0s3 eno7 enp0s3f0 ens3f0; do
		new_tree
		nic eth0 52:54:00:00:00:01 1
		nic eth1 52:54:00:00:00:02 1
		place eth0 0000:02:1f.1
		place eth1 0000:00:03.0
		mkdir -p "$ROOT/sys/bus/pci/slots/3"
		echo 0000:00:03 >"$ROOT/sys/bus/pci/slots/3/address"
		echo 7 >"$ROOT/devices/pci0000:00/0000:00:03.0/acpi_index"
		http_boot "ip=10.0.2.9:::24::$name:none"
		said "$name is eth1 here" && calls 'ip addr add 10.0.2.9/24 brd + dev eth1' ||
			return 1
	done
	http_boot ip=10.0.2.9:::24::enp2s31f1:none
	said 'enp2s31f1 is eth0 here'
}
@test "names that udev would have given: firmware, slot, place on the bus" { both udev_names; }

several_named() {
	nic eth0 52:54:00:00:00:01 1
	nic eth1 52:54:00:00:00:02 1
	strict
	lease eth0 ip=192.168.7.9 mask=24 router=192.168.7.1 siaddr=192.168.7.1
	lease eth1 ip=10.0.2.6 mask=24 router=10.0.2.2 siaddr=10.0.2.2
	cmdline 'root=/dev/nfs nfsroot=/srv/root ip=eth0:dhcp ip=eth1:dhcp bootdev=eth1 rd.route=10.7.0.0/16:10.0.2.9:eth1 rd.route=10.8.0.0/16::eth9'
	boot
	calls 'ip addr add 192.168.7.9/24 brd + dev eth0' 'ip addr add 10.0.2.6/24 brd + dev eth1' \
		'ip route add default via 10.0.2.2 dev eth1' \
		'ip route add 10.7.0.0/16 via 10.0.2.9 dev eth1' \
		'mount -t nfs -o vers=4.1,addr=10.0.2.2,ro,nolock 10.0.2.2:/srv/root /newroot' &&
		not_called 'via 192.168.7.1' &&
		said 'the route rd.route=10.8.0.0/16 is not set: its link eth9 has no address'
}
@test "several links by DHCP: bootdev= has the default route and the server; rd.route=" { both \
	several_named; }

settings() {
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.6 mask=24 dns=10.0.2.3 domain=lab.example
	http_boot ip=::::pc7:eth0:dhcp:1400:52:54:00:00:00:77 rd.peerdns=0 nameserver=10.0.2.4 \
		rd.net.timeout.dhcp=33
	calls 'ip link set eth0 down' 'ip link set dev eth0 address 52:54:00:00:00:77' \
		'ip link set eth0 up' 'ip link set dev eth0 mtu 1400' \
		'chroot /run/initramfs @/udhcpc -O search -O staticroutes -O msstaticroutes -O mtu -O rootpath -O ntpsrv -O tftp -O bootfile -x hostname:pc7 -f -t 1 -T 33 -A 33 -i eth0 -s /net/udhcpc' \
		'hostname pc7' && [ "$(cat "$ROOT/newroot/etc/resolv.conf")" = \
		'nameserver 10.0.2.4' ] || return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.6 mask=24
	http_boot ip=dhcp,1,lab7
	grep -q -- '-C -x 0x3d:016c616237 ' "$CALLS" || return 1
	new_tree
	nic eth0 52:54:00:00:00:01 1
	http_boot ip=10.0.0.5:10.0.0.1/32:::pc:eth0:none
	calls 'ip addr add 10.0.0.5 peer 10.0.0.1/32 dev eth0' 'hostname pc'
}
@test "MTU, hardware address, host name, client identifier, peer; no name servers of the lease" { both settings; }

neednet() {
	nic eth0 52:54:00:00:00:01 1
	strict
	lease eth0 ip=10.0.2.6 mask=24
	cmdline 'root=/dev/vda1 rd.neednet=1'
	boot
	calls 'ip addr add 10.0.2.6/24 brd + dev eth0' 'switch_root /newroot /sbin/init'
}
@test "rd.neednet=1: an address for a local root" { both neednet; }

bridge() {
	nic eth0 52:54:00:00:00:01 1
	strict
	fake ip <<'FAKE'
[ "$*" != 'link add name br0 type bridge' ] || { mkdir -p "$ROOT/sys/class/net/br0/bridge" "$ROOT/sys/class/net/eth0/master" && echo 1 >"$ROOT/sys/class/net/br0/type"; }
FAKE
	lease br0 ip=10.0.2.6 mask=24
	http_boot bridge
	calls 'modprobe -a bridge' 'ip link add name br0 type bridge' \
		'ip link set eth0 master br0' 'ip link set br0 up' \
		'ip addr add 10.0.2.6/24 brd + dev br0' &&
		not_called '-i eth0'
}
@test "a bridge has the address, and not its link" { both bridge; }

grammar() {
	fields link6 eth0:link6 single-dhcp eth0:off 10.0.2.5/26::10.0.2.1 :10.0.2.2::::eth0:dhcp \
		'::::pc:[52:54:00:00:00:0A]:dhcp' Lan0:dhcp \
		10.0.2.5::10.0.2.1:24::eth0:none::: auto eth0:auto eth0:link-local \
		::::pc.nis.example:eth0:dhcp,1,lab7 eth0:either6 either6 \
		10.0.2.5:10.0.2.9:::pc:eth0:ibft \
		10.0.2.5::10.0.2.1:255.255.255.0:pc:eth0:on:1400:52:54:00:00:00:0a \
		>"$BATS_TEST_TMPDIR/fields"
	diff -u - "$BATS_TEST_TMPDIR/fields" <<-'FIELDS'
		link6 = link6 dev: ip: srv: gw: mask: host: dns:
		eth0:link6 = link6 dev:eth0 ip: srv: gw: mask: host: dns:
		single-dhcp = dhcp dev: ip: srv: gw: mask: host: dns:
		eth0:off = off dev:eth0 ip: srv: gw: mask: host: dns:
		10.0.2.5/26::10.0.2.1 = static dev: ip:10.0.2.5 srv: gw:10.0.2.1 mask:26 host: dns:
		:10.0.2.2::::eth0:dhcp = dhcp dev:eth0 ip: srv:10.0.2.2 gw: mask: host: dns:
		::::pc:[52:54:00:00:00:0A]:dhcp = dhcp dev:52:54:00:00:00:0a ip: srv: gw: mask: host:pc dns:
		Lan0:dhcp = dhcp dev:Lan0 ip: srv: gw: mask: host: dns:
		10.0.2.5::10.0.2.1:24::eth0:none::: = static dev:eth0 ip:10.0.2.5 srv: gw:10.0.2.1 mask:24 host: dns:
		auto = dhcp dev: ip: srv: gw: mask: host: dns:
		eth0:auto = dhcp dev:eth0 ip: srv: gw: mask: host: dns:
		eth0:link-local = link6 dev:eth0 ip: srv: gw: mask: host: dns:
		::::pc.nis.example:eth0:dhcp,1,lab7 = dhcp dev:eth0 ip: srv: gw: mask: host:pc.nis.example dns:
		eth0:either6 = either6 dev:eth0 ip: srv: gw: mask: host: dns:
		either6 = either6 dev: ip: srv: gw: mask: host: dns:
		10.0.2.5:10.0.2.9:::pc:eth0:ibft =  dev:eth0 ip:10.0.2.5 srv:10.0.2.9 gw: mask: host:pc dns:
		10.0.2.5::10.0.2.1:255.255.255.0:pc:eth0:on:1400:52:54:00:00:00:0a = dhcp dev:eth0 ip:10.0.2.5 srv: gw:10.0.2.1 mask:255.255.255.0 host:pc dns:
	FIELDS
}
@test "the rest of the grammar of ip=" { both grammar; }
