#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where liveslak and antiX keep changes; how Manjaro verifies its medium.
load lib.bash
load media.bash

# liveslak_keeps PARAMETERS UPPER: changes go to persistence of that directory
liveslak_keeps() {
	boot_liveslak "$1"
	calls "overlayroot --state /run/initramfs/state -l $HOST/liveslak/system/1.sxz -u dir:$2 /newroot" &&
		[ "$(readlink "$ROOT$2/upper") $(readlink "$ROOT$2/work")" = 'persistence .ovlwork' ]
}
boot_liveslak() {
	cmdline "livemain=liveslak $1"
	host liveslak/system/1.sxz
	: >"$CALLS"
	boot
}
liveslak_places() {
	boot_liveslak ''
	calls "overlayroot --state /run/initramfs/state -l $HOST/liveslak/system/1.sxz -u ram /newroot" && not_called 'findimg.* -w' || return 1
	mkdir -p "$ROOT$HOST/persistence/old"
	liveslak_keeps '' $HOST && calls "findimg --state /run/initramfs/state -t 30 -m $HOST -w /liveslak/system/" || return 1
	# what the profile says is for an image of its own
	defaults vi.mode=overlay vi.image=/live/root.sqfs vi.persist=ram
	liveslak_keeps '' $HOST || return 1
	for words in nop toram; do
		boot_liveslak $words
		grep -q -- '-u ram /newroot$' "$CALLS" && not_called 'findimg.* -w' || return 1
	done
	boot_liveslak 'persistence=/x/.. nop=wipe'
	[ -d "$ROOT$HOST/persistence/old" ] || return 1
	liveslak_keeps nop=wipe $HOST && [ ! -e "$ROOT$HOST/persistence/old" ] || return 1
	rm -r "$ROOT$HOST/persistence"
	host persistence.img
	liveslak_keeps '' /run/initramfs/storefs || return 1
	mkdir -p "$ROOT/run/initramfs/store/deep/persistence"
	liveslak_keeps persistence=/dev/sdb1:/deep/persistence /run/initramfs/store/deep &&
		calls 'findimg --state /run/initramfs/state -t 30 -t 0 -w -m /run/initramfs/store -H /dev/sdb1 /deep/persistence /deep/persistence.img'
}
@test "liveslak: changes are kept where the medium has a place for them, without being asked" { both liveslak_places; }

dracut_upper() {
	cmdline "root=LABEL=a $1"
	mkdir -p "$ROOT/run/initramfs/store"
	boot
	calls "overlayroot --state /run/initramfs/state -l /dev/vda1 -u dir:/run/initramfs/store/deep /newroot" &&
		[ ! -L "$ROOT/run/initramfs/store/deep/upper" ]
}
dracut_uppers() {
	dracut_upper rd.overlay=LABEL=b:/deep/upper &&
		dracut_upper overlayroot=device:dev=LABEL=b,dir=/deep/upper
}
@test "dracut, overlayroot: a directory with the name of ours is ours" { both dracut_uppers; }

antix() {
	cmdline "$1"
	host antiX/linuxfs
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST -w /antiX/linuxfs" \
		"overlayroot --state /run/initramfs/state -l $HOST/antiX/linuxfs -u file:$HOST/antiX/rootfs /newroot"
}
antix_words() { antix 'bdir=antiX persist_static_root' && antix 'BOOT_IMAGE=/antiX/vmlinuz persist_root'; }
@test "antiX: the changes of persist_root and persist_static_root are in its file rootfs" { both antix_words; }

miso_sums() {
	cmdline 'misobasedir=manjaro misolabel=MANJARO checksum=y panic=-1'
	host manjaro/x86_64/{livefs,rootfs}.sfs
	(cd "$ROOT$HOST/manjaro/x86_64" && md5sum livefs.sfs >livefs.md5 && md5sum rootfs.sfs >rootfs.md5)
	boot
	calls "overlayroot --state /run/initramfs/state -l $HOST/manjaro/x86_64/livefs.sfs:$HOST/manjaro/x86_64/rootfs.sfs -u ram /newroot" &&
		said 'verifying the files in livefs.md5' || return 1
	echo changed >>"$ROOT$HOST/manjaro/x86_64/livefs.sfs"
	: >"$CALLS"
	boot
	said 'files on the medium do not match livefs.md5' && not_called 'overlayroot|switch_root'
}
@test "Manjaro: checksum=y" { both miso_sums; }
