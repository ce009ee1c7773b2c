#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Mode overlay: where images, layers and stores are found, and vi.toram.
load lib.bash

overlay() {
	cmdline 'vi.mode=overlay vi.image=/live/root.sfs vi.size=50%'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /live/root.sfs' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/live/root.sfs -u ram -s 50% /newroot' \
		'umount -l /run/initramfs/host' 'switch_root /newroot /sbin/init' &&
		not_called ' -w |vdattach'
}
@test "overlay: image found, read only, upper in RAM" { both overlay; }

overlay_colon() {
	cmdline 'vi.mode=overlay vi.image=/live/a:b.sfs vi.persist=none'
	boot
	calls 'overlayroot --state /run/initramfs/state -l /run/initramfs/host/live/a\:b.sfs -u ram /newroot'
}
@test "overlay: a colon in the image's name is no separator" { both overlay_colon; }

overlay_persist() {
	cmdline "vi.mode=overlay vi.image=/r.sfs vi.persist=$1"
	boot
	shift
	calls "$@"
}
@test "overlay: a store in a directory of the host" {
	both overlay_persist dir:/changes \
		'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -w /r.sfs' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u dir:/run/initramfs/host/changes /newroot'
}
@test "overlay: a store in a file of another partition" {
	both overlay_persist file:LABEL=data:/store.img,2g \
		'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /r.sfs' \
		'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/store -H LABEL=data' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u file:/run/initramfs/store/store.img,2g /newroot'
}

# other_case TYPE PERSIST UPPER
other_case() {
	local host=$ROOT/run/initramfs/host
	mkdir -p "$host/VM/Changes" "$host/VM/two" "$host/VM/TWO" "$host/VM/[a]"
	printf 'L' >"$host/VM/Store.img"
	cmdline "vi.mode=overlay vi.image=/r.sfs vi.persist=$2 panic=-1"
	printf '/dev/vda1 %s %s rw 0 0\n' "$host" "$1" >"$ROOT/proc/mounts"
	boot
	[ -n "$3" ] || {
		not_called overlayroot && said "'Two' in vi.persist= can be several in"
		return
	}
	calls "overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u $3 /newroot"
}
@test "overlay: on NTFS a store is found in any letter case, and a new one lies beside what is there" {
	both other_case ntfs3 dir:/vm/changes dir:/run/initramfs/host/VM/Changes
	both other_case fuseblk file:/Vm/store.IMG,2g file:/run/initramfs/host/VM/Store.img,2g
	both other_case ntfs dir:/vm/new/Place 'dir:/run/initramfs/host/VM/new/Place'
	both other_case ntfs3 dir:/vm/.hanges dir:/run/initramfs/host/VM/.hanges
	both other_case ext4 dir:/vm/changes dir:/run/initramfs/host/vm/changes
	both other_case ntfs3 dir:/VM/TWO dir:/run/initramfs/host/VM/TWO
	both other_case ntfs3 dir:/vm/Two ''
}
@test "overlay: a store on a device" {
	both overlay_persist device:PARTLABEL=keep \
		'findimg --state /run/initramfs/state -t 30 -H PARTLABEL=keep' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/r.sfs -u device:/dev/vda1 /newroot'
}

overlay_layers() {
	cmdline 'from=/slax'
	mkdir -p "$ROOT/run/initramfs/host/slax"
	: >"$ROOT/run/initramfs/host/slax/01-core.sb"
	: >"$ROOT/run/initramfs/host/slax/02-desktop.sb"
	boot
	calls 'overlayroot --state /run/initramfs/state -l /run/initramfs/host/slax/02-desktop.sb:/run/initramfs/host/slax/01-core.sb -u ram /newroot'
}
@test "overlay: a directory of layers, the last by name on top" { both overlay_layers; }

overlay_device() {
	cmdline 'vi.mode=overlay vi.host=LABEL=live'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -H LABEL=live' \
		'overlayroot --state /run/initramfs/state -l /dev/vda1 -u ram /newroot'
}
@test "overlay: a device that is itself the image" { both overlay_device; }

overlay_iso() {
	cmdline 'boot=live findiso=/iso/debian.iso'
	fake vdattach <<<'echo /dev/loop3'
	mkdir -p "$ROOT/run/initramfs/iso/live"
	: >"$ROOT/run/initramfs/iso/live/filesystem.squashfs"
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /iso/debian.iso' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/isodisk -r /run/initramfs/host/iso/debian.iso' \
		'mount -t iso9660 -o ro /dev/loop3 /run/initramfs/iso' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/iso/live/filesystem.squashfs -u ram /newroot' \
		'umount -l /run/initramfs/iso' 'umount -l /run/initramfs/host'
}
@test "overlay: an image inside an ISO file" { both overlay_iso; }

toram() {
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.toram'
	mkdir -p "$ROOT/run/initramfs/host"
	echo image >"$ROOT/run/initramfs/host/r.sfs"
	boot
	calls 'cp /run/initramfs/host/r.sfs /run/initramfs/ram/r.sfs' 'umount /run/initramfs/host' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/ram/r.sfs -u ram /newroot' \
		'umount -l /run/initramfs/ram' && said 'no longer needed' || return 1
	printf 'MemTotal: 1000 kB\nMemAvailable: 20480 kB\n' >"$ROOT/proc/meminfo"
	: >"$CALLS"
	boot
	said 'vi.toram needs 1 MiB and 64 MiB of headroom, 20 MiB are available' &&
		not_called '^cp .*r.sfs'
}
@test "vi.toram copies and releases the medium; too little memory is reported in MiB" { both \
	toram; }
