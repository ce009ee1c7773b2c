#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots over several disks, in parts, and as copies of what they lie on: what is mounted, how, and
# what is left to the shutdown.
# shellcheck disable=SC2154 # output: by bats
load lib.bash

state() {
	diff -u <(printf '%s\n' "$@") "$ROOT/run/initramfs/state"
}

# finds LINE...: findimg answers so, whatever it is asked for
finds() {
	printf '%s\n' "$@" >"$ROOT/answer"
	fake findimg <<'FAKE'
cat "$ROOT/answer"
FAKE
}

members() {
	finds DEVICE=/dev/vda FSTYPE=btrfs UUID=1234 MEMBER=/dev/vdb MEMBER=/dev/vdc
	cmdline 'root=UUID=1234 ro'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -H UUID=1234' \
		'mount -t btrfs -o ro /dev/vda /newroot' &&
		state 'device /dev/vda' 'device /dev/vdb' 'device /dev/vdc'
}
@test "every disk of the root's file system is to be free at the end" { both members; }

degraded() {
	finds DEVICE=/dev/vda FSTYPE=btrfs UUID=1234 INCOMPLETE=1
	cmdline "$1"
	boot
	calls 'findimg --state /run/initramfs/state -t 30 --degraded -H UUID=1234' \
		"mount -t btrfs -o $2 /dev/vda /newroot"
}
@test "a root that lacks disks: vi.degraded" { both degraded 'root=UUID=1234 ro vi.degraded' \
	ro,degraded; }
@test "a root that lacks disks: rootflags=degraded" {
	both degraded 'root=UUID=1234 rw rootflags=degraded,noatime' rw,degraded,noatime
}

degraded_store() {
	finds DEVICE=/dev/vdb FSTYPE=btrfs UUID=1234 INCOMPLETE=1
	cmdline 'root=UUID=1234 vi.degraded vi.persist=device:LABEL=store'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 --degraded -w -m /run/initramfs/store -H LABEL=store' \
		'overlayroot --state /run/initramfs/state -l /dev/vdb -u dir:/run/initramfs/store/.mkvinitrd /newroot'
}
@test "a store that lacks disks is mounted so" { both degraded_store; }

xfs_copy() {
	finds DEVICE=/dev/vda1 FSTYPE=xfs UUID=1234 FILE=/run/initramfs/host/x.img
	cmdline 'vi.image=/x.img vi.part=1 vi.persist=none'
	echo '/dev/vda1 /run/initramfs/host xfs rw 0 0' >"$ROOT/proc/mounts"
	boot
	calls 'mount -t xfs -o ro,nouuid /dev/vda1 /newroot'
}
@test "an XFS root that may be a copy of its host is mounted without a check of UUIDs" { both \
	xfs_copy; }

btrfs_copy() {
	finds DEVICE=/dev/vda1 FSTYPE=btrfs UUID=1234 FILE=/run/initramfs/host/x.img
	fake mount <<'FAKE'
case $* in *btrfs*newroot) exit 1 ;; esac
FAKE
	mkdir -p "$ROOT/sys/fs/btrfs/1234"
	cmdline 'vi.image=/x.img vi.part=1 vi.persist=none panic=-1'
	boot
	said '/dev/vda1 is a copy of a btrfs that is mounted, with the same UUID (1234)' &&
		said 'btrfstune -u'
}
@test "a btrfs root that is a copy of its host is refused by a kernel that cannot have both" { both btrfs_copy; }

# usr_root LINE...: a root without /usr, whose fstab has these lines
usr_root() {
	rm -r "$ROOT/newroot/sbin"
	mkdir "$ROOT/newroot/usr"
	ln -s usr/sbin "$ROOT/newroot/sbin"
	printf '%s\n' '# /usr was on /dev/sda2 during installation' "$@" >"$ROOT/newroot/etc/fstab"
	fake mount <<'FAKE'
for last in "$@"; do :; done
case $last in */usr) mkdir -p "$ROOT/newroot/usr/sbin" && printf '#!/bin/sh\n' >"$ROOT/newroot/usr/sbin/init" && chmod +x "$ROOT/newroot/usr/sbin/init" ;; esac
FAKE
	fake overlayroot <<'FAKE'
for last in "$@"; do :; done
case $last in */usr) mkdir -p "$last/sbin" && printf '#!/bin/sh\n' >"$last/sbin/init" && chmod +x "$last/sbin/init" ;; esac
FAKE
}

# usr WORDS FSTAB-LINE CALL...
usr() {
	cmdline "$1"
	usr_root 'UUID=1234 / ext4 defaults 0 1' "$2"
	boot
	shift 2
	calls "$@" 'switch_root /newroot /sbin/init'
}
@test "/usr by the root's fstab, before init is looked for" {
	both usr 'root=UUID=1234 ro' \
		'UUID=5678 /usr ext4 defaults,nofail,x-systemd.growfs,noatime 0 2' \
		'mount -t ext4 -o ro /dev/vda1 /newroot' \
		'findimg --state /run/initramfs/state -t 30 -H UUID=5678' \
		'mount -t ext4 -o ro,noatime /dev/vda1 /newroot/usr'
}
@test "/usr of a root that is mounted for writing" {
	both usr 'root=UUID=1234 rw' '/dev/disk/by-label/my\040usr /usr auto rw,user,discard 0 2' \
		'mount -t ext4 -o rw,discard /dev/disk/by-label/my usr /newroot/usr'
}

usr_checked() {
	: >"$ROOT/bin/e2fsck" && chmod +x "$ROOT/bin/e2fsck"
	usr "$@"
}
@test "/usr is checked before init makes it writable, which nothing does later" {
	both usr_checked 'root=UUID=1234 ro' 'UUID=5678 /usr ext4 defaults 0 2' \
		'e2fsck -p /dev/vda1' 'mount -t ext4 -o ro /dev/vda1 /newroot/usr'
}
usr_not_checked() {
	usr_checked 'root=UUID=1234 ro' "$1" 'mount -t ext4 -o ro /dev/vda1 /newroot/usr' &&
		not_called e2fsck
}
@test "/usr that is never written to, or with pass 0, is not checked" {
	both usr_not_checked 'UUID=5678 /usr ext4 ro 0 2'
	both usr_not_checked 'UUID=5678 /usr ext4 defaults 0 0'
}
@test "/usr that is never written to" {
	both usr 'root=UUID=1234 rw' 'UUID=5678 /usr ext4 ro 0 2' \
		'mount -t ext4 -o ro /dev/vda1 /newroot/usr'
}
@test "/usr of a line with quotes, options of libmount and a comment" {
	both usr 'root=UUID=1234 ro' \
		'LABEL="my\040usr" /usr ext4 defaults,X-mount.mkdir,x-initrd.mount 0 2 # not on /dev/sda' \
		'findimg --state /run/initramfs/state -t 30 -H LABEL=my usr' \
		'mount -t ext4 -o ro /dev/vda1 /newroot/usr'
}
@test "/usr in a subvolume" {
	both usr 'root=UUID=1234 ro rootflags=subvol=@' \
		'UUID=1234 /usr btrfs subvol=@usr,compress=zstd 0 0' \
		'mount -t btrfs -o ro,subvol=@usr,compress=zstd /dev/vda1 /newroot/usr'
}
@test "/usr in another directory of the root" {
	both usr 'root=UUID=1234 ro' '/data/usr /usr none bind 0 0' \
		'mount -o bind /newroot/data/usr /newroot/usr'
}
@test "mount.usr=, mount.usrfstype= and mount.usrflags= win over fstab" {
	both usr 'root=UUID=1234 ro mount.usr=LABEL=u mount.usrfstype=xfs mount.usrflags=nodev' \
		'UUID=5678 /usr ext4 noatime 0 2' \
		'findimg --state /run/initramfs/state -t 30 -H LABEL=u' \
		'mount -t xfs -o ro,nodev /dev/vda1 /newroot/usr'
}
@test "/usr under an overlay is not written to, and is one as well" {
	both usr 'root=UUID=1234 rw vi.persist=ram' 'UUID=5678 /usr ext4 defaults 0 2' \
		'mount -t ext4 -o ro /dev/vda1 /run/initramfs/usr' \
		'overlayroot --state /run/initramfs/state --run /run/initramfs/layers.usr -l /run/initramfs/usr /newroot/usr'
}

usr_kept() {
	mkdir -p "$ROOT/newroot/usr/bin"
	echo 'UUID=5678 /usr ext4 defaults 0 2' >"$ROOT/newroot/etc/fstab"
	cmdline 'vi.image=http://10.0.2.2/root.tar.xz ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0'
	nic eth0 52:54:00:00:00:01 1
	boot
	not_called 'mount .*newroot/usr'
}
@test "an archive that has its /usr keeps it, whatever its fstab says" { both usr_kept; }

lower_flags() {
	finds DEVICE=/dev/vda FSTYPE=btrfs UUID=1234
	cmdline 'root=UUID=1234 rootflags=subvol=@ vi.persist=ram'
	boot
	calls 'mount -t btrfs -o ro,subvol=@ /dev/vda /run/initramfs/root' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/root -u ram /newroot'
}
@test "a subvolume under an overlay" { both lower_flags; }

# md NAME STATE DISK: an array that the kernel has
md() {
	mkdir -p "$ROOT/sys/block/$1/md" "$ROOT/sys/block/$1/slaves/$3"
	echo "$2" >"$ROOT/sys/block/$1/md/array_state"
}

raid() {
	: >"$ROOT/bin/mdadm" && chmod +x "$ROOT/bin/mdadm"
	finds DEVICE=/dev/md127 FSTYPE=ext4 UUID=1234
	md md127 read-auto vda1
	md md126 inactive vdb1
	cmdline "$1"
	boot
	calls "findimg --state /run/initramfs/state -t 30 $2-H UUID=1234" \
		'mount -t ext4 -o ro /dev/md127 /newroot'
}
raid_state() {
	raid "$@" && state 'device /dev/vdb1' 'raid all' 'device /dev/vda1' 'device /dev/md127'
}
@test "a root on RAID: all arrays are assembled, and stopped at the end" { both raid_state \
	'root=UUID=1234 ro' '--raid all '; }
@test "rd.md.uuid= names the arrays" {
	both raid_state 'root=UUID=1234 ro rd.md.uuid=ab:cd rd.md.uuid=ef:01' '--raid ab:cd,ef:01 '
}
@test "rd.md=0: no array is assembled" { both raid 'root=UUID=1234 ro rd.md=0' ''; }

stopped() {
	md md127 clean vda1
	mkdir -p "$ROOT/run/initramfs"
	cp -r "$ROOT/sys" "$ROOT/run/initramfs/"
	local tree=$ROOT
	ROOT=$tree/run/initramfs
	mkdir -p "$ROOT/run" "$ROOT/proc" "$ROOT/dev" "$ROOT/lib"
	ln -sfn "$SKEL/lib" "$ROOT/lib/mkvinitrd"
	: >"$ROOT/proc/mounts"
	printf 'raid all\ndevice /dev/vda1\n' >"$ROOT/state"
	fake sh <<'FAKE'
exec /bin/sh "$@"
FAKE
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/shutdown" poweroff
	said 'mkvinitrd: clean' && [ "$(<"$ROOT/sys/block/md127/md/array_state")" = clear ]
}
@test "shutdown: arrays are stopped" { both stopped; }

refused() {
	fake findimg <<'FAKE'
exit 2
FAKE
	cmdline 'root=/dev/disk/by-id/ieee1394-1 panic=-1'
	boot
	said "the device '/dev/disk/by-id/ieee1394-1' cannot be looked for" &&
		said 'name it by UUID='
}
@test "a name that only udev can give is refused by name" { both refused; }

usr_in_image() {
	usr_root 'UUID=5678 /usr ext4 defaults 0 2'
	cmdline 'vi.image=/x.img vi.part=1 vi.persist=none'
	boot
	calls 'mount -t ext4 -o ro /dev/loop0p1 /newroot' \
		'findimg --state /run/initramfs/state -t 30 --patience 0 -q -t 0 -D /dev/loop0p1 -H UUID=5678' \
		'mount -t ext4 -o ro /dev/vda1 /newroot/usr' &&
		grep -qx '/dev/vda1 /usr ext4 defaults 0 0' "$ROOT/run/initramfs/tables/fstab"
}
@test "/usr of an image is searched for in the image" { both usr_in_image; }
