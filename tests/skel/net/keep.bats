#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A root that lives on a link: every manager of networks is told to leave it alone, and nothing of
# the root is changed.
load ../lib.bash

# nfs_boot PARAMETERS: a root from a server, by eth0
nfs_boot() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 dns=10.0.2.3 domain=lab.example "ntpsrv='10.0.2.4 10.0.2.5'"
	# what lies over a file of the root, after its name
	fake mount <<'FAKE'
[ "$1:$2" != -o:bind ] || cp "$3" "$FAKES/over.${4##*/}"
FAKE
	cmdline "root=nfs:10.0.2.2:/srv/root rw $*"
	boot
}

# over NAME: what the root sees there, against stdin
over() { diff -u - "$FAKES/over.$1"; }

ifupdown() {
	mkdir -p "$ROOT/newroot/etc/network/interfaces.d"
	cat >"$ROOT/newroot/etc/network/interfaces" <<-'INTERFACES'
		# made by hand
		source /etc/network/interfaces.d/*
		auto lo eth0
		iface lo inet loopback
		allow-hotplug eth0=home

		iface eth0 inet dhcp
			metric 5
			# a comment

			up /usr/local/bin/eth0-is-up
		iface eth0 inet6 auto
			privext 2
		iface eth1 inet dhcp
			metric 7
	INTERFACES
	echo 'iface eth1 inet dhcp' >"$ROOT/newroot/etc/network/interfaces.d/other"
	cp -r "$ROOT/newroot" "$BATS_TEST_TMPDIR/before"
	nfs_boot
	over interfaces <<-'INTERFACES' && [ ! -e "$FAKES/over.other" ] && diff -r "$BATS_TEST_TMPDIR/before/etc/network" "$ROOT/newroot/etc/network"
		# made by hand
		source /etc/network/interfaces.d/*
		auto lo
		iface lo inet loopback
		# not in this boot: allow-hotplug eth0=home

		iface eth0 inet manual
			# a comment

		iface eth0 inet6 manual
		iface eth1 inet dhcp
			metric 7
	INTERFACES
	rm -r "$BATS_TEST_TMPDIR/before"
}
@test "ifupdown: the link is brought up and taken down by nobody, other links stay" { both \
	ifupdown; }

other_managers() {
	local run=$ROOT/run
	mkdir -p "$ROOT/newroot/etc/connman"
	printf '[General]\nPreferredTechnologies=wifi\n' >"$ROOT/newroot/etc/connman/main.conf"
	printf 'hostname\ninterface eth0\nstatic ip_address=1.2.3.4/24\n' \
		>"$ROOT/newroot/etc/dhcpcd.conf"
	nfs_boot
	[ "$(head -n 1 "$FAKES/over.dhcpcd.conf")" = 'denyinterfaces eth0' ] &&
		grep -qx 'NetworkInterfaceBlacklist=vmnet,vboxnet,virbr,ifb,ve-,vb-,eth0' \
			"$FAKES/over.main.conf" &&
		grep -qx PreferredTechnologies=wifi "$FAKES/over.main.conf" &&
		grep -qx Unmanaged=yes "$run/systemd/network/00-00-mkvinitrd.network" &&
		grep -qx Name=eth0 "$run/systemd/network/00-00-mkvinitrd.network" &&
		grep -qx MACAddress=52:54:00:00:00:01 \
			"$run/systemd/network/00-00-mkvinitrd-eth0.link" &&
		grep -qx match-device=interface-name:=eth0 \
			"$run/NetworkManager/conf.d/00-mkvinitrd.conf" &&
		grep -qx DNS=10.0.2.3 "$run/systemd/resolved.conf.d/mkvinitrd.conf" || return 1
	printf '[General]\nNetworkInterfaceBlacklist=wlan0\n' >"$ROOT/newroot/etc/connman/main.conf"
	rm -r "$ROOT/run" && mkdir "$ROOT/run"
	nfs_boot
	over main.conf <<-'CONF'
		[General]
		NetworkInterfaceBlacklist=wlan0,eth0
	CONF
}
@test "networkd, NetworkManager, dhcpcd, connman, resolved" { both other_managers; }

time_servers() {
	nfs_boot
	printf 'server 10.0.2.4 iburst\nserver 10.0.2.5 iburst\n' |
		diff - "$ROOT/run/chrony-dhcp/mkvinitrd.sources" &&
		grep -qx 'NTP=10.0.2.4 10.0.2.5' "$ROOT/run/systemd/timesyncd.conf.d/mkvinitrd.conf"
}
@test "time servers of the lease, for chrony and timesyncd" { both time_servers; }

lazy() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	cmdline 'vi.mode=overlay vi.image=http://10.0.2.2/root.erofs vi.lazy'
	boot
	calls 'switch_root /newroot /sbin/init' &&
		grep -qx Name=eth0 "$ROOT/run/systemd/network/00-00-mkvinitrd.network"
}
@test "an image that stays on its web server keeps the link as well" { both lazy; }

in_memory() {
	mkdir -p "$ROOT/newroot/etc/network"
	printf 'auto eth0\niface eth0 inet dhcp\n' >"$ROOT/newroot/etc/network/interfaces"
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	cmdline "vi.mode=tmpfs vi.image=http://10.0.2.2/root.tar.xz panic=-1"
	boot
	calls 'switch_root /newroot /sbin/init' && not_called 'mount -o bind' &&
		[ ! -e "$ROOT/run/systemd/network" ]
}
@test "a root in RAM has its links for itself" { both in_memory; }
