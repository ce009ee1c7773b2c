#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a person sees when the boot cannot go on, and what happens then.
load lib.bash

truncated() {
	rm "$ROOT/etc/mkvinitrd/sentinel"
	printf 'version=1\nbytes=209715200\n' >"$ROOT/etc/mkvinitrd/image"
	printf 'MemTotal: 131072 kB\n' >"$ROOT/proc/meminfo"
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said 'not enough memory to unpack all of this initramfs' || said 'had not enough memory' || return 1
	said 'unpacked it needs 201 MiB; the machine has 128 MiB of memory' && calls 'reboot -f' && not_called 'coldplug|switch_root'
}
@test "a truncated initramfs refuses to boot and names the MiB needed and had" { both truncated; }

not_found() {
	fake findimg <<'FAKE'
echo 'TABLE OF DEVICES' >&2
exit 3
FAKE
	cmdline 'vi.mode=overlay vi.image=/live/x.sfs vi.host=UUID=12 vi.timeout=7 panic=-1'
	boot
	said 'TABLE OF DEVICES' && said "locate failed: /live/x.sfs was not found on host 'UUID=12' within 7 s" &&
		said 'correct vi.image= or vi.host=' && calls 'sync' 'reboot -f' && not_called 'overlayroot|switch_root'
}
@test "an image that is not there: what was looked for, where, how long; exit status 3" { both not_found; }

panic_waits() {
	fake findimg <<<'exit 3'
	cmdline 'root=UUID=12 panic=60'
	boot
	said 'rebooting in 60 seconds' && calls 'sleep 60' 'sync' 'reboot -f' && not_called setsid
}
@test "panic=N reboots after N seconds" { both panic_waits; }

shell_wanted() {
	fake findimg <<<'exit 3'
	cmdline 'root=UUID=12 panic=60 vi.shell'
	boot
	calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' 'reboot -f' && not_called '^sleep' &&
		grep -q '^root=UUID=12' "$ROOT/run/initramfs/plan"
}
@test "vi.shell gives a shell in spite of panic=" { both shell_wanted; }

no_words() {
	fake findimg <<<'exit 3'
	cmdline 'root=UUID=12'
	boot
	calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' || return 1
	: >"$CALLS"
	cmdline 'root=UUID=12 vi.shell=0'
	boot
	[ "$status" = 1 ] && not_called 'setsid|reboot'
}
@test "without panic= and vi.shell there is a shell; vi.shell=0 forbids it" { both no_words; }

shell_repairs() {
	fake findimg <<<'exit 3'
	fake setsid <<<'echo "none $ROOT/newroot tmpfs rw 0 0" >"$ROOT/proc/mounts"'
	: >"$ROOT/proc/mounts"
	cmdline 'root=UUID=12'
	boot
	calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' 'switch_root /newroot /sbin/init' && not_called reboot
}
@test "a root mounted by hand in the shell is booted" { both shell_repairs; }

breaks() {
	cmdline 'root=/dev/sda1 vi.break=assemble'
	boot
	said 'stopped before assemble' && calls 'findimg --state /run/initramfs/state -t 30 -H /dev/sda1' \
		'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' 'mount -t ext4 -o ro /dev/sda1 /newroot' 'switch_root /newroot /sbin/init'
}
@test "vi.break=PHASE opens a shell before the phase and goes on" { both breaks; }

unpack_fails() {
	fake unpackroot <<<'echo "unpackroot: rootfs.tar.xz ends early" >&2; exit 1'
	cmdline 'vi.mode=tmpfs vi.image=/rootfs.tar.xz panic=-1'
	boot
	said 'ends early' && said '/rootfs.tar.xz could not be unpacked' && said '800 MiB of memory are available' && not_called switch_root
}
@test "an archive that cannot be unpacked starts no half root" { both unpack_fails; }

attach_fails() {
	fake vdattach <<<'exit 1'
	cmdline 'vi.mode=loop vi.image=/a.vdi panic=-1'
	boot
	said 'attach failed: the image /a.vdi could not be attached' && not_called 'switch_root'
}
@test "an image that vdattach refuses" { both attach_fails; }

overlay_fails() {
	fake overlayroot <<<'exit 1'
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=dir:/c panic=-1'
	boot
	said 'no root could be made of' && said 'boot with vi.persist=ram to leave the saved changes out' && not_called switch_root
}
@test "an overlay that cannot be made" { both overlay_fails; }

bad_plans() {
	local words
	for words in 'vi.mode=disk' 'vi.mode=loop vi.image=http://x/y.img' 'vi.mode=share' 'vi.mode=tmpfs' \
		'vi.mode=overlay vi.image=9p:x' 'vi.mode=overlay' 'vi.mode=overlay vi.image=/x vi.persist=dir:relative' \
		'vi.mode=tmpfs vi.image=file:/absent.tar.xz' 'root=/dev/sda1 vi.verify=sha256:00'; do
		cmdline "$words panic=-1"
		: >"$CALLS"
		boot
		echo "$words"
		said ' failed: ' && calls 'reboot -f' && not_called 'switch_root|unpackroot|overlayroot' || return 1
	done
}
@test "plans that cannot work are refused with what was expected" { both bad_plans; }

nbd_image() {
	cmdline 'vi.mode=tmpfs vi.image=nbd://10.0.2.2/root panic=-1'
	boot
	said 'expected nbd://SERVER' && said 'in mode disk or overlay' && calls 'reboot -f' || return 1
	rm -rf "$ROOT/run/initramfs"
	mkdir -p "$ROOT/sys/class/net/eth0"
	echo 1 >"$ROOT/sys/class/net/eth0/type"
	cmdline 'vi.image=nbd://10.0.2.2/root ip=10.0.2.15:::255.255.255.0 panic=-1'
	fake vdattach <<<'exit 1'
	boot
	said 'the disk nbd://10.0.2.2/root could not be attached' && said 'has it an export of that name' && calls 'sleep 8' 'reboot -f'
}
@test "a disk of an NBD server: not unpacked; a server that does not answer is asked five times" { both nbd_image; }

mount_fails() {
	fake mount <<<'case $2 in ext4) exit 1 ;; esac'
	cmdline 'root=/dev/sda1 rw panic=-1'
	boot
	said '/dev/sda1 could not be mounted as root' && said 'type ext4, options rw' && not_called switch_root
}
@test "a root that does not mount" { both mount_fails; }

coldplug_fails() {
	fake coldplug <<<'exit 1'
	cmdline 'root=/dev/sda1'
	boot
	said 'some drivers could not be loaded' && calls 'switch_root /newroot /sbin/init'
}
@test "a driver that fails does not stop the boot" { both coldplug_fails; }

hook() {
	rm "$ROOT/lib/mkvinitrd"
	cp -R "$SKEL/lib" "$ROOT/lib/mkvinitrd"
	mkdir -p "$ROOT/lib/mkvinitrd/hooks/assemble"
	printf '#!/bin/sh\necho "hook $P_MODE $P_ROOT" >>"$CALLS"\n' >"$ROOT/lib/mkvinitrd/hooks/assemble/10-a"
	printf '#!/bin/sh\nexit 3\n' >"$ROOT/lib/mkvinitrd/hooks/assemble/20-b"
	chmod +x "$ROOT/lib/mkvinitrd/hooks/assemble"/*
	cmdline 'root=/dev/sda1'
	boot
	calls 'hook disk /dev/sda1' 'mount -t ext4 -o ro /dev/sda1 /newroot' && said 'hooks/assemble/20-b ended with status 3'
}
@test "hooks run before their phase and see the plan" { both hook; }
