#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One root for many machines: host name, machine-id and SSH host keys are the machine's.
load lib.bash

# lab_boot UUID PARAMETERS...: Debian in RAM, by a lease with a host name, on a machine with that
# number
lab_boot() {
	nic eth0 52:54:00:aa:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 hostname=lab07
	mkdir -p "$ROOT/sys/class/dmi/id" "$ROOT/newroot/etc/ssh" "$ROOT/newroot/usr/bin"
	echo "$1" >"$ROOT/sys/class/dmi/id/product_uuid"
	echo R90-1234 >"$ROOT/sys/class/dmi/id/product_serial"
	echo image >"$ROOT/newroot/etc/hostname"
	[ -s "$ROOT/newroot/etc/machine-id" ] ||
		echo "${ID:-00112233445566778899aabbccddeeff}" >"$ROOT/newroot/etc/machine-id"
	echo secret >"$ROOT/newroot/etc/ssh/ssh_host_ed25519_key"
	echo public >"$ROOT/newroot/etc/ssh/ssh_host_ed25519_key.pub"
	printf '#!/bin/sh\n' >"$ROOT/newroot/usr/bin/ssh-keygen"
	chmod +x "$ROOT/newroot/usr/bin/ssh-keygen"
	cmdline "${WHERE:-vi.mode=tmpfs vi.image=http://10.0.2.2/root.tar.xz} panic=-1 ${*:2}"
	boot
}

id_now() { cat "$ROOT/newroot/etc/machine-id"; }
name_now() { cat "$ROOT/newroot/etc/hostname"; }

uuid=4c4c4544-0051-3510-8052-b4c04f4a4d31

in_memory() {
	local first
	lab_boot $uuid
	first=$(id_now)
	[ "$(name_now)" = lab07 ] && calls 'hostname lab07' &&
		[[ $first =~ ^[0-9a-f]{12}4[0-9a-f]{3}a[0-9a-f]{15}$ ]] &&
		case $first in *4c4c4544*) false ;; esac &&
		[ ! -e "$ROOT/newroot/etc/ssh/ssh_host_ed25519_key" ] &&
		calls 'chroot /newroot /usr/bin/ssh-keygen -q -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key' || return 1
	# the same machine, written otherwise; another one; one whose vendor has written nothing in
	new_tree
	lab_boot 4C4C4544-0051-3510-8052-B4C04F4A4D31
	[ "$(id_now)" = "$first" ] || return 1
	new_tree
	lab_boot 4c4c4544-0051-3510-8052-b4c04f4a4d32
	[ "$(id_now)" != "$first" ] || return 1
	new_tree
	lab_boot ffffffff-ffff-ffff-ffff-ffffffffffff
	[ "$(id_now)" = "$(expected 52:54:00:aa:00:01)" ]
}
# expected FACT: machine-id(5): 128 bits in hexadecimal, those of version and variant as in a random
# UUID
expected() { printf 'mkvinitrd machine-id %s' "$1" | sha256sum |
	sed 's/^\(.\{12\}\).\(...\).\(.\{15\}\).*/\14\2a\3/'; }
@test "a root in RAM: stable and private, another for each machine; host keys of the image are not used" { both in_memory; }

systemd() {
	local unit=$BATS_TEST_TMPDIR/root/run/systemd/system/mkvinitrd-ssh-keys.service
	mkdir -p "$ROOT/newroot/lib/systemd"
	cp "$ROOT/newroot/sbin/init" "$ROOT/newroot/lib/systemd/systemd"
	ln -sf ../lib/systemd/systemd "$ROOT/newroot/sbin/init"
	lab_boot $uuid
	[ -e "$unit" ] && [ -e "${unit%/*}/sysinit.target.wants/mkvinitrd-ssh-keys.service" ] &&
		not_called 'ssh-keygen -q'
}
@test "with systemd the host keys are made before sshd starts" { both systemd; }

names() {
	# shellcheck disable=SC2016
	lab_boot $uuid 'vi.hostname=pc-${mac}-${serial}'
	[ "$(name_now)" = pc-525400aa0001-R90-1234 ] || return 1
	new_tree
	# shellcheck disable=SC2016
	lab_boot $uuid 'vi.hostname=${mac:hexhyp}'
	[ "$(name_now)" = 52-54-00-aa-00-01 ] || return 1
	new_tree
	lab_boot $uuid 'vi.hostname=a/b'
	said "the host name 'a/b' cannot be used" && [ "$(name_now)" = image ]
}
@test "vi.hostname=, with what tells machines apart" { both names; }

unchanged() {
	lab_boot $uuid vi.identity=root
	[ "$(name_now)" = image ] && [ "$(id_now)" = 00112233445566778899aabbccddeeff ] &&
		[ -e "$ROOT/newroot/etc/ssh/ssh_host_ed25519_key" ] || return 1
	new_tree
	WHERE='root=nfs:10.0.2.2:/srv/pc7 rw' lab_boot $uuid
	[ "$(name_now)" = image ] && [ "$(id_now)" = 00112233445566778899aabbccddeeff ] &&
		[ -e "$ROOT/newroot/etc/ssh/ssh_host_ed25519_key" ] || return 1
	# what a store has is this machine's
	new_tree
	WHERE='vi.mode=overlay vi.image=http://10.0.2.2/root.sfs vi.persist=dir:LABEL=data:/changes' lab_boot $uuid
	[ "$(id_now)" = 00112233445566778899aabbccddeeff ] &&
		[ -e "$ROOT/newroot/etc/ssh/ssh_host_ed25519_key" ] || return 1
	new_tree
	ID=uninitialized WHERE='vi.mode=overlay vi.image=http://10.0.2.2/root.sfs vi.persist=dir:LABEL=data:/changes' lab_boot $uuid
	[ "$(id_now)" = "$(expected $uuid)" ]
}
@test "vi.identity=root, a directory of a server, and a store keep what they have" { both \
	unchanged; }

mounted() {
	WHERE='root=nfs:10.0.2.2:/srv/all rw' lab_boot $uuid vi.identity=machine
	[ "$(id_now)" = 00112233445566778899aabbccddeeff ] &&
		[ "$(cat "$ROOT/run/initramfs/identity/machine-id")" = "$(expected $uuid)" ] &&
		calls 'mount -o bind /run/initramfs/identity/hostname /newroot/etc/hostname' \
			'mount -o bind /run/initramfs/identity/machine-id /newroot/etc/machine-id' &&
		[ "$(readlink "$ROOT/run/systemd/system/systemd-machine-id-commit.service")" = \
			/dev/null ]
}
@test "vi.identity=machine on a directory that many share: mounted over its files" { both mounted; }
