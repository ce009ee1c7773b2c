#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Disks that are removed while the root is made.
load lib.bash

# removed_at PROGRAM: the host is mounted, and its disk is removed when that program runs for the
# first time
removed_at() {
	mkdir -p "$ROOT/sys/class/block/sdb"
	fake umount <<<'[ "$1" != "$ROOT/run/initramfs/host" ] || : >"$ROOT/proc/mounts"'
	fake "$1" <<'FAKE'
[ ! -e "$FAKES/removed" ] || exit 0
echo "/dev/vda1 $ROOT/run/initramfs/host ext4 ro 0 0" >"$ROOT/proc/mounts"
: >"$FAKES/removed"
exit 1
FAKE
}

comes_back() {
	removed_at overlayroot
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=ram panic=-1 splash 3'
	boot splash 3
	said 'warning: /dev/vda1 was removed before the root was started: looking for it again' &&
		not_called reboot &&
		calls 'umount /run/initramfs/host' \
			'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /r.sfs' \
			'overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u ram /newroot' 'switch_root /newroot /sbin/init splash 3' &&
		[ "$(grep -c '^findimg' "$CALLS")" = 2 ] &&
		[ "$(grep -c '^mount .*/host$' "$ROOT/run/initramfs/state")" -le 1 ]
}
@test "a disk that is removed while the root is made is looked for again, and the boot repeated from there" { both comes_back; }

comes_back_loop() {
	fake mount <<'FAKE'
case $* in *" $ROOT/newroot") ;; *) exit 0 ;; esac
[ ! -e "$FAKES/removed" ] || exit 0
echo "/dev/vda1 $ROOT/run/initramfs/host ext4 rw 0 0" >"$ROOT/proc/mounts"
: >"$FAKES/removed"
exit 1
FAKE
	mkdir -p "$ROOT/sys/class/block/sdb"
	fake umount <<<': >"$ROOT/proc/mounts"'
	cmdline 'vi.mode=loop vi.image=/a.img vi.part=whole rw panic=-1'
	boot
	calls 'losetup -d /dev/loop0' 'umount /run/initramfs/host' \
		'mount -t ext4 -o rw /dev/loop0 /newroot' 'switch_root /newroot /sbin/init' &&
		not_called reboot
}
@test "a disk that is removed below an image: the image is detached, and attached again" { both \
	comes_back_loop; }

# dynamic_image STATUS: one that a process of vdattach serves; what detach returns once its disk was
# removed
dynamic_image() {
	echo "$1" >"$FAKES/detached"
	fake vdattach <<'FAKE'
case $1 in
free | unmap) exit 0 ;;
detach) read -r status <"$FAKES/detached" && exit "$status" ;;
esac
[ "$1" != --state ] || printf 'vdattach /dev/ublkb0\nserved /dev/ublkb0\n' >>"$2"
echo /dev/ublkb0
FAKE
	cmdline 'vi.mode=loop vi.image=/a.vhd vi.part=whole vi.persist=ram panic=-1'
	boot
}

comes_back_dynamic() {
	removed_at overlayroot
	dynamic_image "$1"
	calls 'vdattach detach --if-attached /dev/ublkb0' 'umount /run/initramfs/host' \
		'overlayroot --state /run/initramfs/state -l /dev/ublkb0 -u ram /newroot' \
		'switch_root /newroot /sbin/init' && not_called reboot &&
		[ "$(grep -c ublkb0 "$ROOT/run/initramfs/state")" = 2 ]
}
comes_back_all_dynamic() {
	# the second time the flush failed, and the device is gone nevertheless
	comes_back_dynamic 0 && new_tree && comes_back_dynamic 1
}
@test "a disk that is removed below a dynamic image: the same" { both comes_back_all_dynamic; }

comes_back_archive() {
	removed_at unpackroot
	cmdline 'vi.mode=tmpfs vi.image=/r.tar.zst panic=-1'
	boot
	said '/dev/vda1 was removed before the root was started: looking for it again' &&
		calls 'umount /run/initramfs/host' 'mount -t tmpfs -o mode=755,nr_inodes=0,size=75% rootfs /newroot' 'switch_root /newroot /sbin/init' &&
		not_called reboot && [ "$(grep -c ^unpackroot "$CALLS")" = 2 ]
}
@test "a disk that is removed while its archive is unpacked: a new memory is filled" { both \
	comes_back_archive; }

comes_back_store() {
	mkdir -p "$ROOT/sys/class/block/vda1"
	removed_at overlayroot
	sed -i 's|/dev/vda1 $ROOT/run/initramfs/host|/dev/sdb1 $ROOT/run/initramfs/store|' \
		"$FAKES/overlayroot"
	fake umount <<<': >"$ROOT/proc/mounts"'
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=dir:LABEL=data:/changes panic=-1'
	boot
	said '/dev/sdb1 was removed before the root was started: looking for it again' &&
		calls 'umount /run/initramfs/store' 'umount /run/initramfs/host' \
			'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/store -H LABEL=data' 'switch_root /newroot /sbin/init' &&
		not_called reboot
}
@test "a disk with the changes alone that is removed is looked for again" { both \
	comes_back_store; }

removed_for_good() {
	removed_at overlayroot
	mkdir -p "$ROOT/sys/class/block/ublkb0"
	echo 2048 >"$ROOT/sys/class/block/ublkb0/size"
	dynamic_image 1
	said 'assemble failed: /dev/vda1 was removed before the root was started [VI210]' &&
		said 'seen:  no overlay could be mounted of' &&
		said 'plug it in again, into another port' && calls 'reboot -f' &&
		not_called switch_root || return 1
	# again and again
	removed_at overlayroot
	sed -i '/removed" \] ||/d' "$FAKES/overlayroot"
	: >"$CALLS"
	rm -r "$ROOT/run/initramfs"
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=ram panic=-1'
	boot
	said '[VI210]' && [ "$(grep -c ^overlayroot "$CALLS")" = 4 ] && not_called switch_root
}
@test "a disk that is removed below what cannot be set up twice, or each time, is named with advice that fits" { both removed_for_good; }

stays_away() {
	removed_at overlayroot
	cp "$FAKES/findimg" "$FAKES/found"
	fake findimg <<'FAKE'
[ ! -e "$FAKES/removed" ] || exit 3
exec "$FAKES/found" "$@"
FAKE
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=ram panic=-1'
	boot
	said '/dev/vda1 was removed before the root was started, and did not come back within 30 s [VI210]' &&
		not_called switch_root
}
@test "a disk that is removed and does not come back is named" { both stays_away; }

released() {
	mkdir -p "$ROOT/sys/class/block/sdb"
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=ram panic=-1'
	boot
	not_called reboot && calls 'switch_root /newroot /sbin/init' && ! said 'was removed'
}
@test "a disk that is no longer in use may be removed" { both released; }
