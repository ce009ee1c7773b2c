#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Media of other live systems: which files become layers, which directories hold the changes.
load lib.bash
load media.bash

# layers NAME...: the root was stacked of these, the first on top
layers() {
	local file list=''
	for file in "$@"; do list=$list${list:+:}$HOST/$file; done
	calls "overlayroot --state /run/initramfs/state -l $list -u ram /newroot"
}

casper() {
	cmdline "$1"
	host casper/a.squashfs casper/a.b.squashfs casper/a.b.live.squashfs casper/a.z.squashfs \
		casper/ltsp.squashfs casper/server.squashfs
	boot
	layers casper/a.b.live.squashfs casper/a.b.squashfs casper/a.squashfs
}
@test "casper: a layer lies on those that its name begins with" { both casper \
	'boot=casper layerfs-path=a.b.live.squashfs'; }
@test "casper: by default the live session's layers are meant" { both casper \
	'boot=casper quiet ---'; }

casper_all() {
	cmdline 'boot=casper'
	host casper/filesystem.squashfs casper/installer.squashfs casper/ltsp.squashfs \
		casper/server.squashfs
	boot
	layers casper/installer.squashfs casper/filesystem.squashfs
}
@test "casper: without a live session's, all images of the directory" { both casper_all; }

casper_missing() {
	cmdline 'boot=casper layerfs-path=a.b.squashfs panic=-1'
	host casper/a.b.squashfs
	boot
	said 'the layer a.squashfs of a.b.squashfs is missing' &&
		not_called 'overlayroot|switch_root'
}
@test "casper: a layer that is missing is named" { both casper_missing; }

no_image() {
	cmdline 'boot=casper panic=-1'
	host casper/vmlinuz
	boot
	said 'no image in /casper/ on /dev/vda1' && said 'it contains: vmlinuz' &&
		not_called 'overlayroot|switch_root'
}
@test "a directory without images is no root" { both no_image; }

casper_none() {
	cmdline 'boot=casper persistent'
	host casper/filesystem.squashfs
	fake findfs <<<'exit 1'
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST -w /casper/" \
		'findfs LABEL=writable' 'findfs LABEL=casper-rw' \
		'findimg --state /run/initramfs/state -t 30 -t 0 -w -m /run/initramfs/store /writable /casper-rw' \
		"overlayroot --state /run/initramfs/state -l $HOST/casper/filesystem.squashfs -u ram /newroot" &&
		said 'no partition labelled writable or casper-rw, nor a file /writable or /casper-rw: changes are kept in RAM'
}
@test "casper: persistent without a place to keep changes is reported" { both casper_none; }

# persistence_conf LINE...: of the partition labelled persistence
persistence_conf() {
	cmdline "boot=live persistence"
	host live/filesystem.squashfs
	mkdir -p "$ROOT$STORE" "$ROOT/newroot/home"
	printf '%s\n' "$@" >"$ROOT$STORE/persistence.conf"
}
STORE=/run/initramfs/store

live_boot() {
	persistence_conf '# all of it' '/ union' '/home bind,source=people' '/srv lnk' \
		'/opt union,source=../x' '/ bind'
	boot
	calls 'findfs LABEL=persistence' \
		"findimg --state /run/initramfs/state -t 30 -w -m $STORE -H LABEL=persistence" \
		"overlayroot --state /run/initramfs/state -l $HOST/live/filesystem.squashfs -u dir:$STORE /newroot" \
		"cp -a /newroot/home $STORE/people.new" \
		"mount -o bind $STORE/people /newroot/home" "umount -l $STORE" &&
		[ "$(readlink "$ROOT$STORE/upper")" = rw ] && [ -d "$ROOT$STORE/rw" ] &&
		[ -d "$ROOT$STORE/people" ] &&
		[ -d "$ROOT$STORE/work" ] && [ ! -L "$ROOT$STORE/work" ] &&
		not_called '/(srv|opt)$' &&
		said "persistence.conf: '/srv lnk' is left out: expected bind, link, union and source=" &&
		said "persistence.conf: '/opt union,source=../x' is left out: '.' and '..' are not allowed" &&
		said "persistence.conf: '/ bind' is left out: the whole root can only be a union"
}
@test "live-boot: persistence.conf of the partition says what is kept" { both live_boot; }

store_late() {
	persistence_conf '/ union'
	fake findfs <<-'FAKE'
		echo x >>"$FAKES/tries"
		[ "$(wc -l <"$FAKES/tries")" -ge 3 ]
	FAKE
	default_findimg_without /persistence
	boot
	calls 'coldplug --events 10' \
		"overlayroot --state /run/initramfs/state -l $HOST/live/filesystem.squashfs -u dir:$STORE /newroot" &&
		[ "$(wc -l <"$FAKES/tries")" = 3 ]
}

# default_findimg_without PATH: a findimg that does not find it
default_findimg_without() {
	mv "$FAKES/findimg" "$FAKES/findimg.found"
	fake findimg <<-FAKE
		case "\$* " in *" $1 "*) exit 3 ;; esac
		exec "\$FAKES/findimg.found" "\$@"
	FAKE
}
@test "live-boot: a store that comes later than the medium is waited for" { both store_late; }

live_boot_directories() {
	persistence_conf '/home/u link,source=dots' '/srv/a/b union' '/srv' '/opt/x:y union' \
		'/home/u/new bind,source=d'
	mkdir -p "$ROOT/newroot/srv/a/b" "$ROOT/newroot/home/u/deep" "$ROOT/newroot/home/u/.b" \
		"$ROOT$STORE/dots/deep/er" "$ROOT$STORE/d" "$ROOT$STORE/srv"
	chmod 2770 "$ROOT/newroot/srv/a/b"
	touch "$ROOT$STORE/dots/"{.a,.b,c} "$ROOT$STORE/dots/deep/er/f" \
		"$ROOT/newroot/home/u/"{c,stays} "$ROOT/newroot/home/u/.b/old"
	: >"$ROOT/proc/mounts"
	boot
	calls "overlayroot --state /run/initramfs/state -l $HOST/live/filesystem.squashfs -u ram /newroot" \
		'chown -R 1000:1000 /newroot/home/u/new' \
		"mount -o bind $STORE/d /newroot/home/u/new" \
		"mount -o bind $STORE/srv /newroot/srv" \
		"mount -t overlay -o lowerdir=/newroot/srv/a/b,upperdir=$STORE/srv/a/b/rw,workdir=$STORE/srv/a/b/work,index=off,metacopy=off,xino=auto,redirect_dir=on overlay /newroot/srv/a/b" \
		"mount -o bind $STORE /run/live/persistence/vda1" "umount -l $STORE" &&
		[ "$(stat -c %a "$ROOT$STORE/srv/a/b/rw")" = 2770 ] &&
		[ ! -d "$ROOT$STORE/home" ] &&
		said '/opt/x:y is not mounted from the store: /opt/x:y cannot be used (union)' &&
		(cd "$ROOT/newroot/home/u" && [ -f stays ] && [ ! -L deep/er ] &&
			for file in .a .b c deep/er/f; do
				[ "$(readlink "$file")" = \
					"/run/live/persistence/vda1/dots/$file" ] || exit 1
			done)
}
@test "live-boot: directories of the store: bound, as a union, file by file as links, the inner ones after the outer ones" { both live_boot_directories; }

live_boot_mounted() {
	persistence_conf '/srv link'
	mkdir -p "$ROOT/newroot/srv/a"
	mkdir -p "$ROOT$STORE/srv"
	touch "$ROOT$STORE/srv/a" "$ROOT/newroot/srv/a/mine"
	echo "x $ROOT/newroot/srv/a ext4 rw 0 0" >"$ROOT/proc/mounts"
	boot
	[ -f "$ROOT/newroot/srv/a/mine" ] && [ ! -e "$ROOT/newroot/srv/a/a" ]
}
@test "live-boot: a link does not replace a directory with something mounted in it" { both \
	live_boot_mounted; }

live_boot_none() {
	cmdline "boot=live persistence persistence-label=keep"
	host live/filesystem.squashfs
	fake findfs <<<'exit 1'
	boot
	layers live/filesystem.squashfs &&
		said "no partition labelled keep, nor a file /keep: changes are kept in RAM"
}
@test "live-boot: persistence without a store is reported" { both live_boot_none; }

slax_order() {
	cmdline 'from=slax noload=05-,7-x;07-y toram'
	host slax/9-b.sb slax/10-a.sb slax/01-core.sb slax/05-devel.sb slax/modules/02-m.sb \
		slax/7-x.sb slax/07-y.sb slax/readme.txt
	mkdir -p "$ROOT$HOST/slax/rootcopy/etc"
	echo copied >"$ROOT$HOST/slax/rootcopy/etc/copied"
	boot
	calls "cp $HOST/slax/01-core.sb /run/initramfs/ram/01-core.sb" "umount $HOST" \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/ram/10-a.sb:/run/initramfs/ram/9-b.sb:/run/initramfs/ram/02-m.sb:/run/initramfs/ram/01-core.sb -u ram /newroot' &&
		[ "$(cat "$ROOT/newroot/etc/copied")" = copied ]
}
@test "Slax: by number, without noload=; all of them go to RAM, and rootcopy over the root" { both \
	slax_order; }

# session WANTED WORDS: the directory of the changes
session() {
	cmdline "from=slax $2"
	host slax/01-core.sb
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST -w /slax/" \
		"overlayroot --state /run/initramfs/state -l $HOST/slax/01-core.sb -u dir:$HOST/slax/changes/$1 /newroot" &&
		[ "$(readlink "$ROOT$HOST/slax/changes/$1/upper" "$ROOT$HOST/slax/changes/$1/work")" = $'changes\nworkdir' ] &&
		[ -d "$ROOT$HOST/slax/changes/$1/changes" ] &&
		[ "$(cat "$ROOT$HOST/slax/changes/last_session.txt")" = "$1" ]
}
sessions() {
	session 1 perch && session 1 perchdir=resume && session 2 perchdir=new &&
		session 2 slax.flags=perch,xmode &&
		session 1 perchdir=1 && session 3 perchdir=77
}
@test "Slax: sessions are gone on with, made, and chosen" { both sessions; }

session_asked() {
	fake timeout <<'FAKE'
echo "$(cat "$FAKES/answer")"
FAKE
	host slax/changes/{4,5}/x slax/01-core.sb
	echo 4 >"$ROOT$HOST/slax/changes/last_session.txt"
	: >"$ROOT/dev/console"
	echo >"$FAKES/answer" && session 4 perchdir=ask && grep -q '^  5 ' "$ROOT/dev/console" &&
		echo 5 >"$FAKES/answer" && session 5 perchdir=ask && echo new >"$FAKES/answer" &&
		session 6 perchdir=ask &&
		echo '../x' >"$FAKES/answer" && session 6 perchdir=ask
}
@test "Slax: perchdir=ask asks on the console, and continues with the last session" { both \
	session_asked; }

load_words() {
	cmdline "from=slax load=gimp|office noload=office-old"
	host slax/01-core.sb slax/gimp-not.sb \
		slax/modules/{05-gimp,06-office,06-office-old,07-games}.sb
	boot
	layers slax/modules/06-office.sb slax/modules/05-gimp.sb slax/01-core.sb slax/gimp-not.sb ||
		return 1
	new_tree
	cmdline "from=porteus load=gimp;office"
	host porteus/base/001-core.xzm porteus/modules/x.xzm \
		porteus/optional/{gimp,office,games}.xzm
	boot
	layers porteus/optional/office.xzm porteus/optional/gimp.xzm porteus/modules/x.xzm \
		porteus/base/001-core.xzm
}
@test "load=: of the directory modules, and of optional where there is one" { both load_words; }

puppy() {
	cmdline 'psubdir=tahr64 pfix=ram'
	host tahr64/{adrv,fdrv,puppy,ydrv,zdrv}_tahr64_6.0.6.sfs tahr64/libreoffice.sfs
	boot
	layers tahr64/{adrv,ydrv,puppy,fdrv,zdrv}_tahr64_6.0.6.sfs || return 1
	new_tree
	cmdline 'pupsfs=sdb2:/p/improved.sfs'
	host p/improved.sfs p/puppy_x.sfs p/zdrv_x.sfs
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST -H /dev/sdb2 /p/improved.sfs" &&
		layers p/improved.sfs p/zdrv_x.sfs
}
@test "Puppy: drivers lie below the system, patches and applications on it" { both puppy; }

liveslak() {
	cmdline 'livemain=slackware load=nvidia noload=0099'
	host slackware/system/{0010-min,0020-kde,0099-config}.sxz slackware/addons/a.sxz \
		slackware/optional/{nvidia,wine}.sxz
	boot
	layers slackware/optional/nvidia.sxz slackware/addons/a.sxz slackware/system/0020-kde.sxz \
		slackware/system/0010-min.sxz
}
miso() {
	cmdline 'misobasedir=manjaro misolabel=MANJARO'
	host manjaro/x86_64/{desktopfs,livefs,mhwdfs,rootfs}.sfs manjaro/x86_64/rootfs.md5
	boot
	layers manjaro/x86_64/{livefs,mhwdfs,desktopfs,rootfs}.sfs
}
@test "Manjaro: the live session on drivers, desktop and root" { both miso; }

@test "liveslak: system, addons, and what load= names of optional" { both liveslak; }

porteus_keeps() {
	local store=/run/initramfs/store
	cmdline "from=porteus changes=$1"
	host porteus/base/001-core.xzm
	boot
	calls "overlayroot --state /run/initramfs/state -l $HOST/porteus/base/001-core.xzm -u dir:$2 /newroot" &&
		[ "$(readlink "$ROOT$2/upper")" = changes ] && [ -d "$ROOT$2/changes" ] &&
		[ -d "$ROOT$2/workdir" ]
}
porteus_places() {
	porteus_keeps /keep $HOST/keep && porteus_keeps EXIT:/keep $HOST/keep &&
		porteus_keeps UUID:9/deep/er /run/initramfs/store/deep/er &&
		porteus_keeps /dev/sdb1/x /run/initramfs/store/x || return 1
	host save.dat
	porteus_keeps /save.dat /run/initramfs/storefs &&
		calls "vdattach --state /run/initramfs/state --links /run/initramfs/storedisk $HOST/save.dat" || return 1
	host keep/changes/.wh..wh.aufs
	porteus_keeps /keep $HOST/keep
	said 'was kept by aufs' && layers porteus/base/001-core.xzm
}
@test "Porteus: changes= names a directory or a file, here or on another partition" { both \
	porteus_places; }

to_disk() {
	cmdline 'fromhd=/dev/sr0 tohd=/dev/sda2'
	host KNOPPIX/KNOPPIX
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/tohd -H /dev/sda2' \
		"cp $HOST/KNOPPIX/KNOPPIX /run/initramfs/tohd/KNOPPIX/KNOPPIX.new" "umount $HOST" \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/tohd/KNOPPIX/KNOPPIX -u ram /newroot' || return 1
	: >"$CALLS"
	boot
	not_called '^cp .*KNOPPIX' &&
		calls 'overlayroot --state /run/initramfs/state -l /run/initramfs/tohd/KNOPPIX/KNOPPIX -u ram /newroot' || return 1
	rm "$ROOT/run/initramfs/tohd/KNOPPIX/KNOPPIX"
	fake cp <<'FAKE'
case $* in *tohd*) exit 1 ;; esac
exec cp "$@"
FAKE
	boot
	said 'KNOPPIX could not be copied (disk full?)' && layers KNOPPIX/KNOPPIX
}
@test "Knoppix: tohd= copies the image to the disk once, and uses it there" { both to_disk; }

session_elsewhere() {
	cmdline 'from=slax perchdir=/dev/sdb1/keep'
	host slax/01-core.sb
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST /slax/" \
		'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/store -H /dev/sdb1' \
		"overlayroot --state /run/initramfs/state -l $HOST/slax/01-core.sb -u dir:/run/initramfs/store/keep/1 /newroot"
}
@test "Slax: sessions on another partition" { both session_elsewhere; }

session_foreign() {
	host slax/changes/12/.wh..wh.plnk slax/changes/last_session.txt
	echo 12 >"$ROOT$HOST/slax/changes/last_session.txt"
	session 13 perch && said 'session 12 was saved by dynfilefs or aufs (.wh..wh.plnk)'
}
@test "Slax: a session of aufs is left alone" { both session_foreign; }

slax_read_only() {
	cmdline 'from=slax perch'
	host slax/01-core.sb
	fake findimg <<FAKE
case " \$* " in *' -w '*) exit 1 ;; esac
printf 'DEVICE=/dev/sr0\nFSTYPE=iso9660\nFILE=%s/slax\n' "$ROOT$HOST"
FAKE
	boot
	said '/dev/sr0 (iso9660) can only be read' &&
		said '/slax/changes cannot be written: changes are kept in RAM' &&
		layers slax/01-core.sb
}
@test "Slax: on a CD changes stay in memory, with a message" { both slax_read_only; }

dracut() {
	cmdline "root=live:LABEL=LIVE rd.live.image rd.live.overlay=$1"
	host LiveOS/squashfs.img
	fake findimg <<'FAKE'
mount='' path=''
for arg in "$@"; do
	case $before in -m) mount=$arg ;; esac
	case $arg in /LiveOS/squashfs.img) path=$arg ;; esac
	before=$arg
done
printf 'DEVICE=/dev/sda1\nFSTYPE=ext4\nUUID=12-34\nLABEL=LIVE\nFILE=%s\n' "$mount$path"
FAKE
	boot
}
dracut_here() {
	dracut "$1"
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST -H LABEL=LIVE /LiveOS/squashfs.img /LiveOS/rootfs.img /LiveOS/ext3fs.img /" \
		"umount $HOST" "findimg --state /run/initramfs/state -t 30 -m $HOST -H LABEL=LIVE -w /LiveOS/squashfs.img /LiveOS/rootfs.img /LiveOS/ext3fs.img /" \
		"overlayroot --state /run/initramfs/state -l $HOST/LiveOS/squashfs.img -u dir:/run/initramfs/store/LiveOS /newroot" &&
		[ "$(readlink "$ROOT/run/initramfs/store/LiveOS/upper")" = overlay-LIVE-12-34 ] &&
		[ -d "$ROOT/run/initramfs/store/LiveOS/ovlwork" ]
}
@test "dracut: a store on the medium itself, by another name, opens the medium for writing" { both \
	dracut_here UUID=12-34; }
@test "dracut: the same with :auto" { both dracut_here /dev/sda1:auto; }

dracut_snapshot() {
	mkdir -p "$ROOT/run/initramfs/store/LiveOS"
	printf 'SnAp\1\0\0\0' >"$ROOT/run/initramfs/store/LiveOS/overlay-LIVE-12-34"
	dracut UUID=12-34
	said 'is a snapshot of the device mapper' && layers LiveOS/squashfs.img &&
		[ "$(head -c 4 "$ROOT/run/initramfs/store/LiveOS/overlay-LIVE-12-34")" = SnAp ]
}
@test "dracut: a store of the device mapper is left alone, with a message" { both dracut_snapshot; }

archiso_mark() {
	cmdline 'archisobasedir=arch archisosearchuuid=2026-11-01-09-30-00-00'
	host boot/2026-11-01-09-30-00-00.uuid arch/x86_64/airootfs.erofs
	boot
	calls "findimg --state /run/initramfs/state -t 30 -m $HOST /boot/2026-11-01-09-30-00-00.uuid" && layers arch/x86_64/airootfs.erofs
}
@test "archiso: the medium with the mark; erofs where there is no squashfs" { both archiso_mark; }

archiso_cow() {
	cmdline 'archisolabel=ARCH cow_device=/dev/sdz9'
	host arch/x86_64/airootfs.sfs
	boot
	calls 'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/store -H /dev/sdz9' \
		"overlayroot --state /run/initramfs/state -l $HOST/arch/x86_64/airootfs.sfs -u dir:/run/initramfs/store/persistent_ARCH/x86_64 /newroot" &&
		[ "$(readlink "$ROOT/run/initramfs/store/persistent_ARCH/x86_64/upper")" = \
			upperdir ]
}
@test "archiso: its directory of changes" { both archiso_cow; }
