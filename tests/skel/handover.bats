#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Handing over: which program becomes process 1, with which arguments, and what is left for the
# shutdown.
load lib.bash

program() {
	mkdir -p "$ROOT/newroot/${1%/*}"
	printf '#!/bin/sh\n' >"$ROOT/newroot/$1"
	chmod +x "$ROOT/newroot/$1"
}

boots() {
	: >"$CALLS"
	boot
	calls "switch_root /newroot $1"
}

init_usr_merged() {
	cmdline 'root=/dev/sda1'
	rm -r "$ROOT/newroot/sbin"
	program usr/lib/systemd/systemd
	mkdir "$ROOT/newroot/usr/sbin"
	ln -s usr/sbin "$ROOT/newroot/sbin"
	ln -s usr/lib "$ROOT/newroot/lib"
	ln -s /lib/systemd/systemd "$ROOT/newroot/usr/sbin/init"
	boots /sbin/init
}
@test "a merged /usr: absolute and relative links are followed inside the root" { both \
	init_usr_merged; }

init_dotdot() {
	cmdline 'root=/dev/sda1'
	rm "$ROOT/newroot/sbin/init"
	program bin/busybox
	ln -s ../../../../bin/busybox "$ROOT/newroot/sbin/init"
	boots /sbin/init
}
@test "links that climb above the root stay in it" { both init_dotdot; }

init_order() {
	local next
	cmdline 'root=/dev/sda1'
	ln -sf /gone "$ROOT/newroot/sbin/init"
	program bin/sh
	boots /bin/sh && said 'the root has no init (/sbin/init: no /gone): starting /bin/sh' ||
		return 1
	for next in /bin/sh /bin/init /etc/init /usr/lib/systemd/systemd /lib/systemd/systemd; do
		program "${next#/}"
		boots $next || return 1
	done
}
@test "without /sbin/init the usual places are tried in order" { both init_order; }

init_word() {
	program opt/my-init
	cmdline 'root=/dev/sda1 init=/opt/my-init'
	boots /opt/my-init || return 1
	cmdline 'root=/dev/sda1 init=/linuxrc'
	boots /sbin/init || return 1
	cmdline 'root=/dev/sda1 init=/bin/nonsense panic=-1'
	: >"$CALLS"
	boot
	said 'the root has no program /bin/nonsense (init=)' && not_called switch_root
}
@test "init= is used, a leftover init=/linuxrc tolerated, any other absent one refused" { both \
	init_word; }

init_missing() {
	rm "$ROOT/newroot/sbin/init"
	ln -s loop "$ROOT/newroot/sbin/loop"
	ln -s loop "$ROOT/newroot/sbin/init"
	: >"$ROOT/newroot/bin"
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said 'the root has no init' && said '/sbin/init: no /sbin/loop; the root contains:' &&
		not_called switch_root
}
@test "a root without an init, or with links in a circle: reported, not tried" { both \
	init_missing; }

# elf FILE BYTE...: a real program as the root's init, with bytes changed, each OFFSET=OCTAL
elf() {
	local change
	rm -f "$ROOT/newroot/sbin/init"
	cp "$1" "$ROOT/newroot/sbin/init"
	for change in "${@:2}"; do
		# shellcheck disable=SC2059 # an escape
		printf "\\${change#*=}" |
			dd of="$ROOT/newroot/sbin/init" bs=1 seek="${change%%=*}" conv=notrunc \
				status=none
	done
	: >"$CALLS"
	boot
}

init_foreign() {
	local linker
	cmdline 'root=/dev/sda1 panic=-1'
	cp /bin/busybox "$ROOT/bin/busybox"
	elf /bin/busybox
	calls 'switch_root /newroot /sbin/init' || return 1
	elf /bin/busybox 18=267
	said "the root's init /sbin/init cannot be started" &&
		said '/sbin/init is a program for another machine (ELF machine 183; this one is 62)' &&
		not_called switch_root || return 1
	elf /bin/busybox 18=003 4=001
	calls 'switch_root /newroot /sbin/init' || return 1
	elf /bin/busybox 5=002
	said 'is a program for another machine' && not_called switch_root || return 1
	elf /bin/ls
	linker=$(readelf -l /bin/ls | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
	said "/sbin/init needs $linker, which the root does not have" && not_called switch_root ||
		return 1
	mkdir -p "$ROOT/newroot/usr${linker%/*}"
	ln -s "usr${linker%/*}" "$ROOT/newroot${linker%/*}"
	: >"$ROOT/newroot$linker"
	elf /bin/ls
	calls 'switch_root /newroot /sbin/init' || return 1
	head -c 70 /bin/ls >"$BATS_TEST_TMPDIR/cut"
	chmod +x "$BATS_TEST_TMPDIR/cut"
	elf "$BATS_TEST_TMPDIR/cut"
	calls 'switch_root /newroot /sbin/init'
}
@test "an init for another machine, or without its dynamic linker: refused before the kernel would panic" { both init_foreign; }

init_below() {
	mkdir -p "$ROOT/newroot/rootfs/sbin" "$ROOT/newroot/usr/sbin"
	mv "$ROOT/newroot/sbin/init" "$ROOT/newroot/rootfs/sbin/init"
	touch "$ROOT/newroot/usr/sbin/init"
	chmod +x "$ROOT/newroot/usr/sbin/init"
	rm -f "$ROOT/newroot/bin/sh"
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said 'its directory /rootfs looks like a root' &&
		said 'pack what is in /rootfs, not /rootfs itself' && not_called switch_root
}
@test "a root that was packed with its directory: said" { both init_below; }

arguments() {
	cmdline 'root=/dev/sda1 toram 5 verbose single -- toram --x'
	boot toram 5 verbose single toram --x
	calls 'switch_root /newroot /sbin/init 5 single toram --x' || return 1
	: >"$CALLS"
	cmdline 'root=/dev/sda1 vi.plan S "a b"'
	boot S 'a b'
	calls 'switch_root /newroot /sbin/init S a b' || return 1
	: >"$CALLS"
	# the kernel gives none that stand before init=
	cmdline 'root=/dev/sda1 5 init=/linuxrc x'
	boot x
	calls 'switch_root /newroot /sbin/init 5 x' || return 1
	program opt/my-init
	: >"$CALLS"
	cmdline 'root=/dev/sda1 5 init=/opt/my-init x'
	boot x
	calls 'switch_root /newroot /opt/my-init x'
}
@test "runlevels and what follows -- reach the root's init, our own parameters do not" { both \
	arguments; }

ramfs() {
	cmdline 'root=/dev/sda1'
	echo VDATTACH >"$ROOT/bin/vdattach"
	boot
	local dir=$ROOT/run/initramfs
	[ "$(cat "$dir/bin/busybox")" = BUSYBOX ] && [ "$(cat "$dir/bin/vdattach")" = VDATTACH ] &&
		[ -x "$dir/shutdown" ] &&
		cmp "$dir/shutdown" "$SKEL/shutdown" && [ -f "$dir/etc/initrd-release" ] &&
		[ "$(readlink "$dir/bin/sh")" = busybox ] &&
		[ -d "$dir/oldroot" ] && [ -d "$dir/proc" ] && [ -d "$dir/sys" ] &&
		[ -d "$dir/dev" ] && [ -d "$dir/run" ]
}
@test "the shutdown programs are in /run/initramfs" { both ramfs; }

hostmount() {
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.hostmount=/media/host'
	boot
	calls 'mount -o bind /run/initramfs/host /newroot/media/host' \
		'umount -l /run/initramfs/host' &&
		[ -d "$ROOT/newroot/media/host" ]
}
@test "vi.hostmount shows the host partition in the root" { both hostmount; }

hidden() {
	fake overlayroot <<'FAKE'
[ "$1" = --watch ] || printf 'loop /dev/loop1\nmount /run/layers\nmount /run/layers/0\n' >>"$2"
FAKE
	cmdline 'vi.mode=overlay vi.image=/r.sfs'
	boot
	calls 'umount -l /run/layers/0' 'umount -l /run/layers' 'umount -l /run/initramfs/host' &&
		[ "$(cat "$ROOT/run/initramfs/state")" = $'device /dev/vda1\nloop /dev/loop1' ]
}
@test "what lies below the root is detached, last first, and devices stay in the state file" { both hidden; }

# with_systemd: as the root's init
with_systemd() {
	program usr/lib/systemd/systemd
	program usr/lib/systemd/systemd-sleep
	ln -sf ../usr/lib/systemd/systemd "$ROOT/newroot/sbin/init"
	echo VDATTACH >"$ROOT/bin/vdattach"
}

sleep_guarded() {
	local units=$ROOT/run/systemd/system name
	fake overlayroot <<'FAKE'
[ "$1" = --watch ] || printf 'loop /dev/loop1\nmount /run/layers\n' >>"$2"
FAKE
	cmdline 'vi.mode=overlay vi.image=/r.sfs'
	echo VDATTACH >"$ROOT/bin/vdattach"
	boot
	[ ! -e "$units" ] || return 1
	with_systemd
	boot
	for name in suspend hibernate hybrid-sleep suspend-then-hibernate; do
		[ "$(cat "$units/systemd-$name.service.d/mkvinitrd.conf")" = \
			$'[Service]\nExecStart=\nExecStart=/run/initramfs/bin/vdattach suspend /usr/lib/systemd/systemd-sleep '$name ] || return 1
	done
}
@test "systemd sleeps below vdattach where the root is in an image; other inits get no units" { both sleep_guarded; }

sleep_plain() {
	with_systemd
	cmdline 'root=/dev/sda1'
	boot
	[ ! -e "$ROOT/run/systemd" ]
}
@test "a root on a partition sleeps as systemd does it" { both sleep_plain; }

no_mountpoint() {
	rmdir "$ROOT/newroot/sys"
	: >"$ROOT/newroot/sys"
	fake mount <<<'case "$*" in *"move"*"/newroot/sys") exit 1 ;; esac'
	cmdline 'root=/dev/sda1'
	boot
	said 'the root has no directory /sys to mount on' &&
		calls 'umount -l /sys' 'switch_root /newroot /sbin/init'
}
@test "a root without /sys still boots" { both no_mountpoint; }

resolv() {
	local root=$ROOT/newroot
	mkdir -p "$ROOT/run/initramfs"
	echo 'nameserver 10.0.2.3' >"$ROOT/run/initramfs/resolv.conf"
	cmdline 'root=virtfs:x rw'
	boot
	grep -q 10.0.2.3 "$root/etc/resolv.conf" || return 1
	echo 'nameserver 1.1.1.1' >"$root/etc/resolv.conf"
	boot
	grep -q 1.1.1.1 "$root/etc/resolv.conf" || return 1
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
	boot
	grep -q 10.0.2.3 "$ROOT/run/systemd/resolve/stub-resolv.conf" &&
		[ -L "$root/etc/resolv.conf" ] || return 1
	ln -sf /dev/null "$root/etc/resolv.conf"
	boot
	[ ! -e "$root/dev/null" ]
}
@test "resolv.conf: given to a root without one, through a link into /run, never over a root's own" { both resolv; }

resolv_ram_root() {
	mkdir -p "$ROOT/run/initramfs"
	echo 'nameserver 10.0.2.3' >"$ROOT/run/initramfs/resolv.conf"
	echo 'nameserver 1.1.1.1' >"$ROOT/newroot/etc/resolv.conf"
	: >"$ROOT/rootfs.tar.xz"
	cmdline 'vi.mode=tmpfs'
	boot
	grep -q 10.0.2.3 "$ROOT/newroot/etc/resolv.conf"
}
@test "resolv.conf: a root in RAM takes the network's" { both resolv_ram_root; }

ejects() {
	local words
	fake findimg <<<'printf "DEVICE=/dev/sr0\nFSTYPE=iso9660\nFILE=%s/run/initramfs/host/r.sfs\n" "$ROOT"'
	for words in '' noprompt noprompt=usb noeject; do
		rm -rf "$ROOT/run/initramfs"
		cmdline "vi.mode=overlay vi.image=/r.sfs $words"
		boot
		case $words in
		noeject) [ ! -e "$ROOT/run/initramfs/eject" ] ;;
		noprompt) [ "$(cat "$ROOT/run/initramfs/eject")" = '/dev/sr0 ' ] ;;
		*) [ "$(cat "$ROOT/run/initramfs/eject")" = '/dev/sr0 prompt' ] ;;
		esac || return 1
	done
	default_fakes
	rm -rf "$ROOT/run/initramfs"
	cmdline vi.mode=overlay vi.image=/r.sfs
	boot
	[ ! -e "$ROOT/run/initramfs/eject" ]
}
@test "a CD is noted for the end, unless noeject says otherwise; a disk is not" { both ejects; }

watched() {
	cmdline vi.mode=overlay vi.image=/r.sfs vi.persist=file:/c.img,24m
	boot
	calls 'overlayroot --watch -u file:/run/initramfs/host/c.img,24m' \
		'umount -l /run/initramfs/host' || return 1
	rm -rf "$ROOT/run/initramfs"
	: >"$CALLS"
	cmdline vi.mode=tmpfs vi.image=/r.tar
	boot
	not_called watch && calls 'switch_root /newroot /sbin/init'
}
@test "the room for changes is watched, from before its mounts are hidden" { both watched; }

refused() {
	local words
	for words in vi.verify=sha1:HASH vi.verify=foo; do
		rm -rf "$ROOT/run/initramfs"
		cmdline "vi.mode=overlay vi.image=/r.sfs $words panic=-1"
		boot
		said "$words is not supported" && said 'vi.verify=sha256:HEX' &&
			not_called '^(findimg|overlayroot)' || return 1
	done
}
@test "what cannot be verified as asked is not booted" { both refused; }

traced() {
	cmdline 'root=/dev/sda1 vi.trace'
	boot
	calls 'vdattach trace -o /run/initramfs/trace.files /newroot' \
		'switch_root /newroot /sbin/init' || return 1
	# an image without vdattach, or a kernel without fanotify
	fake vdattach <<<'[ "$1" != trace ]'
	boot
	said 'trace.files is not written' && calls 'switch_root /newroot /sbin/init' || return 1
	: >"$CALLS"
	cmdline 'root=/dev/sda1'
	boot
	not_called 'vdattach trace'
}
@test "vi.trace: what the root opens is recorded in any mode; that it cannot be stops no boot" { both traced; }

credentials() {
	cmdline 'root=/dev/sda1'
	mkdir -p "$ROOT/.extra/credentials" "$ROOT/.extra/global_credentials"
	echo all >"$ROOT/.extra/global_credentials/login.cred"
	echo all >"$ROOT/.extra/global_credentials/net work.cred"
	echo mine >"$ROOT/.extra/credentials/login.cred"
	echo x >"$ROOT/.extra/credentials/other"
	boots /sbin/init && (
		cd "$ROOT/run/credstore.encrypted" && grep . ./* && stat -c '%a %n' . ./*
	) >"$ROOT/store" && diff -u - "$ROOT/store" <<-'STORE'
		./login:mine
		./net work:all
		700 .
		400 ./login
		400 ./net work
	STORE
}
@test "credentials that systemd-stub found are given to the root's units, those of this kernel first" { both credentials; }
