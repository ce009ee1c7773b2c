#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The shutdown: /run/initramfs/shutdown, which is process 1 at the very end.
load lib.bash

# The tree as systemd leaves it: / is the shutdown ramfs, the old root at /oldroot.
old_tree() {
	mkdir -p "$ROOT/oldroot" "$ROOT/dev" "$ROOT/run"
	: >"$ROOT/state"
	mounts "$ROOT/oldroot ext4"
	# umount's fake takes the line out of the table
	fake umount <<'FAKE'
[ "$1" != -l ] || shift
while read -r device path rest; do
	[ "$path" = "$1" ] || echo "$device $path $rest"
done <"$ROOT/proc/mounts" >"$ROOT/proc/mounts.new"
mv "$ROOT/proc/mounts.new" "$ROOT/proc/mounts"
FAKE
	fake sleep <<<'exec sleep 0.01'
}

# mounts "PATH TYPE"...
mounts() {
	local line
	for line in "$@"; do echo "none $line rw 0 0"; done >"$ROOT/proc/mounts"
}

down() {
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/shutdown" "$@"
}

clean() {
	old_tree
	mounts "/ tmpfs" "$ROOT/oldroot overlay" "$ROOT/oldroot/proc proc" \
		"$ROOT/oldroot/home ext4" '/oldroots ext4' \
		"$ROOT/oldroot/home/my\\040files vfat"
	printf 'device /dev/vda1\nloop /dev/loop0\nmount /run/initramfs/host\nloop /dev/loop1\n' \
		>"$ROOT/state"
	mkdir -p "$ROOT/sys/block/loop0/loop"
	: >"$ROOT/sys/block/loop0/loop/backing_file" >"$ROOT/dev/vda1"
	fake losetup <<<'rm "$ROOT/sys/block/${2##*/}/loop/backing_file"'
	down poweroff
	said 'mkvinitrd: clean' && calls 'sync' 'umount /oldroot/home/my files' \
		'umount /oldroot/home' 'umount -l /oldroot/proc' \
		'umount /oldroot' 'losetup -d /dev/loop0' 'vdattach free /dev/vda1' 'sync' \
		'poweroff -f' &&
		not_called 'oldroots|loop1|umount /$|initramfs/host'
}
@test "deepest first, then the state backwards, then the proof, then power off" {
	both clean_free
}
clean_free() {
	clean || {
		cat "$CALLS"
		return 1
	}
}

ours_is_used() {
	old_tree
	mounts "$ROOT/oldroot overlay" "$ROOT/oldroot/run tmpfs" "$ROOT/oldroot/run/initramfs tmpfs"
	mv "$FAKES/umount" "$FAKES/umount.real"
	# a loop device has a file of it; and what has something below cannot go
	fake umount <<'FAKE'
[ "$1" = -l ] || [ "${1%/run/initramfs}" = "$1" ] || exit 1
[ "$1" = -l ] || ! grep -q " $1/" "$ROOT/proc/mounts" || exit 1
exec "$FAKES/umount.real" "$@"
FAKE
	down poweroff
	said 'mkvinitrd: clean' && calls 'umount /oldroot/run/initramfs' \
		'umount -l /oldroot/run/initramfs' 'umount /oldroot/run' 'umount /oldroot' ||
		return 1
	old_tree
	mounts "$ROOT/oldroot overlay" "$ROOT/oldroot/run tmpfs"
	fake umount <<<'exit 1'
	: >"$CALLS"
	down poweroff
	said '/oldroot (overlay) stays mounted'
}
@test "the shutdown's own tmpfs, of which a file is in use below the root, does not keep the root mounted" { both ours_is_used; }

in_order() {
	old_tree
	printf 'device /dev/vda1\nmount /run/initramfs/host\nloop /dev/loop0\nloop /dev/loop1\n' \
		>"$ROOT/state"
	mounts "$ROOT/host vfat"
	mkdir -p "$ROOT/sys/block/loop0/loop" "$ROOT/sys/block/loop1/loop"
	: >"$ROOT/sys/block/loop0/loop/backing_file"
	: >"$ROOT/sys/block/loop1/loop/backing_file"
	fake losetup <<<'rm "$ROOT/sys/block/${2##*/}/loop/backing_file"'
	down reboot
	said 'mkvinitrd: clean' && calls 'losetup -d /dev/loop1' 'losetup -d /dev/loop0' \
		'umount /host' 'reboot -f'
}
@test "what was stacked last is taken down first" { both in_order; }

not_free() {
	old_tree
	echo 'device /dev/sda1' >"$ROOT/state"
	: >"$ROOT/dev/sda1"
	fake vdattach <<<'echo "vdattach: /dev/sda1: held by loop3" >&2; exit 1'
	down poweroff
	said 'held by loop3' && said 'mkvinitrd: busy: /dev/sda1 is not free' &&
		calls 'poweroff -f' && ! said 'mkvinitrd: clean'
}
@test "a disk that is still held: named, no 'clean', power off all the same" { both not_free; }

gone_meanwhile() {
	old_tree
	echo 'device /dev/md0' >"$ROOT/state"
	: >"$ROOT/dev/md0"
	fake vdattach <<<'rm "$ROOT/dev/md0"; exit 1'
	down poweroff
	said 'mkvinitrd: clean'
}
@test "an array that goes while it is looked at is free" { both gone_meanwhile; }

stays_mounted() {
	old_tree
	mounts "$ROOT/oldroot ext4" "$ROOT/oldroot/tmp tmpfs"
	fake umount <<<'exit 1'
	down halt
	said 'mkvinitrd: busy: ' && said '/oldroot (ext4) stays mounted' &&
		calls 'mount -o remount,ro /oldroot' 'halt -f' &&
		[ "$(grep -c '^sleep 0.1' "$CALLS")" -le 50 ] && ! said 'mkvinitrd: clean'
}
@test "a mount that will not go: bounded tries, read-only, named" { both stays_mounted; }

second_try() {
	old_tree
	mv "$FAKES/umount" "$FAKES/umount.real"
	fake umount <<'FAKE'
echo x >>"$FAKES/tries"
[ "$(wc -l <"$FAKES/tries")" -ge 3 ] && exec "$FAKES/umount.real" "$@"
FAKE
	down poweroff
	said 'mkvinitrd: clean'
}
@test "a file that is still closing is waited for" { both second_try; }

mapped() {
	old_tree
	printf 'device /dev/vda1\nvdattach /dev/ublkb0\nloop /dev/mapper/vdattach1\n' >"$ROOT/state"
	down poweroff
	said 'mkvinitrd: clean' && calls 'vdattach detach --if-attached /dev/mapper/vdattach1' \
		'vdattach detach --if-attached /dev/ublkb0' && not_called losetup || return 1
	: >"$CALLS"
	fake vdattach <<<'echo "vdattach: /dev/ublkb0: its image cannot be written" >&2; exit 1'
	down poweroff
	said 'mkvinitrd: busy: /dev/mapper/vdattach1 stays attached; /dev/ublkb0 stays attached' &&
		said 'cannot be written'
}
@test "what vdattach serves or maps is detached by it, before the host is proven free" { both \
	mapped; }

unserved() {
	old_tree
	printf '%s\n' 'vdattach /dev/ublkb0' 'served /dev/ublkb0' >"$ROOT/state"
	mkdir -p "$ROOT"/proc/{2,88}
	: >"$ROOT/proc/2/cmdline"
	printf '@vdattach\0serve\0' >"$ROOT/proc/88/cmdline"
	down poweroff
	said 'mkvinitrd: clean' || return 1
	rm -r "$ROOT/proc/88"
	mounts "$ROOT/oldroot ext4"
	mkdir "$ROOT/archive"
	: >"$ROOT/archive/config"
	fake sh <<<'while [ ! -e "$FAKES/over" ]; do sleep 0.1; done'
	fake sync <"$FAKES/sh"
	fake umount <"$FAKES/sh"
	fake vdattach <"$FAKES/sh"
	fake poweroff <<<': >"$FAKES/over"'
	fake sleep <<<'exec sleep 0.001'
	down poweroff
	said 'mkvinitrd: busy: all processes that served /dev/ublkb0 were killed: unwritten data is lost' &&
		said 'flush timed out after 5 s: some data was not written to the disks; the settings could not be saved; ' &&
		said '/oldroot (ext4) was not unmounted within 5 s; /dev/ublkb0 stays attached' &&
		calls 'poweroff -f -n'
}
@test "a disk that nobody serves any more: nothing is waited for long, and the console says why" { both unserved; }

loop_stays() {
	old_tree
	echo 'loop /dev/loop0' >"$ROOT/state"
	mkdir -p "$ROOT/sys/block/loop0/loop"
	: >"$ROOT/sys/block/loop0/loop/backing_file"
	down poweroff
	said 'mkvinitrd: busy: /dev/loop0 stays attached' && ! said 'mkvinitrd: clean'
}
@test "a loop device whose detach only promises is not believed" { both loop_stays; }

processes() {
	old_tree
	mkdir -p "$ROOT"/proc/{1,2,77,88,99}
	: >"$ROOT/proc/2/cmdline"
	printf '/sbin/init' >"$ROOT/proc/1/cmdline"
	printf 'sshd\0-D\0' >"$ROOT/proc/77/cmdline"
	printf '@vdattach\0' >"$ROOT/proc/88/cmdline"
	printf '@x' >"$ROOT/proc/99/cmdline"
	fake kill <<<'[ "$1" != -0 ]'
	down poweroff
	calls 'kill -TERM 77' && not_called 'kill -[A-Z0]+ (1|2|88|99)$' && said 'mkvinitrd: clean'
}
holder() {
	old_tree
	mkdir -p "$ROOT"/proc/{1,2,88}
	: >"$ROOT/proc/2/cmdline"
	printf '/sbin/init' >"$ROOT/proc/1/cmdline"
	printf '@vdattach\0serve\0' >"$ROOT/proc/88/cmdline"
	echo vdattach >"$ROOT/proc/88/comm"
	mounts "$ROOT/oldroot ext4"
	fake umount <<<'exit 1'
	down poweroff
	said '/oldroot (ext4) stays mounted; processes left: vdattach (88)'
}
@test "what stays busy is reported with the processes that are left" { both holder; }

@test "processes that are left are ended, storage daemons and the kernel's own are not" { both \
	processes; }

kexec_falls_back() {
	old_tree
	fake exitrd <<<'exit 1'
	down kexec
	calls 'exitrd --kexec' 'reboot -f'
}
@test "kexec without a loaded kernel reboots" { both kexec_falls_back; }

ram_root() {
	old_tree
	mounts "$ROOT/oldroot tmpfs"
	rm "$ROOT/state"
	down reboot
	said 'mkvinitrd: clean' && calls 'reboot -f' && not_called 'vdattach|losetup'
}
@test "a root in RAM, nothing stacked: clean" { both ram_root; }

swaps() {
	old_tree
	printf 'Filename Type Size Used Priority\n/vda3 partition 1 0 -2\n/oldroot/swapfile file 1 0 -3\n/dev/zram0 partition 1 0 100\n' >"$ROOT/proc/swaps"
	echo 'device /dev/vda3' >"$ROOT/state"
	: >"$ROOT/dev/vda3"
	down poweroff
	calls 'swapoff /oldroot/swapfile' 'umount /oldroot' 'swapoff /dev/vda3' \
		'swapoff /dev/zram0' 'vdattach free /dev/vda3' && said 'mkvinitrd: clean' ||
		return 1
	fake swapoff <<<'exit 1'
	old_tree
	down poweroff
	said '/dev/vda3 is still used for swap'
}
@test "swap is given back after the root, and before the proof" { both swaps; }

hung() {
	old_tree
	mkdir "$ROOT/proc/77"
	mounts "$ROOT/oldroot overlay" "$ROOT/oldroot/net nfs4" "$ROOT/oldroot/home ext4"
	printf 'Dirty: 2048 kB\nWriteback: 0 kB\n' >"$ROOT/proc/meminfo"
	fake sleep <<<'exec sleep 0.001'
	mv "$FAKES/umount" "$FAKES/umount.real"
	fake umount <<'FAKE'
[ "$1" != -f ] || exit 1
echo "$1" >>"$FAKES/asked"
case $1 in
*/net) while [ ! -e "$FAKES/over" ]; do sleep 0.1; done ;;
*/oldroot) exit 1 ;;
*) exec "$FAKES/umount.real" "$@" ;;
esac
FAKE
	fake sync <<<'[ -e "$FAKES/asked" ] && while [ ! -e "$FAKES/over" ]; do sleep 0.1; done'
	fake reboot <<<': >"$FAKES/over"'
	down poweroff
	said '/oldroot/net (nfs4) was not unmounted within 20 s' &&
		said '/oldroot (overlay) stays mounted' && ! said 'mkvinitrd: clean' &&
		said 'flush timed out after 20 s: some data was not written to the disks' &&
		calls 'umount -f /oldroot/net' 'poweroff -f -n' &&
		[ "$(grep -c '/net$' "$FAKES/asked")" = 1 ]
}
@test "an unmount and a sync that never come back are left behind and reported" { both hung; }

slow() {
	old_tree
	mounts "$ROOT/oldroot ext4"
	printf 'Dirty: 90000 kB\n' >"$ROOT/proc/meminfo"
	mv "$FAKES/umount" "$FAKES/umount.real"
	# as the medium takes it, the kernel has less and less to write; it takes longer than the
	# limit
	fake sleep <<'FAKE'
read -r key kib unit <"$ROOT/proc/meminfo"
[ "$kib" -gt 50000 ] && echo "Dirty: $((kib - 100)) kB" >"$ROOT/meminfo" && mv "$ROOT/meminfo" "$ROOT/proc/meminfo"
exec sleep 0.001
FAKE
	fake umount <<'FAKE'
while read -r key kib unit <"$ROOT/proc/meminfo" && [ "$kib" -gt 60000 ]; do sleep 0.05; done
exec "$FAKES/umount.real" "$@"
FAKE
	down poweroff
	said 'still writing' && said 'mkvinitrd: clean'
}
@test "an unmount that takes long because much is to be written is waited for" { both slow; }

# process PID COMM NAMESPACE
process() {
	mkdir -p "$ROOT/proc/$1"/{fd,ns}
	printf '@%s\0' "$2" >"$ROOT/proc/$1/cmdline"
	echo "$2" >"$ROOT/proc/$1/comm"
	ln -s "mnt:[$3]" "$ROOT/proc/$1/ns/mnt"
	: >"$ROOT/proc/$1/maps"
}

named() {
	old_tree
	mkdir -p "$ROOT/proc/self/ns" "$ROOT/sys/class/block/vda1"
	ln -s 'mnt:[1]' "$ROOT/proc/self/ns/mnt"
	mounts "$ROOT/oldroot ext4"
	echo "20 1 254:1 / $ROOT/oldroot rw - ext4 /dev/vda1 rw" >"$ROOT/proc/self/mountinfo"
	process 60 sits 1 && ln -s "$ROOT/oldroot/home" "$ROOT/proc/60/cwd"
	process 61 reads 1 && ln -s "$ROOT/oldroot/etc/x" "$ROOT/proc/61/fd/5" &&
		ln -s "$ROOT/oldroot2" "$ROOT/proc/61/cwd"
	process 62 maps 1 && echo "7f00-7f01 r-xp 0 fe:01 12 $ROOT/oldroot/lib/libc.so" \
		>"$ROOT/proc/62/maps"
	process 63 apart 2 && echo '9 8 254:1 / /mnt rw - ext4 /dev/vda1 rw' \
		>"$ROOT/proc/63/mountinfo"
	process 64 idle 1 && ln -s / "$ROOT/proc/64/cwd"
	fake umount <<<'exit 1'
	echo 'device /dev/vda1' >"$ROOT/state"
	echo 254:1 >"$ROOT/sys/class/block/vda1/dev"
	: >"$ROOT/dev/vda1"
	fake vdattach <<<'exit 1'
	down poweroff
	output=${output//"$ROOT"/}
	said '/oldroot (ext4) stays mounted, held by sits (60: cwd /oldroot/home), reads (61: fd/5 /oldroot/etc/x), maps (62: map /oldroot/lib/libc.so), apart (63: mounted at /mnt);' &&
		said '/dev/vda1 is not free, held by apart (63: mounted at /mnt);'
}
@test "who holds what stays busy is named: directory, open file, mapped file, mount of its own" { both named; }

disc() {
	old_tree
	echo '/dev/sr0 prompt' >"$ROOT/eject"
	down poweroff
	said 'mkvinitrd: clean' && calls 'eject /dev/sr0' 'poweroff -f' && not_called '^timeout' ||
		return 1
	: >"$CALLS"
	down reboot
	said 'remove the disc from /dev/sr0' &&
		calls 'eject /dev/sr0' 'timeout 60 head -n 1' 'reboot -f' || return 1
	: >"$CALLS"
	down kexec
	not_called '^(eject|timeout)' || return 1
	: >"$CALLS"
	echo /dev/sr0 >"$ROOT/eject"
	down reboot
	! said 'remove the disc' && calls 'eject /dev/sr0' 'reboot -f' && not_called '^timeout' ||
		return 1
	: >"$CALLS"
	mounts "$ROOT/oldroot ext4"
	fake umount <<<'exit 1'
	down reboot
	said 'mkvinitrd: busy' && not_called '^eject'
}
@test "a disc is ejected when nothing is busy; before a reboot somebody is asked to take it out" { both disc; }
