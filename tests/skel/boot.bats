#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# init from the first mount to switch_root: which commands each root mode runs, in which order.
load lib.bash

disk() {
	cmdline 'root=UUID=1234 rw rootflags=noatime quiet'
	boot 3
	[ "$status" = 0 ] && calls 'mount -t proc -o nosuid,nodev,noexec proc /proc' \
		'mount -t devtmpfs -o nosuid,mode=755 dev /dev' \
		'mount -t sysfs -o nosuid,nodev,noexec sys /sys' \
		'mount -t tmpfs -o nosuid,nodev,mode=755 run /run' \
		'mount -t tmpfs -o nosuid,nodev,mode=755 initramfs /run/initramfs' \
		'coldplug -d --pidfile /run/initramfs/coldplug.pid' \
		'findimg --state /run/initramfs/state -t 30 -H UUID=1234' \
		'mount -t ext4 -o rw,noatime /dev/vda1 /newroot' \
		'mount -o move /run /newroot/run' 'mount -o move /dev /newroot/dev' \
		'mount -o move /sys /newroot/sys' 'mount -o move /proc /newroot/proc' \
		'switch_root /newroot /sbin/init 3' &&
		[ "$(cat "$ROOT/run/initramfs/state")" = 'device /dev/vda1' ] &&
		not_called 'e2fsck|vdattach|umount'
}
@test "disk: found by id, mounted with the parameters of the root, its device recorded" { both \
	disk; }

disk_read_only() {
	cmdline 'root=/dev/sda1 rootfstype=xfs'
	boot
	calls 'mount -t xfs -o ro /dev/sda1 /newroot'
}
@test "disk: read-only unless the command line says rw" { both disk_read_only; }

disk_fsck() {
	: >"$ROOT/bin/e2fsck" && chmod +x "$ROOT/bin/e2fsck"
	cmdline 'root=/dev/sda1 rw'
	boot
	calls 'e2fsck -p /dev/sda1' 'mount -t ext4 -o rw /dev/sda1 /newroot' || return 1
	: >"$CALLS"
	cmdline 'root=/dev/sda1 rw fsck.mode=force panic=-1'
	fake e2fsck <<<'exit 4'
	boot
	calls 'e2fsck -p -f /dev/sda1' 'reboot -f' && not_called '^mount .* /newroot$' &&
		said 'needs manual repair'
}
@test "disk: a packed e2fsck runs before the first write, and stops the boot when it must" { both \
	disk_fsck; }

loop() {
	cmdline 'vi.mode=loop vi.image=/images/debian.img vi.host=UUID=aa vi.part=1 rw'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H UUID=aa -w /images/debian.img' \
		'vdattach --state /run/initramfs/state --parents /run/initramfs/host -p 1 /run/initramfs/host/images/debian.img' \
		'findimg --state /run/initramfs/state -t 30 -H /dev/loop0p1' \
		'mount -t ext4 -o rw /dev/loop0p1 /newroot' \
		'umount -l /run/initramfs/host' 'switch_root /newroot /sbin/init' &&
		[ "$(cat "$ROOT/run/initramfs/state")" = $'device /dev/vda1\nloop /dev/loop0' ] &&
		[ ! -e "$ROOT/dev/host" ]
}
@test "loop: host writable, image attached, host hidden, loop and device left to the shutdown" { both loop; }

exporter_direct() {
	cmdline 'vi.mode=loop vi.image=/images/debian.img vi.host=UUID=aa vi.part=1 vi.exporter=direct rw'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H UUID=aa -w --wrap /images/debian.img' \
		'vdattach --state /run/initramfs/state --parents /run/initramfs/host -e direct -p 1 /run/initramfs/host/images/debian.img' \
		'mount -t ext4 -o rw /dev/loop0p1 /newroot' 'umount -l /run/initramfs/host' \
		'vdattach unmap /dev/dm-0' &&
		[ "$(cat "$ROOT/run/initramfs/state")" = $'device /dev/vda1\nloop /dev/loop0' ] ||
		return 1
	: >"$CALLS"
	cmdline 'vi.mode=loop vi.image=/images/debian.img vi.part=1 vi.exporter=direct vi.hostmount=/h rw'
	boot
	not_called 'wrap' && : >"$CALLS" || return 1
	cmdline 'vi.mode=loop vi.image=/images/debian.img vi.part=1 vi.exporter=ublk rw'
	fake vdattach <<'FAKE'
case " $* " in
*' -e ublk '*) echo 'vdattach: no ublk here' >&2; exit 1 ;;
*) echo /dev/loop0p1 ;;
esac
FAKE
	boot
	not_called 'wrap' && said 'another exporter than vi.exporter=ublk' &&
		calls 'mount -t ext4 -o rw /dev/loop0p1 /newroot'
}
@test "vi.exporter: direct has the host wrapped where nobody else is to use it; one that fails is followed by any other" { both exporter_direct; }

loop_vfuseloop() {
	cmdline 'rw rd.hostdev=UUID=0123456789ABCDEF rd.vdloop=/dev/vdhost/Partition1 rd.vdisk=/vhd/debian.vhd'
	boot
	calls 'vdattach --state /run/initramfs/state --parents /run/initramfs/host -p 1 /run/initramfs/host/vhd/debian.vhd' \
		'mount -t ext4 -o rw /dev/loop0p1 /newroot' &&
		[ "$(readlink "$ROOT/dev/host")" = /dev/vda1 ] &&
		[ "$(readlink "$ROOT/dev/rootfsloop")" = /dev/loop0p1 ]
}
@test "loop: the parameters and the device names of vfuseloop" { both loop_vfuseloop; }

loop_part_by_label() {
	cmdline 'vi.mode=loop vi.image=/a.img vi.part=LABEL=root'
	boot
	calls 'vdattach --state /run/initramfs/state --parents /run/initramfs/host /run/initramfs/host/a.img' \
		'findimg --state /run/initramfs/state -t 30 -D /dev/loop0 -H LABEL=root'
}
@test "loop: a partition by the label of its file system" { both loop_part_by_label; }

loop_auto() {
	local n
	cmdline 'vi.mode=loop vi.image=/a.img panic=-1'
	mkdir "$ROOT/dev/vdhost"
	ln -s /dev/mapper/vdattach0 "$ROOT/dev/vdhost/EntireDisk"
	ln -s /dev/mapper/vdattach0p5 "$ROOT/dev/vdhost/Partition5"
	boot
	calls 'mount -t ext4 -o ro /dev/mapper/vdattach0p5 /newroot' || return 1
	ln -s /dev/mapper/vdattach0p6 "$ROOT/dev/vdhost/Partition6"
	: >"$CALLS"
	boot
	said 'has 2 partitions and vi.part= does not say which' &&
		said '5 (/dev/mapper/vdattach0p5), 6 (' && not_called ' /newroot$'
}
loop_with_efi() {
	mkdir "$ROOT/dev/vdhost"
	for n in 1 2 3 4; do ln -s "/dev/loop0p$n" "$ROOT/dev/vdhost/Partition$n"; done
	mv "$FAKES/findimg" "$FAKES/findimg.usual"
	fake findimg <<'FAKE'
case $* in
*loop0p1) exit 3 ;;
*loop0p2) echo FSTYPE=vfat ;;
*loop0p4) echo FSTYPE=swap ;;
*) exec "$0.usual" "$@" ;;
esac
FAKE
	cmdline 'vi.mode=loop vi.image=/a.img'
	boot
	calls 'mount -t ext4 -o ro /dev/loop0p3 /newroot'
}
@test "loop: without vi.part= the only partition with a file system of Linux is meant, beside EFI, swap and GRUB's" { both loop_with_efi; }

@test "loop: without vi.part= the only partition is meant, several are asked about" { both \
	loop_auto; }

loop_snapshots() {
	cmdline 'rd.hostdev=LABEL=WIN rd.vdisk=/v/a.vhd rd.vdloop=/dev/vdhost/Partition2 "rd.snapshot=a one.vhd" rd.snapshot=/w/a2.vhd'
	boot
	calls 'vdattach --state /run/initramfs/state --parents /run/initramfs/host -p 2 -S /run/initramfs/host/v/a one.vhd -S /run/initramfs/host/w/a2.vhd /run/initramfs/host/v/a.vhd'
}
@test "loop: rd.snapshot= names the chain, from the directory of rd.vdisk= or by its own path" { both loop_snapshots; }

# The device that vdattach printed is a read-only one.
read_only_device() {
	mkdir -p "$ROOT/sys/class/block/loop0p1" "$ROOT/bin"
	echo 1 >"$ROOT/sys/class/block/loop0p1/ro"
}

loop_read_only_image() {
	read_only_device
	cmdline 'vi.mode=loop vi.image=/a.vmdk vi.part=1 rw'
	boot
	said 'can only be read: changes are kept in RAM' &&
		calls 'overlayroot --state /run/initramfs/state -l /dev/loop0p1 -u ram /newroot' &&
		not_called 'mount .* /dev/loop0p1 /newroot' || return 1
	: >"$CALLS"
	cmdline 'vi.mode=loop vi.image=/a.vmdk vi.part=1 vi.persist=none'
	boot
	calls 'mount -t ext4 -o ro /dev/loop0p1 /newroot' && not_called overlayroot
}
@test "loop: an image that cannot be written becomes the lower layer of a root in RAM, unless vi.persist= is given" {
	both loop_read_only_image
}

loop_read_only_host() {
	fake findimg <<'FAKE'
case " $* " in *' -w '*) exit 1 ;; esac
printf 'DEVICE=/dev/sr0\nFSTYPE=iso9660\nFILE=%s/a.img\n' "$ROOT/run/initramfs/host"
FAKE
	cmdline 'vi.mode=loop vi.image=/a.img vi.part=whole'
	boot
	said '/dev/sr0 (iso9660) can only be read' &&
		calls 'vdattach --state /run/initramfs/state --parents /run/initramfs/host -r /run/initramfs/host/a.img'
}
@test "loop: a host that cannot be written is reported and used read-only" { both \
	loop_read_only_host; }

loop_overlay() {
	cmdline 'vi.mode=loop vi.image=/a.img vi.part=1 vi.persist=ram'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /a.img' \
		'vdattach --state /run/initramfs/state --parents /run/initramfs/host -r -p 1 /run/initramfs/host/a.img' \
		'overlayroot --state /run/initramfs/state -l /dev/loop0p1 -u ram /newroot'
}
@test "loop: with vi.persist=ram the image and its host are only read" { both loop_overlay; }

verify() {
	local sum
	sum=$(echo image | sha256sum)
	mkdir -p "$ROOT/run/initramfs/host"
	echo image >"$ROOT/run/initramfs/host/r.sfs"
	cmdline "vi.mode=overlay vi.image=/r.sfs panic=-1 vi.verify=sha256:${sum%% *}"
	boot
	calls 'switch_root /newroot /sbin/init' || return 1
	: >"$CALLS"
	cmdline "vi.mode=overlay vi.image=/r.sfs panic=-1 vi.verify=sha256:00"
	boot
	said "sha256 expected 00, found ${sum%% *}" && not_called 'overlayroot|switch_root'
}
@test "vi.verify: an image with another sum is not used" { both verify; }

# proven WORDS: overlay of a local image with a hash tree and a signature beside it
proven() {
	mkdir -p "$ROOT/run/initramfs/host"
	echo image >"$ROOT/run/initramfs/host/r.sfs"
	: >"$ROOT/run/initramfs/host/r.sfs.verity"
	: >"$ROOT/run/initramfs/host/r.sfs.minisig"
	fake verifyimg <<'FAKE'
[ -z "${BAD:-}" ] || exit 1
case $1 in verity) echo /dev/dm-0 ;; esac
FAKE
	cmdline "vi.mode=overlay vi.image=/r.sfs panic=-1 $*"
	boot
}

verity() {
	proven vi.verify=verity:abc
	calls 'verifyimg verity --state /run/initramfs/state --hashes /run/initramfs/host/r.sfs.verity abc /run/initramfs/host/r.sfs' \
		'overlayroot --state /run/initramfs/state -l /dev/dm-0 -u ram /newroot' \
		'switch_root /newroot /sbin/init' || return 1
	rm -f "$ROOT/run/initramfs/host/r.sfs.verity"
	: >"$CALLS"
	BAD=1 proven vi.verify=verity:abc
	said 'the image is not the one that vi.verify= allows' &&
		not_called '^(overlayroot|switch_root)'
}
@test "vi.verify=verity: the mapped device is the image, or nothing is booted" { both verity; }

minisign() {
	proven vi.verify=minisign:RWQ
	calls 'verifyimg minisign RWQ /run/initramfs/host/r.sfs.minisig /run/initramfs/host/r.sfs' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u ram /newroot' || return 1
	: >"$CALLS"
	BAD=1 proven vi.verify=minisign:RWQ
	said 'r.sfs is not what vi.verify=minisign: allows' &&
		not_called '^(overlayroot|switch_root)' || return 1
	: >"$CALLS"
	cmdline 'vi.mode=tmpfs vi.image=/r.tar.xz vi.verify=verity:abc panic=-1'
	boot
	said 'verity: is for images that are mounted' && not_called '^(findimg|unpackroot)'
}
@test "vi.verify=minisign: what was not signed is not booted" { both minisign; }

tmpfs_embedded() {
	cmdline 'devfs=nomount rw panic=60 selinux=0 biosdevname=0 net.ifnames=0 ipv6.disable=0'
	defaults vi.mode=tmpfs vi.image=file:/rootfs.tar.xz vi.size=1500m
	: >"$ROOT/rootfs.tar.xz"
	boot
	calls 'mount -t tmpfs -o mode=755,nr_inodes=0,size=1500m rootfs /newroot' \
		'unpackroot --consume /rootfs.tar.xz /newroot' 'switch_root /newroot /sbin/init' &&
		not_called findimg
}
@test "tmpfs: an embedded archive, with the diskless lab's command line" { both tmpfs_embedded; }

tmpfs_default() {
	cmdline 'vi.mode=tmpfs'
	: >"$ROOT/rootfs.tar.zst"
	boot
	calls 'mount -t tmpfs -o mode=755,nr_inodes=0,size=75% rootfs /newroot' \
		'unpackroot --consume /rootfs.tar.zst /newroot'
}
@test "tmpfs: without an image the archive in the initramfs is meant" { both tmpfs_default; }

tmpfs_partition() {
	cmdline 'vi.mode=tmpfs vi.image=/rootfs.tar.xz vi.host=LABEL=lab vi.verify=sha256:abc'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H LABEL=lab /rootfs.tar.xz' \
		'unpackroot --sha256 abc /run/initramfs/host/rootfs.tar.xz /newroot' \
		'umount /run/initramfs/host' &&
		[ "$(cat "$ROOT/run/initramfs/state")" = 'device /dev/vda1' ] && not_called consume
}
@test "tmpfs: an archive on a partition, which is released" { both tmpfs_partition; }

share() {
	cmdline 'root=host0 rootfstype=9p rw init=/bin/bash'
	mkdir "$ROOT/newroot/bin"
	printf '#!/bin/sh\n' >"$ROOT/newroot/bin/bash" && chmod +x "$ROOT/newroot/bin/bash"
	boot
	calls 'mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=512000,cache=mmap host0 /newroot' \
		'switch_root /newroot /bin/bash' || return 1
	cmdline 'root=virtiofs:my rw rootflags=dax'
	: >"$CALLS"
	boot
	calls 'mount -t virtiofs -o rw,dax my /newroot'
}
@test "share: 9p and virtiofs" { both share; }

share_fails() {
	fake mount <<<'[ "$2" != 9p ]'
	mkdir -p "$ROOT/sys/bus/virtio/drivers/9pnet_virtio/virtio3"
	printf host0 >"$ROOT/sys/bus/virtio/drivers/9pnet_virtio/virtio3/mount_tag"
	cmdline 'root=virtfs:other rw panic=-1'
	boot
	said "the directory 'other' of the host could not be mounted by 9p" &&
		said 'tags that this machine has: host0' &&
		calls 'sync' 'reboot -f'
}
@test "share: a wrong tag names those that are there" { both share_fails; }

modules() {
	cmdline 'root=/dev/sda1 vi.modules=dm_mod,nbd'
	boot
	calls 'coldplug -d --pidfile /run/initramfs/coldplug.pid' 'modprobe -a dm_mod nbd'
}
@test "vi.modules are loaded after the hardware's" { both modules; }

coldplug_stopped() {
	cmdline 'root=/dev/sda1'
	boot
	calls 'coldplug --stop --pidfile /run/initramfs/coldplug.pid' \
		'mount -o move /proc /newroot/proc'
}
@test "the hot-plug daemon ends before the hand-over" { both coldplug_stopped; }

generations() {
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=file:/c.img,2g,rollback=3,ask vi.persist=discard'
	boot
	calls 'overlayroot --state /run/initramfs/state --rollback 3 --ask --discard -l /run/initramfs/host/r.sfs -u file:/run/initramfs/host/c.img,2g /newroot' &&
		[ ! -e "$ROOT/run/systemd" ]
}
generations_systemd() {
	mkdir -p "$ROOT/newroot/usr/lib/systemd"
	ln -sf ../usr/lib/systemd/systemd "$ROOT/newroot/sbin/init"
	printf '#!/bin/sh\n' >"$ROOT/newroot/usr/lib/systemd/systemd"
	chmod +x "$ROOT/newroot/usr/lib/systemd/systemd"
	cp "$SKEL/vinitrd-ok" "$ROOT/"
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=dir:/c,rollback=3'
	boot
	[ -x "$ROOT/run/initramfs/bin/vinitrd-ok" ] && [ -e "$ROOT/run/initramfs/boot-ok.unit" ] &&
		grep -q '^ExecStart=/run/initramfs/bin/vinitrd-ok$' \
			"$ROOT/run/systemd/system/multi-user.target.wants/mkvinitrd-boot-ok.service"
}
@test "generations: their options reach overlayroot" { both generations; }
@test "generations: systemd marks the boot as successful" { both generations_systemd; }

boot_ok() {
	mkdir -p "$ROOT/run/initramfs"
	printf '%s\n' UPPER=dir:/x 'STORE=ext4 /dev/sda1 /my\040changes' \
		>"$ROOT/run/initramfs/overlay"
	mkdir -p "$ROOT/run/initramfs/store.ok/my changes"
	# shellcheck disable=SC2086
	run timeout 60 $SH "$SKEL/vinitrd-ok" --inner
	[ "$status" = 0 ] && [ -e "$ROOT/run/initramfs/store.ok/my changes/boot-ok" ] &&
		calls 'mount -t ext4 /dev/sda1 /run/initramfs/store.ok' 'sync' \
			'umount /run/initramfs/store.ok'
}
@test "vinitrd-ok leaves its mark in the store" { both boot_ok; }
