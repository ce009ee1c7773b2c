#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Media of other live systems, what their words say beside names: proofs, servers, stores that are
# chosen or only read.
load lib.bash
load media.bash

STORE=/run/initramfs/store

root_of() {
	calls "overlayroot --state /run/initramfs/state -l $1 -u ${2:-ram} /newroot" \
		'switch_root /newroot /sbin/init'
}

checksums() {
	host live/filesystem.squashfs boot/grub.cfg
	cmdline "boot=live $1 panic=-1"
	(cd "$ROOT$HOST" && echo '# of all' >sha256sum.txt &&
		sha256sum ./live/* ./boot/* >>sha256sum.txt && md5sum ./live/* >MD5SUMS)
	boot
	said 'verifying the files in sha256sum.txt' && root_of $HOST/live/filesystem.squashfs ||
		return 1
	: >"$CALLS"
	echo y >"$ROOT$HOST/boot/grub.cfg"
	boot
	said 'files on the medium do not match sha256sum.txt' && said './boot/grub.cfg: FAILED' &&
		not_called 'overlayroot|switch_root' || return 1
	rm "$ROOT$HOST/sha256sum.txt" "$ROOT$HOST/MD5SUMS"
	boot
	said 'the medium has no checksum list' && not_called 'overlayroot|switch_root'
}
@test "verify-checksums: the medium matches its checksum lists, or is not booted" { both checksums \
	verify-checksums; }
@test "verify-checksums=: those of the kinds named" { both checksums verify-checksums=sha256; }

archiso_sum() {
	host arch/x86_64/airootfs.sfs
	cmdline 'archisobasedir=arch checksum=y panic=-1'
	boot
	said 'airootfs.sha512 is not beside airootfs.sfs' && not_called 'overlayroot|switch_root' ||
		return 1
	(cd "$ROOT$HOST/arch/x86_64" && sha512sum airootfs.sfs >airootfs.sha512)
	boot
	said 'verifying the files in airootfs.sha512' && root_of $HOST/arch/x86_64/airootfs.sfs ||
		return 1
	: >"$CALLS"
	echo y >"$ROOT$HOST/arch/x86_64/airootfs.sfs"
	boot
	said 'airootfs.sfs: FAILED' && not_called 'overlayroot|switch_root'
}
@test "archiso: checksum=y" { both archiso_sum; }

signature() {
	local image=$HOST/arch/x86_64/airootfs.sfs
	host arch/x86_64/airootfs.sfs
	cmdline "archisobasedir=arch $1=y panic=-1"
	boot
	said "this initramfs has no /bin/$2" && not_called 'overlayroot|switch_root' || return 1
	: >"$ROOT/bin/$2"
	boot
	said "this initramfs has no /etc/mkvinitrd/$3" && not_called 'overlayroot|switch_root' ||
		return 1
	: >"$ROOT/etc/mkvinitrd/$3"
	boot
	said "airootfs.sfs.$4 is not beside airootfs.sfs" && not_called 'overlayroot|switch_root' ||
		return 1
	: >"$ROOT$image.$4"
	fake "$2" <<<'exit 1'
	boot
	said 'the signature of airootfs.sfs is not valid' && not_called 'overlayroot|switch_root' ||
		return 1
	fake "$2" <<<'exit 0'
	boot
	calls "$5" && root_of "$image"
}
@test "archiso: verify=y, and nothing is booted that could not be verified" {
	both signature verify gpgv keyring.gpg sig \
		"gpgv --keyring /etc/mkvinitrd/keyring.gpg $HOST/arch/x86_64/airootfs.sfs.sig $HOST/arch/x86_64/airootfs.sfs"
}
@test "archiso: cms_verify=y, the same" {
	both signature cms_verify openssl codesign.crt cms.sig \
		"openssl cms -verify -binary -noattr -nointern -purpose any -in $HOST/arch/x86_64/airootfs.sfs.cms.sig -content $HOST/arch/x86_64/airootfs.sfs -inform DER -out /dev/null -certfile /etc/mkvinitrd/codesign.crt -CAfile /etc/mkvinitrd/codesign.crt"
}

# lab: a link, and a lease that names the server
lab() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 siaddr=10.0.2.2
}

nfs_medium() {
	lab
	host "$2"
	cmdline "$1 ip=dhcp panic=-1"
	boot
	calls "mount -t nfs -o vers=4.1,addr=10.0.2.2,ro,nolock${3:+,$3} 10.0.2.2:/srv/iso $HOST" \
		"$4" 'switch_root /newroot /sbin/init' && not_called findimg
}
@test "archiso: a medium on an NFS server that DHCP names; the image is copied to RAM and the server released" {
	# shellcheck disable=SC2016
	both nfs_medium 'archisobasedir=arch archiso_nfs_srv=${pxeserver}:/srv/iso archiso_nfs_opt=tcp' arch/x86_64/airootfs.sfs tcp "umount $HOST"
}
@test "archiso: with copytoram=n the image stays on the server" {
	both nfs_medium 'archisobasedir=arch archiso_nfs_srv=10.0.2.2:/srv/iso copytoram=n' \
		arch/x86_64/airootfs.sfs '' \
		"overlayroot --state /run/initramfs/state -l $HOST/arch/x86_64/airootfs.sfs -u ram /newroot"
}
@test "casper: netboot=nfs" {
	both nfs_medium 'boot=casper netboot=nfs root=/dev/nfs nfsroot=10.0.2.2:/srv/iso' \
		casper/filesystem.squashfs '' \
		"overlayroot --state /run/initramfs/state -l $HOST/casper/filesystem.squashfs -u ram /newroot"
}

http_iso() {
	lab
	mkdir -p "$ROOT/run/initramfs/iso/live"
	: >"$ROOT/run/initramfs/iso/live/filesystem.squashfs"
	cmdline "boot=live $1 ip=dhcp panic=-1"
	boot
	calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/x.iso http://10.0.2.2/a/x.iso' \
		'vdattach --state /run/initramfs/state --links /run/initramfs/isodisk -r /run/initramfs/ram/x.iso' \
		'mount -t iso9660 -o ro /dev/loop0 /run/initramfs/iso' &&
		root_of /run/initramfs/iso/live/filesystem.squashfs
}
@test "live-boot: fetch= of an ISO file" { both http_iso fetch=http://10.0.2.2/a/x.iso; }
@test "live-boot: httpfs=, from the server that DHCP names" { both http_iso \
	httpfs=http:///a/x.iso; }

archiso_http() {
	lab
	# shellcheck disable=SC2016
	cmdline 'archisobasedir=arch archiso_http_srv=http://${pxeserver}/ checksum=y ip=dhcp panic=-1'
	fake netfetch <<'FAKE'
for last in "$@"; do file=$arg arg=$last; done
case $* in
*.sfs) exit 3 ;;
*sha512) printf '%s  airootfs.erofs\n' "$(echo image | sha512sum | cut -d ' ' -f 1)" >"$file" ;;
*erofs) echo image >"$file" ;;
esac
FAKE
	boot
	calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/airootfs.sfs http://10.0.2.2/arch/x86_64/airootfs.sfs' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/airootfs.erofs http://10.0.2.2/arch/x86_64/airootfs.erofs' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/airootfs.sha512 http://10.0.2.2/arch/x86_64/airootfs.sha512' && root_of /run/initramfs/ram/airootfs.erofs
}
@test "archiso: over HTTP, the image that the server has, proven by its sum" { both archiso_http; }

# disk NAME REMOVABLE BUS: with one partition
disk() {
	mkdir -p "$ROOT/sys/devices/$3/block/$1/${1}1" "$ROOT/sys/class/block"
	echo "$2" >"$ROOT/sys/devices/$3/block/$1/removable"
	: >"$ROOT/sys/devices/$3/block/$1/${1}1/partition"
	ln -s "../../devices/$3/block/$1" "$ROOT/sys/class/block/$1"
	ln -s "../../devices/$3/block/$1/${1}1" "$ROOT/sys/class/block/${1}1"
}

removable() {
	host live/filesystem.squashfs
	disk sda 0 pci/ata1
	disk sdb 1 pci/ata2
	disk sdc 1 pci/usb1
	fake blkid <<'FAKE'
echo '/dev/sda1: LABEL="persistence" UUID="1" TYPE="ext4"'
echo '/dev/sdb1: LABEL="persistence" UUID="2" TYPE="ext4"'
echo '/dev/sdc1: LABEL="persistence" UUID="3" TYPE="ext4"'
FAKE
	mkdir -p "$ROOT$STORE"
	echo '/ union' >"$ROOT$STORE/persistence.conf"
	cmdline "boot=live persistence persistence-media=$1"
	boot
	calls "findimg --state /run/initramfs/state -t 30 -w -m $STORE -t 0 -H $2" &&
		root_of $HOST/live/filesystem.squashfs "dir:$STORE"
}
@test "live-boot: persistence-media=removable" { both removable removable /dev/sdb1; }
@test "live-boot: persistence-media=removable-usb" { both removable removable-usb /dev/sdc1; }

no_removable() {
	host live/filesystem.squashfs
	disk sda 0 pci/ata1
	fake blkid <<<"echo '/dev/sda1: LABEL=\"persistence\" TYPE=\"ext4\"'"
	cmdline 'boot=live persistence persistence-media=removable'
	boot
	said 'there is no removable partition labelled persistence' &&
		root_of $HOST/live/filesystem.squashfs && not_called 'findimg .*sda1'
}
@test "live-boot: persistence-media= leaves all other disks alone" { both no_removable; }

read_only() {
	local memory=/run/initramfs/volatile
	host live/filesystem.squashfs
	mkdir -p "$ROOT$STORE/rw" "$ROOT$STORE/opt/rw" "$ROOT/newroot/"{home,opt,srv} \
		"$ROOT$memory/store/"{home,srv}
	touch "$ROOT$memory/store/srv/note"
	printf '/ union\n/home\n/opt union\n/srv link\n' >"$ROOT$STORE/persistence.conf"
	: >"$ROOT/proc/mounts"
	cmdline 'boot=live persistence persistence-read-only'
	boot
	root_of "$STORE/rw:$HOST/live/filesystem.squashfs" &&
		calls "findimg --state /run/initramfs/state -t 30 -m $STORE -H LABEL=persistence" \
			"mount -t tmpfs -o mode=755 volatile $memory" \
			"mount -t overlay -o lowerdir=$STORE,upperdir=$memory/upper,workdir=$memory/work overlay $memory/store" \
			"mount -o bind $memory/store/home /newroot/home" \
			"mount -t overlay -o lowerdir=$STORE/opt/rw:/newroot/opt,upperdir=$memory/union/opt/rw,workdir=$memory/union/opt/work,index=off,metacopy=off,xino=auto overlay /newroot/opt" \
			"mount -o bind $memory/store /run/live/persistence/vda1" \
			"umount -l $memory/store" "umount -l $memory" &&
		[ "$(readlink "$ROOT/newroot/srv/note")" = /run/live/persistence/vda1/srv/note ] &&
		not_called ' -w .*persistence'
}
@test "live-boot: persistence-read-only shows what was kept, and writes nothing to the store" { both read_only; }

minios() {
	local changes=$ROOT$HOST/minios/changes
	host minios/00-core.sb minios/01-kernel.sb minios/05-xfce.sb
	mkdir -p "$changes/3"
	printf '{\n  "default": "3",\n  "sessions": {}\n}\n' >"$changes/session.json"
	cmdline 'from=/minios perchdir=resume load=core,kernel'
	boot
	root_of "$HOST/minios/01-kernel.sb:$HOST/minios/00-core.sb" "dir:$HOST/minios/changes/3" ||
		return 1
	: >"$CALLS"
	cmdline 'from=/minios perchdir=new perchmode=raw perchsize=2G load=core'
	fake stat <<<'[ "$1" != -f ] || echo "4000 * 1048576"'
	fake truncate <<<'exec truncate "$@"'
	boot
	calls 'truncate -s 2000M /run/initramfs/host/minios/changes/4/changes.img.new' \
		"mke2fs -q -t ext4 -F $HOST/minios/changes/4/changes.img.new" \
		"vdattach --state /run/initramfs/state --links /run/initramfs/storedisk $HOST/minios/changes/4/changes.img" &&
		root_of "$HOST/minios/00-core.sb" dir:/run/initramfs/storefs &&
		grep -q '"default": "4"' "$changes/session.json" || return 1
	: >"$CALLS"
	rm "$changes/4/changes.img"
	fake stat <<<'[ "$1" != -f ] || echo "600 * 1048576"'
	boot
	calls 'truncate -s 500M /run/initramfs/host/minios/changes/5/changes.img.new' || return 1
	: >"$CALLS"
	cmdline 'from=/minios perch perchmode=dynfilefs perchsize=300 load=core'
	rm -r "$changes/5"
	boot
	calls "overlayroot --state /run/initramfs/state -l $HOST/minios/00-core.sb -u file:$HOST/minios/changes/5/upper.img,300m /newroot"
}
@test "MiniOS: its sessions, perchmode= and perchsize=, load= of all layers" { both minios; }

minios_no_room() {
	host minios/00-core.sb
	fake stat <<<'[ "$1" != -f ] || echo "60 * 1048576"'
	cmdline 'from=/minios perch perchmode=raw'
	boot
	said 'changes.img could not be made (is there room?' && root_of $HOST/minios/00-core.sb
}
@test "MiniOS: no room for the file of perchmode=raw is reported" { both minios_no_room; }

cow_flags() {
	host arch/x86_64/airootfs.sfs
	cmdline 'archisolabel=ARCH cow_device=/dev/sdz9 cow_flags=subvol=@cow cow_directory=keep'
	boot
	calls "findimg --state /run/initramfs/state -t 30 -w -m $STORE -H /dev/sdz9" \
		"umount $STORE" "mount -t ext4 -o rw,subvol=@cow /dev/sdz9 $STORE" &&
		root_of $HOST/arch/x86_64/airootfs.sfs dir:$STORE/keep
}
@test "archiso: cow_flags= are how the store is mounted" { both cow_flags; }
