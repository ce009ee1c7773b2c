#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The root's fstab and crypttab: lines that cannot hold in this boot are replaced for it, the files
# stay as they are.
# shellcheck disable=SC2016 # of other shells
load lib.bash

# The disks of this machine: vda1 is the host, vda2 has /home, vda3 a hibernated system
disks() {
	fake findimg <<'FAKE'
mount='' spec='' path='' state=''
while [ $# -gt 0 ]; do
	case $1 in
	-H) spec=$2 && shift ;;
	-m) mount=$2 && shift ;;
	-t | -D) shift ;;
	--state) state=$2 && shift ;;
	-*) ;;
	*) path=$1 ;;
	esac
	shift
done
case $spec in
UUID=absent | UUID=1-2 | /dev/sdb9) exit 3 ;;
UUID=home | LABEL='My Home') printf 'DEVICE=/dev/vda2\nFSTYPE=ext4\n' && exit ;;
UUID=sleeps) printf 'DEVICE=/dev/vda3\nFSTYPE=swsuspend\n' && exit ;;
UUID=root | /dev/loop0*) printf 'DEVICE=/dev/loop0\nFSTYPE=ext4\n' && exit ;;
esac
printf 'DEVICE=/dev/vda1\nFSTYPE=ext4\nUUID=1234\n'
[ -z "$path" ] || echo "FILE=$mount$path"
[ -z "$mount" ] || printf 'device /dev/vda1\nmount %s\n' "$mount" >>"$state"
FAKE
	fake overlayroot </dev/null
}

systemd() {
	mkdir -p "$ROOT/newroot/lib/systemd"
	mv "$ROOT/newroot/sbin/init" "$ROOT/newroot/lib/systemd/systemd"
	ln -s /lib/systemd/systemd "$ROOT/newroot/sbin/init"
	cp "$SKEL/vinitrd-tables" "$ROOT/"
}

lines() {
	printf '%s\n' "${@:2}" >"$ROOT/newroot/etc/$1"
}

# now FSTAB|CRYPTTAB: what systemd's generator reads, made by ours
now() {
	local name=fstab generators=$ROOT/usr/lib/systemd/system-generators
	[ "$1" = fstab ] || name=cryptsetup
	mkdir -p "$generators" "$BATS_TEST_TMPDIR/out" "$ROOT/etc"
	cp "$ROOT/newroot/etc/$1" "$ROOT/etc/$1"
	printf '#!/bin/sh\ncat "$SYSTEMD_%s"\n' "${1^^}" >"$generators/systemd-$name-generator"
	chmod +x "$generators/systemd-$name-generator"
	[ "$(readlink "$ROOT/run/systemd/system-generators/systemd-$name-generator")" = \
		/run/initramfs/bin/vinitrd-tables ] || return 1
	ln -sf "$SKEL/vinitrd-tables" "$BATS_TEST_TMPDIR/systemd-$name-generator"
	$SH "$BATS_TEST_TMPDIR/systemd-$name-generator" "$BATS_TEST_TMPDIR/out" \
		"$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/out"
}

under_overlay() {
	disks && systemd
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab '# a comment' 'UUID=root / ext4 errors=remount-ro 0 1' \
		'UUID=1-2 /boot/efi vfat umask=0077 0 1' 'UUID="home" /home ext4 defaults 0 2' \
		'UUID=here /data ext4 defaults 0 2' 'UUID=absent none swap sw 0 0' \
		'/swapfile none swap sw 0 0' 'UUID=sleeps none swap sw 0 0' \
		'proc /proc proc defaults 0 0' '/dev/sdb9 /mnt ext4 noauto 0 0' \
		'server:/x /x nfs _netdev 0 0'
	lines crypttab 'secret UUID=absent none luks' 'swap /dev/sda3 /dev/urandom swap' \
		'data UUID=home none luks'
	cp "$ROOT/newroot/etc/fstab" "$BATS_TEST_TMPDIR/before"
	boot
	said 'fstab: UUID=1-2 is not here' && said 'a system is hibernated there' &&
		calls 'switch_root /newroot /sbin/init' || return 1
	cmp "$ROOT/newroot/etc/fstab" "$BATS_TEST_TMPDIR/before" || return 1
	not_called 'mount -o bind .*fstab' || return 1
	output=$(now fstab)
	[ "$output" = '# a comment

UUID=1-2 /boot/efi vfat umask=0077,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-1\x2d2.device 0 1
UUID="home" /home ext4 defaults 0 2
UUID=here /data ext4 defaults,ro 0 0
UUID=absent none swap sw,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-absent.device 0 0


proc /proc proc defaults 0 0
/dev/sdb9 /mnt ext4 noauto 0 0
server:/x /x nfs _netdev 0 0' ] || return 1
	grep -qx 'Environment=SYSTEMD_FSTAB=/run/systemd/generator/mkvinitrd.fstab' \
		"$ROOT/run/systemd/system/systemd-remount-fs.service.d/mkvinitrd.conf" || return 1
	output=$(now crypttab)
	[ "$output" = 'secret UUID=absent none luks,noauto

data UUID=home none luks' ]
}
@test "under an overlay: / is nobody's, what is absent is not waited for, other devices stay; memory of a hibernated system is left alone" { both under_overlay; }

on_what_is_absent() {
	disks && systemd
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab 'UUID="1-2" /data ext4 defaults 0 2' '/data/home /home none bind 0 0' \
		'UUID=here /data/more ext4 defaults 0 2' \
		'/home/x /srv none rbind 0 0' '/var/lib/a /opt none bind 0 0' \
		"UUID='absent' /nas ext4 nofail 0 0" '/nas/y /y none bind 0 0' \
		'/data/z /z none bind,noauto 0 0' 'UUID=here /database ext4 defaults 0 2'
	boot
	said 'fstab: UUID="1-2" is not here: the root continues without /home' || return 1
	output=$(now fstab)
	[ "$output" = 'UUID="1-2" /data ext4 defaults,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-1\x2d2.device 0 2
/data/home /home none bind,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-1\x2d2.device 0 0
UUID=here /data/more ext4 defaults,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-1\x2d2.device 0 2
/home/x /srv none rbind,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-1\x2d2.device 0 0
/var/lib/a /opt none bind 0 0
UUID='"'absent'"' /nas ext4 nofail 0 0
/nas/y /y none bind,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-absent.device 0 0
/data/z /z none bind,noauto 0 0
UUID=here /database ext4 defaults,ro 0 0' ]
}
@test "what lies in a file system that is absent is not waited for either: binds, and mounts below it" { both on_what_is_absent; }

odd_lines() {
	disks
	cmdline 'rw vi.mode=loop vi.image=/root.img vi.part=whole'
	fake findimg <<'FAKE'
case " $* " in *' UUID=old '* | *' UUID=gone '*) exit 3 ;; esac
printf 'DEVICE=/dev/loop0\nFSTYPE=ext4\nFILE=%s\n' "${ROOT:-}/run/initramfs/host/root.img"
FAKE
	lines fstab $'UUID=old\t/\tauto\tnoatime,discard\t0\t1' \
		'UUID=gone /data ext4 defaults 0 2' '/data/swapfile none swap sw 0 0' \
		'   # indented' '' '/swapfile none swap sw,pri=5 0 0' 'tmpfs /tmp tmpfs size=2g' \
		'bad line'
	boot
	output=$(grep -v '^#' "$ROOT/run/initramfs/tables/fstab")
	[ "$output" = '/dev/loop0 / ext4 noatime,discard 0 1
UUID=gone /data ext4 defaults,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-gone.device 0 2
/data/swapfile none swap sw,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-gone.device 0 0
   # indented

/swapfile none swap sw,pri=5 0 0
tmpfs /tmp tmpfs size=2g
bad line' ]
}
@test "tabs, type auto, remarks, swap files in what is absent, and lines that are none" { both \
	odd_lines; }

edited() {
	disks && systemd
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab 'UUID=root / ext4 defaults 0 1'
	boot
	lines fstab 'UUID=root / ext4 defaults 0 1' 'UUID=absent /new ext4 defaults 0 0'
	output=$(now fstab)
	[ "$output" = '
UUID=absent /new ext4 defaults 0 0' ]
}
@test "what the user adds to fstab while the root runs counts from the next daemon-reload on" { both edited; }

other_init() {
	disks
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab 'UUID=root / ext4 defaults 0 1' 'LABEL=My\040Home /home ext4 defaults 0 2' \
		'UUID=absent /srv ext4 defaults 0 2'
	boot
	calls 'mount -o bind /run/initramfs/tables/fstab /newroot/etc/fstab' \
		'switch_root /newroot /sbin/init' || return 1
	output=$(grep -v '^#' "$ROOT/run/initramfs/tables/fstab")
	[ "$output" = 'LABEL=My\040Home /home ext4 defaults 0 2
UUID=absent /srv ext4 defaults,noauto,nofail,x-systemd.wanted-by=dev-disk-by\x2duuid-absent.device 0 2' ]
}
@test "other inits have the replaced lines mounted over fstab" { both other_init; }

in_an_image() {
	disks
	cmdline 'rw vi.mode=loop vi.image=/root.img vi.part=whole'
	lines fstab 'UUID=root / ext4 errors=remount-ro 0 1' '/swapfile none swap sw 0 0' \
		'UUID=home /home ext4 defaults 0 2'
	boot
	not_called 'mount -o bind .*fstab' || return 1
	lines fstab '/dev/sda1 / ext4 errors=remount-ro 0 1'
	: >"$CALLS"
	boot
	calls 'mount -o bind /run/initramfs/tables/fstab /newroot/etc/fstab' &&
		grep -qx '/dev/loop0 / ext4 errors=remount-ro 0 1' \
			"$ROOT/run/initramfs/tables/fstab"
}
@test "in an image / is the image: by its UUID as it stands, by another disk's name replaced" { both in_an_image; }

volumes_to_come() {
	disks
	fake blkid <<<'echo '"'"'/dev/vda5: UUID="x" TYPE="LVM2_member"'"'"
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab 'UUID=absent /srv ext4 defaults 0 2'
	boot
	grep -qx 'UUID=absent /srv ext4 defaults,x-systemd.before=local-fs.target,nofail,x-systemd.device-timeout=15s 0 2' "$ROOT/run/initramfs/tables/fstab"
}
@test "what may lie in a volume that the root opens is waited for a while" { both volumes_to_come; }

hibernated() {
	disks
	fake blkid <<<'echo '"'"'/dev/vda3: TYPE="swsuspend"'"'"
	mv "$FAKES/findimg" "$FAKES/find"
	fake findimg <<'FAKE'
case " $* " in *' -w '*vda2*) exit 1 ;; esac
exec "$FAKES/find" "$@"
FAKE
	cmdline 'vi.mode=overlay vi.image=/root.sqfs'
	lines fstab 'UUID=home /home ext4 nofail 0 2' 'UUID=here /x ext4 nofail 0 0'
	boot
	said 'UUID=home stays unmounted: a hibernated system has it mounted' || return 1
	output=$(grep -v '^#' "$ROOT/run/initramfs/tables/fstab")
	[ "$output" = 'UUID=here /x ext4 nofail,ro 0 0' ]
}
@test "what a hibernated system has mounted is not mounted by the root" { both hibernated; }

on_its_disk() {
	disks
	cmdline 'rw root=/dev/vda1'
	lines fstab 'UUID=root / ext4 errors=remount-ro 0 1' 'UUID=absent /srv ext4 defaults 0 2'
	boot
	not_called 'mount -o bind .*fstab' && calls 'switch_root /newroot /sbin/init'
}
@test "a root on its own partition has its own fstab" { both on_its_disk; }
