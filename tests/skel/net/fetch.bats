#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What comes over the network: archives and images, mirrors, proxies, NFS, NBD, images that stay on
# their server.
load ../lib.bash
load net.bash

# What came whole and is not right may have been damaged on its way.
damaged() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	fake unpackroot <<<'exit 1'
	http_boot ''
	[ "$(grep -c '^netfetch' "$CALLS")" = 2 ] && calls 'umount /newroot' &&
		said 'rootfs.tar.xz could not be unpacked' &&
		said 'is it the archive that is meant?' && not_called switch_root
}
@test "an archive that came whole and is damaged is fetched once more, in a fresh tmpfs" { both \
	damaged; }

fetch_fails() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	fake netfetch <<<'exit 1'
	http_boot ''
	[ "$(grep -c '^netfetch' "$CALLS")" = 1 ] && said 'rootfs.tar.xz could not be downloaded' &&
		not_called switch_root
}
@test "a fetch that failed fails the boot; success of unpackroot alone is not enough" { both \
	fetch_fails; }

too_big() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	# the reader of a pipe that nobody reads on fails as well
	fake netfetch <<<'exit 4'
	fake unpackroot <<<'exit 4'
	http_boot ''
	[ "$(grep -c '^netfetch' "$CALLS")" = 1 ] && said 'could not be unpacked' &&
		said 'raise vi.size=' && not_called switch_root || return 1
	: >"$CALLS"
	fake stat <<<'echo 0'
	cmdline 'vi.mode=overlay vi.image=http://10.0.2.2/root.sfs panic=-1'
	boot
	[ "$(grep -c '^netfetch' "$CALLS")" = 1 ] && said 'root.sfs does not fit into memory' &&
		not_called switch_root
}
@test "what does not fit into memory is not fetched again" { both too_big; }

from_network() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	cmdline "vi.mode=tmpfs $1"
	boot
	calls "$2" && calls 'unpackroot - /newroot'
}
TO='-t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o -'
@test "TFTP" { both from_network vi.image=tftp://[fd00::2]:6969/lab/rootfs.tar.xz \
	"netfetch $TO tftp://[fd00::2]:6969/lab/rootfs.tar.xz"; }
@test "several vi.image= are mirrors, and so are addresses with | between them" {
	both from_network 'vi.image=https://10.0.2.5/r.tar vi.image=http://10.0.2.6/r.tar|http://10.0.2.7/r.tar' "netfetch $TO https://10.0.2.5/r.tar http://10.0.2.6/r.tar http://10.0.2.7/r.tar"
}
@test "proxy= of dracut" {
	both from_network 'proxy=http://10.0.2.9:3128 vi.image=http://10.0.2.5/r.tar' \
		"netfetch ${TO/60/60 --proxy http:\/\/10.0.2.9:3128} http://10.0.2.5/r.tar"
}
# The server is the proxy's business; the proxy has to be reached.
proxy_is_asked() {
	fake nc <<<'exit 0'
	from_network 'proxy=http://10.0.2.9:3128 vi.image=http://10.9.9.9/r.tar' \
		"nc -w 3 10.0.2.9 3128" && not_called '^nc .*10.9.9.9'
}
@test "proxy=: a lease that leads to the proxy is good" { both proxy_is_asked; }

machine_words() {
	mkdir -p "$ROOT/sys/class/dmi/id"
	echo 4C4C4544-0042 >"$ROOT/sys/class/dmi/id/product_uuid"
	echo 'No 7/b' >"$ROOT/sys/class/dmi/id/product_serial"
	from_network 'vi.image=http://10.0.2.5/${mac:hexhyp}/${mac}/${uuid}/${serial}/${ip}.tar' \
		"netfetch $TO http://10.0.2.5/52-54-00-00-00-01/52:54:00:00:00:01/4c4c4544-0042/No%207%2Fb/10.0.2.15.tar" || return 1
	: >"$CALLS"
	cmdline 'vi.mode=tmpfs vi.image=http://10.0.2.5/${asset}.tar panic=-1'
	boot
	said "\${asset} in 'http://10.0.2.5/\${asset}.tar' is not known of this machine" &&
		not_called '^netfetch'
}
@test "addresses with what is the machine's own, in iPXE's words" { both machine_words; }

passwords_masked() {
	from_network vi.image=http://lab:secret@10.0.2.5/r.tar \
		"netfetch $TO http://lab:secret@10.0.2.5/r.tar" &&
		said 'downloading and unpacking http://lab:***@10.0.2.5/r.tar' &&
		case $output in *secret*) false ;; esac || return 1
	: >"$CALLS"
	fake netfetch <<<'exit 3'
	cmdline 'vi.mode=tmpfs vi.plan vi.image=http://lab:secret@10.0.2.5/r.tar panic=-1'
	boot
	said 'http://lab:***@10.0.2.5/r.tar could not be downloaded' &&
		case $output in *secret*) false ;; esac
}
@test "passwords in addresses are not shown" { both passwords_masked; }

overlay_http() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24
	cmdline 'vi.mode=overlay vi.image=http://10.0.2.2/live/root.sfs?v=2'
	boot
	calls 'mount -t tmpfs -o nosuid,nodev,mode=755,size=95%,nr_inodes=0 ram /run/initramfs/ram' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/root.sfs http://10.0.2.2/live/root.sfs?v=2' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/ram/root.sfs -u ram /newroot' 'umount -l /run/initramfs/ram'
}
@test "overlay: the image is fetched into RAM" { both overlay_http; }

nfs() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 siaddr=10.0.2.2 dns=10.0.2.3
	fake nslookup <<<'printf "Server: 10.0.2.3\nAddress: 10.0.2.3:53\n\nName: nas.lab\nAddress: 10.0.2.80\n"'
	cmdline 'root=nfs:nas.lab:/export/root:vers=4.1 rw'
	boot
	calls 'mount -t nfs -o addr=10.0.2.80,rw,nolock,vers=4.1 nas.lab:/export/root /newroot' ||
		return 1
	: >"$CALLS"
	cmdline 'root=/dev/nfs nfsroot=10.0.2.2:/export,nfsvers=3,tcp,mountport=20048 rootflags=ro'
	boot
	calls 'mount -t nfs -o addr=10.0.2.2,ro,nolock,ro,nfsvers=3,tcp,mountport=20048 10.0.2.2:/export /newroot' && not_called 'vers=4' || return 1
	: >"$CALLS"
	fake mount <<<'case "$*" in *vers=4.1*) exit 1 ;; esac'
	cmdline 'root=/dev/nfs nfsroot=/export/root'
	boot
	calls 'mount -t nfs -o vers=4.1,addr=10.0.2.2,ro,nolock 10.0.2.2:/export/root /newroot' \
		'mount -t nfs -o vers=3,addr=10.0.2.2,ro,nolock 10.0.2.2:/export/root /newroot' \
		'switch_root /newroot /sbin/init'
}
@test "NFS: server by name or from the lease, version 4.1 then 3" { both nfs; }

nbd() {
	nic eth0 52:54:00:12:34:56 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 siaddr=10.0.2.2 dns=10.0.2.3
	fake vdattach <<'FAKE'
[ "$1" = free ] || echo /dev/nbd0
FAKE
	fake nslookup <<<'printf "Name: nas.lab\nAddress: 10.0.2.80\n"'
	cmdline 'vi.image=nbd://nas.lab:10810/a%20b ip=dhcp rw vi.part=whole vi.patience=60'
	boot
	calls 'ip addr add 10.0.2.15/24 brd + dev eth0' 'nslookup nas.lab' \
		'vdattach --state /run/initramfs/state --patience 60 nbd://10.0.2.80:10810/a%20b' \
		'findimg --state /run/initramfs/state -t 30 -H /dev/nbd0' \
		'mount -t ext4 -o rw /dev/nbd0 /newroot' \
		'switch_root /newroot /sbin/init' || return 1
	again_with 'root=nbd:10.0.2.2:disk:xfs:ro,noatime vi.part=2'
	calls 'vdattach --state /run/initramfs/state -p 2 nbd://10.0.2.2/disk' \
		'mount -t xfs -o ro,noatime /dev/nbd0 /newroot' || return 1
	again_with 'vi.mode=overlay vi.image=nbd:///live'
	calls 'vdattach --state /run/initramfs/state nbd://10.0.2.2/live' \
		'overlayroot --state /run/initramfs/state -l /dev/nbd0 -u ram /newroot' || return 1
	mkdir -p "$ROOT/sys/class/block/nbd0" && echo 1 >"$ROOT/sys/class/block/nbd0/ro"
	: >"$ROOT/dev/nbd0"
	again_with 'vi.image=nbd://10.0.2.2/live rw'
	calls 'overlayroot --state /run/initramfs/state -l /dev/nbd0 -u ram /newroot' &&
		said 'can only be read' || return 1
	again_with 'archisobasedir=arch archisolabel=ARCH archiso_nbd_srv=${pxeserver}'
	calls 'vdattach --state /run/initramfs/state nbd://10.0.2.2/archiso' \
		'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H /dev/nbd0 /arch/x86_64/airootfs.sfs /arch/x86_64/airootfs.erofs' || return 1
	again_with 'root=/dev/vda1 rw nbd=10.0.2.2:9000:no-ping aoe=eth0:e0.1'
	calls 'vdattach --state /run/initramfs/state nbd://10.0.2.2:9000/' \
		'findimg --state /run/initramfs/state -t 30 -w -m /newroot/mnt/nbd0 -H /dev/nbd0' \
		'modprobe -q aoe' 'ip link set eth0 up' &&
		said "parameter 'aoe=eth0:e0.1' could not be used"
}

# again_with WORDS: another boot with DHCP in the same tree
again_with() {
	rm -rf "$ROOT/run/initramfs"
	: >"$CALLS"
	cmdline "$1 ip=dhcp vi.timeout=30"
	boot
}
@test "disks of NBD servers: our parameter, dracut's, archiso's, Tiny Core's; the server by name, number or from the lease" { both nbd; }

lists() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 siaddr=10.0.2.2
	cmdline 'root=/dev/vda1 rw httplist=10.0.2.2:8080/tce/list.lst tftplist=srv:/tcz/l:no-ping nfsmount=10.0.2.2:/tce:no-ping,nfs4'
	fake netfetch <<'FAKE'
for last in "$@"; do before=$arg arg=$last; done
[ "$arg" != http://10.0.2.2:8080/tce/list.lst ] || printf '# two\n/tce/a.tcz -c\r\ntce/b.tcz\r\n' >"$before"
[ -e "$before" ] || echo squashfs >"$before"
FAKE
	boot
	calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/tce/list http://10.0.2.2:8080/tce/list.lst' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/tce/optional/a.tcz http://10.0.2.2:8080/tce/a.tcz' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/tce/optional/b.tcz http://10.0.2.2:8080/tce/b.tcz' \
		'mount -t squashfs -o ro,loop /run/initramfs/tce/optional/a.tcz /newroot/tmp/tcloop/a' \
		'mount -t squashfs -o ro,loop /run/initramfs/tce/optional/b.tcz /newroot/tmp/tcloop/b' \
		'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/tce/list tftp://srv/tcz/l' \
		'mount -t nfs -o addr=10.0.2.2,rw,nolock,hard,vers=4.1 10.0.2.2:/tce /newroot/mnt/nfs'
}
@test "Tiny Core's httplist=, tftplist= and nfsmount= in another root" { both lists; }

# lazy_boot WORDS
lazy_boot() {
	nic eth0 52:54:00:12:34:56 1
	fake verifyimg <<<'echo /dev/dm-0'
	fake netfetch <<'FAKE'
case $* in *.trace*) exit 3 ;; esac
for arg in "$@"; do [ "$before" != -o ] || echo x >"$arg"; before=$arg; done
FAKE
	cmdline "vi.image=http://10.0.2.2/r.sfs ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0 panic=-1 $*"
	: >"$CALLS"
	boot
}

lazy() {
	lazy_boot vi.mode=overlay vi.lazy
	said 'the root comes from 10.0.2.2 by http and is not verified' &&
		not_called '-O /run/initramfs/ram' &&
		calls 'vdattach --state /run/initramfs/state --http-dir /run/initramfs/http -r http://10.0.2.2/r.sfs' \
			'overlayroot --state /run/initramfs/state -l /dev/loop0 -u ram /newroot' \
			'switch_root /newroot /sbin/init' || return 1
	lazy_boot vi.mode=overlay vi.prefetch=all vi.verify=verity:abc
	calls 'vdattach --state /run/initramfs/state --http-dir /run/initramfs/http --prefetch -r -f raw http://10.0.2.2/r.sfs' \
		'verifyimg verity --state /run/initramfs/state --hashes /run/initramfs/proof/image.verity abc /dev/loop0' \
		'overlayroot --state /run/initramfs/state -l /dev/dm-0 -u ram /newroot' || return 1
	lazy_boot vi.mode=loop vi.part=2 proxy=http://10.0.2.9:3128
	calls 'vdattach --state /run/initramfs/state --http-dir /run/initramfs/http --proxy http://10.0.2.9:3128 -r -p 2 http://10.0.2.2/r.sfs' \
		'mount -t ext4 -o ro /dev/loop0p2 /newroot'
}
@test "vi.lazy: the image stays on its server; in mode loop always" { both lazy; }

# no_password: neither what was printed nor what the kernel's log and the status line have
no_password() {
	! said 'se3cret' && ! said 'an0ther' &&
		! grep -q 'se3cret\|an0ther' "$ROOT/dev/kmsg" "$ROOT/run/initramfs/status"
}

passwords() {
	nic eth0 52:54:00:12:34:56 1
	fake netfetch <<<'exit 3'
	mkdir -p "$ROOT/dev"
	: >"$ROOT/dev/kmsg"
	cmdline 'vi.mode=overlay vi.lazy vi.image=http://lab:se3cret@10.0.2.2/r.sfs|http://x:an0ther@10.0.2.3/r.sfs ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0 panic=-1'
	boot
	said 'http://lab:***@10.0.2.2/r.sfs' && no_password || return 1
	fake vdattach <<<'exit 1'
	cmdline 'vi.mode=loop vi.image=http://lab:se3cret@10.0.2.2/r.sfs ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0 panic=-1'
	boot
	said 'the image http://lab:***@10.0.2.2/r.sfs could not be attached' && no_password ||
		return 1
	SKEL_TEXT=$(ROOT=$ROOT $SH \
		-c '. "$0"; for text in "a://u:p@h b://v:q:r@[::1]:80/x@y" "c://h/u:p@x" "d://u@h:80/" "u:p@h" "e://h:1/ u:p@h" "" "*"; do hide_passwords "$text"; echo "$RET"; done' "$SKEL/lib/util.sh")
	[ "$SKEL_TEXT" = 'a://u:***@h b://v:***@[::1]:80/x@y
c://h/u:p@x
d://u@h:80/
u:p@h
e://h:1/ u:p@h

*' ]
}
@test "passwords in addresses reach neither the console nor the kernel's log" { both passwords; }

not_lazy() {
	lazy_boot vi.mode=overlay
	not_called vdattach &&
		calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/r.sfs http://10.0.2.2/r.sfs' || return 1
	lazy_boot vi.mode=overlay vi.lazy vi.verify=sha256:00
	said 'would read the whole image: downloading it' && not_called 'vdattach|overlayroot' ||
		return 1
	fake vdattach <<<'echo "vdattach: http://10.0.2.2/r.sfs: it does not answer requests for ranges" >&2; exit 1'
	lazy_boot vi.mode=overlay vi.lazy
	said 'the image cannot be read by parts: downloading it' &&
		calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/r.sfs http://10.0.2.2/r.sfs' 'switch_root /newroot /sbin/init' && not_called '^sleep' || return 1
	lazy_boot vi.mode=loop vi.verify=sha256:00
	said 'cannot verify an image that stays on its server' && not_called 'vdattach|overlayroot'
}
@test "vi.lazy: an image that has to be whole, or whose server has no ranges, is downloaded" { both not_lazy; }
