#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Parts of the root that live elsewhere: vi.bind, Tiny Core's words, swap.
load lib.bash

binds() {
	mkdir -p "$ROOT/run/initramfs/places/0/data/home" "$ROOT/newroot/srv"
	cmdline 'root=/dev/vda1 rw vi.bind=LABEL=data:/data/home:/home vi.bind=UUID=9:/new:/srv'
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/places/0 -H LABEL=data' \
		'mount -o bind /run/initramfs/places/0/data/home /newroot/home' \
		'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/places/1 -H UUID=9' \
		'cp -a /newroot/srv /run/initramfs/places/1/new.new' \
		'mount -o bind /run/initramfs/places/1/new /newroot/srv' \
		'umount -l /run/initramfs/places/1' \
		'switch_root /newroot /sbin/init' && [ -d "$ROOT/run/initramfs/places/1/new" ]
}
@test "vi.bind: a directory of a partition, made of what the root has when it is new" { both \
	binds; }

binds_gone() {
	fake findimg <<'FAKE'
case "$*" in *places*) exit 3 ;; esac
printf 'DEVICE=/dev/vda1\nFSTYPE=ext4\n'
FAKE
	cmdline 'root=/dev/vda1 rw home=sda9'
	boot
	said '/home is not mounted: /home of /dev/sda9 cannot be used' &&
		calls 'switch_root /newroot /sbin/init'
}
@test "a partition that is not there is reported, and the boot continues" { both binds_gone; }

tiny_core() {
	local optional=$ROOT/run/initramfs/places/0/tce/optional
	mkdir -p "$optional"
	touch "$optional/"{a,b,c}.tcz
	printf 'a.tcz\nmissing.tcz\nb.tcz\n' >"$ROOT/run/initramfs/places/0/tce/onboot.lst"
	printf 'b.tcz\nc.tcz\n' >"$optional/a.tcz.dep"
	printf 'a.tcz\n' >"$optional/c.tcz.dep"
	cmdline 'root=/dev/vda1 rw tce=sda1'
	boot
	said 'extension missing.tcz is missing' &&
		[ "$(grep -c '^mount -t squashfs' "$CALLS")" = 3 ] &&
		[ "$(grep -c 'cp -rs' "$CALLS")" = 3 ] &&
		calls 'mount -t squashfs -o ro,loop /run/initramfs/places/0/tce/optional/b.tcz /newroot/tmp/tcloop/b' \
			'chroot /newroot /tmp/tcloop/.bin/busybox cp -rs /tmp/tcloop/b/. /' \
			'mount -t squashfs -o ro,loop /run/initramfs/places/0/tce/optional/c.tcz /newroot/tmp/tcloop/c' \
			'chroot /newroot /tmp/tcloop/.bin/busybox cp -rs /tmp/tcloop/c/. /' \
			'mount -t squashfs -o ro,loop /run/initramfs/places/0/tce/optional/a.tcz /newroot/tmp/tcloop/a' \
			'chroot /newroot /tmp/tcloop/.bin/busybox cp -rs /tmp/tcloop/a/. /' &&
		[ -e "$ROOT/newroot/usr/local/tce.installed/a" ] &&
		[ ! -e "$ROOT/newroot/tmp/tcloop/.bin" ]
}
@test "tce=: what onboot.lst names, dependencies first and once, even in a circle" { both \
	tiny_core; }

tiny_core_ro() {
	local tce=$ROOT/run/initramfs/places/0/tce
	mkdir -p "$tce/optional"
	touch "$tce/optional/a.tcz"
	echo a.tcz >"$tce/onboot.lst"
	echo E2FSCK >"$ROOT/bin/e2fsck"
	chmod +x "$ROOT/bin/e2fsck"
	cmdline 'ro root=/dev/vda1 tce=vda1'
	boot
	calls 'e2fsck -p /dev/vda1' 'mount -t ext4 -o ro /dev/vda1 /newroot' \
		'mount -o remount,rw none /newroot' \
		'mount -t squashfs -o ro,loop /run/initramfs/places/0/tce/optional/a.tcz /newroot/tmp/tcloop/a' \
		'mount -o remount,ro none /newroot' 'switch_root /newroot /sbin/init'
}
@test "tce= with ro: the root is checked, writable for the links alone" { both tiny_core_ro; }

own_scripts() {
	mkdir -p "$ROOT/newroot/etc/init.d"
	: >"$ROOT/newroot/etc/init.d/tc-config"
	cmdline 'vi.mode=tmpfs vi.image=/r.tar home=sda1 tce=sda1 restore=sda1 nbd=1.2.3.4:9 tcvd=sda1/v text pause'
	boot
	said 'are left to tc-config of this root' &&
		not_called 'places|unpackroot --over|init [3s]|^head' && ! said 'honoured'
}
@test "Tiny Core's own root evaluates its parameters itself" { both own_scripts; }

swap() {
	fake blkid <<'FAKE'
echo '/dev/sda2: UUID="5" TYPE="swap"'
echo '/dev/sda3: UUID="6" TYPE="ext4"'
echo '/dev/sda4: LABEL="TYPE=swap" TYPE="vfat"'
FAKE
	mkdir -p "$ROOT/sys/block/zram0"
	cmdline 'root=/dev/vda1 rw vi.swap=auto vi.swap=zram:200m'
	boot
	calls 'swapon /dev/sda2' 'mkswap /dev/zram0' 'swapon -p 100 /dev/zram0' &&
		not_called 'sda[34]' &&
		[ "$(cat "$ROOT/sys/block/zram0/disksize")" = 200m ] &&
		grep -qx 'device /dev/sda2' "$ROOT/run/initramfs/state" || return 1
	: >"$CALLS"
	cmdline 'root=/dev/vda1 rw'
	boot
	not_called 'swap'
}
@test "swap: what is there with vi.swap=auto, compressed memory with zram, nothing by default" { both swap; }

failed_boot_unmounts() {
	cmdline 'vi.mode=overlay vi.image=/r.sfs vi.persist=dir:/c panic=-1'
	fake overlayroot <<<'exit 1'
	boot
	calls 'umount /run/initramfs/host' 'sync' 'reboot -f'
}
@test "a boot that fails and reboots unmounts what it mounted" { both failed_boot_unmounts; }

extras() {
	cmdline 'root=/dev/vda1 rw iso=sda1/cd/x.iso tcvd=UUID=7/v.img swapfile=sda2/s swapfile=/dev/sda3 aoe=e0 pause text'
	mkdir -p "$ROOT/run/initramfs/tciso/cde/optional"
	echo a.tcz >"$ROOT/run/initramfs/tciso/cde/onboot.lst"
	: >"$ROOT/run/initramfs/tciso/cde/optional/a.tcz"
	: >"$ROOT/dev/console"
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/places/0 -H UUID=7' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/disk1 /run/initramfs/places/0/v.img' \
		'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/places/1 -H /dev/loop0' \
		'mount -o bind /run/initramfs/places/1 /newroot/mnt/tcvd' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/disk3 /run/initramfs/places/2/s' 'swapon /dev/loop0' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/disk4 /run/initramfs/places/3/tc.swp' 'swapon /dev/loop0' \
		'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/places/4 -H /dev/sda1' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/disk5 -r /run/initramfs/places/4/cd/x.iso' \
		'mount -t iso9660 -o ro /dev/loop0 /run/initramfs/tciso' \
		'mount -t squashfs -o ro,loop /run/initramfs/tciso/cde/optional/a.tcz /newroot/tmp/tcloop/a' \
		'head -n 1' 'switch_root /newroot /sbin/init 3' &&
		grep -q 'press Enter' "$ROOT/dev/console" &&
		said "parameter 'aoe=e0' could not be used"
}
@test "Tiny Core's iso=, tcvd=, swapfile=, pause and text in another root" { both extras; }

automounts() {
	cmdline 'root=/dev/vda1 rw vi.automount'
	fake blkid <<'FAKE'
echo '/dev/vda1: UUID="1" TYPE="ext4"'
echo '/dev/sda2: UUID="5" TYPE="swap"'
echo '/dev/sda3: LABEL="my disk" UUID="6" TYPE="ntfs" PARTUUID="9"'
echo '/dev/sdb: PTUUID="2" PTTYPE="dos"'
echo '/dev/md1: TYPE="linux_raid_member"'
echo '/dev/loop0: TYPE="squashfs"'
echo '/dev/sdb1: TYPE="vfat"'
FAKE
	printf '/dev/vda1 / ext4 defaults 0 1\n/dev/gone /media/gone auto noatime,nofail,comment=automount 0 0\n' >"$ROOT/newroot/etc/fstab"
	boot
	diff -u - "$ROOT/newroot/etc/fstab" <<'FSTAB' && [ -d "$ROOT/newroot/media/sda3" ] && [ -d "$ROOT/newroot/media/sdb1" ]
/dev/vda1 / ext4 defaults 0 1
/dev/sda3 /media/sda3 auto noatime,nofail,comment=automount 0 0
/dev/sdb1 /media/sdb1 auto noatime,nofail,comment=automount 0 0
FSTAB
}
@test "vi.automount: what nobody uses is in the root's fstab, what was of another boot no longer" { both automounts; }
