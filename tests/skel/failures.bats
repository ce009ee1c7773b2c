#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the user sees when the boot cannot continue, and what happens then.
load lib.bash

truncated() {
	rm "$ROOT/etc/mkvinitrd/sentinel"
	printf 'version=1\nbytes=209715200\n' >"$ROOT/etc/mkvinitrd/image"
	printf 'MemTotal: 131072 kB\n' >"$ROOT/proc/meminfo"
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said 'the kernel ran out of memory while unpacking this initramfs' || return 1
	said 'unpacked it needs 201 MiB; the machine has 128 MiB of memory' && calls 'reboot -f' &&
		not_called 'coldplug|switch_root'
}
@test "a truncated initramfs refuses to boot and names the MiB needed and had" { both truncated; }

not_found() {
	fake findimg <<'FAKE'
echo 'TABLE OF DEVICES' >&2
exit 3
FAKE
	cmdline 'vi.mode=overlay vi.image=/live/x.sfs vi.host=UUID=12 vi.timeout=7 panic=-1'
	boot
	said 'TABLE OF DEVICES' &&
		said "locate failed: /live/x.sfs was not found on host 'UUID=12' within 7 s [VI202]" &&
		said 'correct the path or the host' && calls 'sync' 'reboot -f' &&
		not_called 'overlayroot|switch_root'
}
@test "a missing image: what was searched for, where, how long; exit status 3" { both not_found; }

panic_waits() {
	fake findimg <<<'exit 3'
	cmdline 'root=UUID=12 panic=60'
	boot
	said 'rebooting in 60 seconds' && calls 'sleep 60' 'sync' 'reboot -f' && not_called setsid
}
@test "panic=N reboots after N seconds" { both panic_waits; }

disk_is_silent() {
	fake findimg <<<'exit 3'
	fake sync <<<'exec /bin/sleep 10 >/dev/null 2>&1 3>&-'
	fake sleep <<<'read -r now rest <"$ROOT/proc/uptime"; echo "$((${now%%.*} + 1)).00 0" >"$ROOT/proc/uptime"'
	cmdline 'root=UUID=12 panic=-1'
	boot
	said 'waiting at most 15 more seconds for what is to be written' &&
		said 'a disk does not answer: rebooting without waiting' && calls 'reboot -n -f'
}
@test "a disk that does not answer does not keep the machine from rebooting" { both disk_is_silent; }

shell_wanted() {
	fake findimg <<<'exit 3'
	cmdline 'root=UUID=12 panic=60 vi.shell'
	boot
	calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' 'reboot -f' &&
		not_called '^sleep 60' &&
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
	calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' \
		'switch_root /newroot /sbin/init' && not_called reboot
}
@test "a root mounted by hand in the shell is booted" { both shell_repairs; }

breaks() {
	cmdline 'root=/dev/sda1 vi.break=assemble'
	boot
	said 'stopped before assemble' &&
		calls 'findimg --state /run/initramfs/state -t 30 -H /dev/sda1' \
			'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' \
			'mount -t ext4 -o ro /dev/sda1 /newroot' \
			'switch_root /newroot /sbin/init'
}
@test "vi.break=PHASE opens a shell before the phase and continues" { both breaks; }

unpack_fails() {
	fake unpackroot <<<'echo "unpackroot: rootfs.tar.xz ends early" >&2; exit 1'
	cmdline 'vi.mode=tmpfs vi.image=/rootfs.tar.xz panic=-1'
	boot
	said 'ends early' && said '/rootfs.tar.xz could not be unpacked' &&
		said '800 MiB of memory are available' && not_called switch_root
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
	said 'no overlay could be mounted of' &&
		said 'boot with vi.persist=ram to leave the saved changes out' &&
		not_called switch_root
}
@test "an overlay that cannot be made" { both overlay_fails; }

bad_plans() {
	local words
	for words in 'vi.mode=disk' 'vi.mode=loop vi.image=http://x/y.img' 'vi.mode=share' \
		'vi.mode=tmpfs' \
		'vi.mode=overlay vi.image=9p:x' 'vi.mode=overlay' \
		'vi.mode=overlay vi.image=/x vi.persist=dir:relative' \
		'vi.mode=tmpfs vi.image=file:/absent.tar.xz' \
		'root=/dev/sda1 vi.verify=sha256:00'; do
		cmdline "$words panic=-1"
		: >"$CALLS"
		boot
		echo "$words"
		said ' failed: ' && calls 'reboot -f' &&
			not_called 'switch_root|unpackroot|overlayroot' || return 1
	done
}
@test "plans that cannot work are refused with what was expected" { both bad_plans; }

nbd_image() {
	cmdline 'vi.mode=tmpfs vi.image=nbd://10.0.2.2/root panic=-1'
	boot
	said 'expected nbd://SERVER' && said 'in mode disk or overlay' && calls 'reboot -f' ||
		return 1
	rm -rf "$ROOT/run/initramfs"
	mkdir -p "$ROOT/sys/class/net/eth0"
	echo 1 >"$ROOT/sys/class/net/eth0/type"
	cmdline 'vi.image=nbd://10.0.2.2/root ip=10.0.2.15:::255.255.255.0 panic=-1'
	fake vdattach <<<'exit 1'
	boot
	said 'the disk nbd://10.0.2.2/root could not be attached' &&
		said 'has it an export of that name' && calls 'sleep 8' 'reboot -f'
}
@test "a disk of an NBD server: not unpacked; a server that does not answer is asked five times" { both nbd_image; }

mount_fails() {
	fake mount <<<'case $2 in ext4) exit 1 ;; esac'
	cmdline 'root=/dev/sda1 rw panic=-1'
	boot
	said '/dev/sda1 could not be mounted as root' && said 'type ext4, options rw' &&
		not_called switch_root
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
	printf '#!/bin/sh\necho "hook $P_MODE $P_ROOT" >>"$CALLS"\n' \
		>"$ROOT/lib/mkvinitrd/hooks/assemble/10-a"
	printf '#!/bin/sh\nexit 3\n' >"$ROOT/lib/mkvinitrd/hooks/assemble/20-b"
	chmod +x "$ROOT/lib/mkvinitrd/hooks/assemble"/*
	cmdline 'root=/dev/sda1'
	boot
	calls 'hook disk /dev/sda1' 'mount -t ext4 -o ro /dev/sda1 /newroot' &&
		said 'hooks/assemble/20-b ended with status 3'
}
@test "hooks run before their phase and see the plan" { both hook; }

# shell_given PHASE: init did not end but by the rescue: a shell was there, nothing was started, and
# the phase is named
shell_given() {
	said "$1 failed" && calls 'setsid sh -c exec sh -i <"$0" >"$0" 2>&1 /dev/console' \
		'reboot -f' && not_called switch_root
}

# own_library: the tree gets copies of the scripts, to be broken
own_library() {
	rm "$ROOT/lib/mkvinitrd"
	cp -R "$SKEL/lib" "$ROOT/lib/mkvinitrd"
}

# What no script foresees: a word that is no number where the shell computes, a variable that is not
# there, a file that cannot be read as a script.
broken_scripts() {
	local phase fault
	for phase in settle locate attach assemble handover; do
		for fault in ': $((08 + ))' ': "$not_there"' '. /absent/file' 'if'; do
			new_tree
			own_library
			cmdline 'vi.mode=loop vi.image=/a.img vi.part=1'
			mkdir -p "$ROOT/lib/mkvinitrd/hooks"
			printf '%s\n' "$fault" >"$ROOT/fault"
			sed -i "s|^$phase() {|&\n\t. \"\$ROOT/fault\"|" \
				"$ROOT/lib/mkvinitrd/$phase.sh"
			boot
			echo "$phase: $fault"
			shell_given "$phase" || return 1
		done
	done
}
@test "an error in a script of any phase ends in the rescue shell, not in the end of process 1" { both broken_scripts; }

damaged_library() {
	local part
	for part in settle locate attach assemble handover status; do
		new_tree
		own_library
		echo 'if then' >"$ROOT/lib/mkvinitrd/$part.sh"
		cmdline 'root=/dev/sda1'
		boot
		echo "$part"
		[ "$part" = status ] || shell_given start || return 1
		[ "$status" = 1 ] && not_called switch_root || return 1
	done
}
@test "a script that cannot be read at all ends in the rescue shell" { both damaged_library; }

damaged_plan() {
	rm "$ROOT/bin/bootplan"
	printf '#!/bin/sh\necho "P_MODE=\x27"\n' >"$ROOT/bin/bootplan"
	chmod +x "$ROOT/bin/bootplan"
	boot
	shell_given settle
}
@test "a plan that is no shell text ends in the rescue shell" { both damaged_plan; }

no_bootplan() {
	rm "$ROOT/bin/bootplan"
	boot
	said 'the kernel parameters could not be read' && shell_given settle
}
@test "without bootplan there is the rescue shell" { both no_bootplan; }

missing_programs() {
	local name
	for name in coldplug findimg vdattach mount; do
		new_tree
		fake "$name" <<-FAKE
			case "\$*" in *proc* | *sysfs* | *devtmpfs* | *tmpfs*) exit 0 ;; esac
			exit 127
		FAKE
		cmdline 'vi.mode=loop vi.image=/a.img vi.part=1'
		boot
		echo "$name"
		case $name in
		coldplug) calls 'switch_root /newroot /sbin/init' ;;
		findimg) shell_given locate ;;
		vdattach) shell_given attach ;;
		mount) shell_given assemble ;;
		esac || return 1
	done
}
@test "a program that is missing: the boot continues without it, or there is the rescue shell" { both missing_programs; }

# A tmpfs that is full stands for /run; a file system of its own takes root rights, which a user
# namespace gives to others.
full_run() {
	local namespaces=-rm
	[ "$(id -u)" != 0 ] || namespaces=-m
	mkdir -p "$ROOT/run"
	cmdline 'vi.mode=loop vi.image=/a.img vi.part=1'
	# shellcheck disable=SC2016
	run unshare $namespaces sh -c 'mount -t tmpfs -o size=4k,nr_inodes=6 full "$ROOT/run" && mkdir "$ROOT/run/initramfs" &&
		dd if=/dev/zero of="$ROOT/run/initramfs/filler" bs=4k count=1 status=none && exec timeout 60 '"$SH"' "$1/init"' - "$SKEL"
	said 'the kernel parameters could not be read' && shell_given settle
}
@test "a full /run ends in the rescue shell" { both full_run; }

zero_hash() {
	printf 'members=9\nxxh128=00000000000000000000000000000000\n' \
		>"$ROOT/etc/mkvinitrd/sentinel"
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said "was not made by 'mkvinitrd build'" && calls 'reboot -f' &&
		not_called 'coldplug|switch_root' || return 1
	: >"$ROOT/etc/mkvinitrd/sentinel"
	: >"$CALLS"
	boot
	said 'the kernel ran out of memory' && calls 'reboot -f' &&
		not_called 'coldplug|switch_root'
}
@test "an image whose sentinel has a hash of zeros, or none, is refused" { both zero_hash; }

# What led to the failure, and its place: in the profile by its line.
places() {
	fake findimg <<<'exit 3'
	defaults '# a.profile:3' 'vi.mode=overlay' '# a.profile:7' 'vi.image=/live/x.sfs' '# -s:1' \
		'vi.host=LABEL=x' '# b.profile:2' 'vi.toram=x'
	cmdline 'vi.persist=ram panic=-1'
	boot
	said "parameter 'vi.toram=x' ignored: expected 1, 0 or auto (b.profile:2)" &&
		said 'from:  vi.image=/live/x.sfs (a.profile:7)' &&
		said 'from:  vi.host=LABEL=x (-s:1)' &&
		said 'from:  vi.persist=ram (kernel command line)' || return 1
	defaults '# a.profile:3' 'vi.mode=disk'
	cmdline 'root=LABEL=gone panic=-1'
	boot
	said "locate failed: the device 'LABEL=gone' was not found within 30 s" &&
		said 'from:  root=LABEL=gone (kernel command line)' &&
		said 'correct the name, add the missing driver' && ! said 'vi.image='
}
@test "a failure names each parameter that led there with its line of the profile" { both places; }

other_places() {
	defaults '# a.profile:9' 'ip=10.0.0.9::10.0.0.1:255.255.255.0::eth7:off'
	cmdline 'vi.mode=tmpfs vi.image=http://10.0.0.1/x.tar vi.timeout=1 panic=-1'
	boot
	said 'needs the network, and there is none' &&
		said 'from:  ip=10.0.0.9::10.0.0.1:255.255.255.0::eth7:off (a.profile:9)' ||
		return 1
	defaults '# a.profile:2' 'init=/gone'
	cmdline 'root=/dev/sda1 panic=-1'
	boot
	said 'the root has no program /gone' && said 'from:  init=/gone (a.profile:2)' || return 1
	fake mount <<<'case $* in *rootfs*) exit 1 ;; esac'
	defaults '# a.profile:4' 'vi.size=1%'
	: >"$ROOT/rootfs.tar"
	cmdline 'vi.mode=tmpfs panic=-1'
	boot
	said 'no tmpfs could be mounted for the root' && said 'from:  vi.size=1% (a.profile:4)'
}
@test "so do failures of the network, of init= and of memory" { both other_places; }
