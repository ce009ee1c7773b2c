# shellcheck shell=bash disable=SC2034,SC2154 # variables of the tests, and of bats
# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of `mkvinitrd pack`: a small root in the directory tree.

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	M=$HOST/mkvinitrd
	mkdir -p tree/bin tree/etc/ssh tree/usr/share/doc/x tree/usr/lib/firmware tree/proc \
		tree/var/lib/dhcp tmp
	export TMPDIR=$PWD/tmp
	cp /bin/true tree/bin/true
	setcap cap_net_raw=ep tree/bin/true
	echo hello >tree/etc/motd
	ln tree/etc/motd tree/etc/issue
	chown 1234:77 tree/etc/motd
	head -c 200000 /dev/urandom >tree/usr/share/doc/x/readme
	head -c 300000 /dev/urandom >tree/usr/lib/firmware/iwlwifi-1.ucode
	touch -d @1700000000 tree/bin/true tree/etc/motd
}

# names OUT.tar: its members, one line
names() {
	tar -tf "$1" | LC_ALL=C sort | paste -s -d ' '
}

identity() {
	echo 0123456789abcdef0123456789abcdef >tree/etc/machine-id
	echo pc17 >tree/etc/hostname
	printf '127.0.0.1 localhost\n127.0.1.1 pc17\n' >tree/etc/hosts
	printf 'UUID=1-2 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\ntmpfs /tmp tmpfs size=1g 0 0\nsrv:/home /home nfs x 0 0\n' >tree/etc/fstab
	echo key >tree/etc/ssh/ssh_host_rsa_key
	echo lease >tree/var/lib/dhcp/dhclient.leases
	mkdir -p tree/var/log
	echo login >tree/var/log/lastlog
}

# for_everybody: $M where every user may read it, and this directory for the user nobody
for_everybody() {
	chmod 755 . tmp "$BATS_RUN_TMPDIR"
	make -s -C "$BATS_TEST_DIRNAME/../../.." install DESTDIR="$PWD/installed" \
		PREFIX=/opt/mkvinitrd >install.log
	M=$PWD/installed/opt/mkvinitrd/sbin/mkvinitrd
}
