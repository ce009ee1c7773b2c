#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Roots on servers: what a lease says, netroot=, the forms of root=; dracut's overlays.
load ../lib.bash

# boot_with PARAMETERS: one card, whose lease has the lines of LEASE
boot_with() {
	nic eth0 52:54:00:00:00:01 1
	fake_dhcp
	lease eth0 ip=10.0.2.15 mask=24 siaddr=10.0.2.2 "${LEASE[@]}"
	fake vdattach <<'FAKE'
[ "$1" = free ] || echo /dev/nbd0
FAKE
	cmdline "panic=-1 $1"
	boot
}

# mounted PARAMETERS OPTIONS PLACE: that NFS directory is the root then
mounted() {
	new_tree
	boot_with "$1"
	calls "mount -t nfs -o $2 $3 /newroot" 'switch_root /newroot /sbin/init' || {
		echo "with $1 and ${LEASE[*]}"
		return 1
	}
}

nfs_forms() {
	local four=vers=4.1,addr=10.0.2.80,ro,nolock LEASE=()
	mounted root=10.0.2.80:/nfs/client "$four" 10.0.2.80:/nfs/client &&
		mounted root=10.0.2.80:/nfs/client:wsize=4096 "$four,wsize=4096" \
			10.0.2.80:/nfs/client &&
		mounted root=10.0.2.80:/nfs/client,wsize=4096 "$four,wsize=4096" \
			10.0.2.80:/nfs/client &&
		mounted root=/nfs/client vers=4.1,addr=10.0.2.2,ro,nolock 10.0.2.2:/nfs/client &&
		mounted root=nfs4:10.0.2.80:/client addr=10.0.2.80,ro,nolock,vers=4.1 \
			10.0.2.80:/client &&
		mounted root=nfs4:10.0.2.80:/client,wsize=4096 \
			addr=10.0.2.80,ro,nolock,wsize=4096,vers=4.1 10.0.2.80:/client &&
		mounted root=nfs://10.0.2.80:20049/client "$four,port=20049" 10.0.2.80:/client &&
		mounted root=nfs:nfsvers=3,tcp:10.0.2.80:/client \
			addr=10.0.2.80,ro,nolock,nfsvers=3,tcp 10.0.2.80:/client &&
		mounted 'root=nfs:[fd00::2]:/client' vers=4.1,addr=fd00::2,ro,nolock \
			'[fd00::2]:/client' &&
		mounted 'netroot=nfs:10.0.2.80:/nfs/client root=/dev/root' "$four" \
			10.0.2.80:/nfs/client &&
		mounted netroot=10.0.2.80:/nfs/client "$four" 10.0.2.80:/nfs/client &&
		mounted 'root=/dev/nfs nfsroot=10.0.2.80:/srv/%s ip=::::pc7:eth0:dhcp' "$four" \
			10.0.2.80:/srv/pc7
}
@test "the forms of an NFS root: SERVER:/path, /path, nfs:, nfs4:, nfs://, netroot=, with options" { both nfs_forms; }

# dracut's TEST-60-NFS: root-path and what it means
lease_nfs() {
	local here=vers=4.1,addr=10.0.2.2,ro,nolock there=vers=4.1,addr=192.168.50.3,ro,nolock
	LEASE=(rootpath=/nfs/client)
	mounted root=dhcp $here 10.0.2.2:/nfs/client &&
		mounted root=/dev/nfs $here 10.0.2.2:/nfs/client &&
		mounted netroot=dhcp $here 10.0.2.2:/nfs/client || return 1
	LEASE=(rootpath=192.168.50.3:/nfs/client)
	mounted root=dhcp $there 192.168.50.3:/nfs/client &&
		mounted root=/dev/nfs $there 192.168.50.3:/nfs/client || return 1
	LEASE=(rootpath=nfs:192.168.50.3:/nfs/client:wsize=4096)
	mounted root=dhcp $there,wsize=4096 192.168.50.3:/nfs/client || return 1
	LEASE=(rootpath=nfs4:192.168.50.3:/client,wsize=4096)
	mounted root=dhcp addr=192.168.50.3,ro,nolock,wsize=4096,vers=4.1 192.168.50.3:/client ||
		return 1
	LEASE=(rootpath=/nfs/client,wsize=4096 siaddr= serverid=10.0.2.9)
	mounted root=dhcp vers=4.1,addr=10.0.2.9,ro,nolock,wsize=4096 10.0.2.9:/nfs/client ||
		return 1
	LEASE=(hostname=pc7)
	mounted root=/dev/nfs $here 10.0.2.2:/tftpboot/pc7 || return 1
	LEASE=()
	mounted root=/dev/nfs $here 10.0.2.2:/tftpboot/10.0.2.15
}
@test "root=dhcp and root=/dev/nfs: what the lease says" { both lease_nfs; }

lease_refused() {
	LEASE=()
	new_tree
	boot_with root=dhcp
	said 'the DHCP answer on eth0 names no root (option 17, root-path)' &&
		not_called switch_root || return 1
	LEASE=(rootpath=iscsi:10.0.2.2::::iqn.2009-06.dracut:target0)
	new_tree
	boot_with root=dhcp
	said "the root of 'root-path=iscsi:10.0.2.2::::iqn.2009-06.dracut:target0' cannot be reached" && not_called switch_root || return 1
	LEASE=("rootpath='some where'")
	new_tree
	boot_with root=dhcp
	said "the root-path 'some where' of the DHCP server on eth0 cannot be used" &&
		not_called switch_root
}
@test "root=dhcp: a lease without a root, or with one that cannot be used, is named" { both \
	lease_refused; }

# dracut's TEST-72-NBD
nbd() {
	LEASE=()
	new_tree
	boot_with 'root=LABEL=dracut netroot=nbd:192.168.50.1:raw ip=dhcp rd.luks=0 rd.auto ro'
	calls 'vdattach --state /run/initramfs/state nbd://192.168.50.1/raw' \
		'findimg --state /run/initramfs/state -t 30 -H LABEL=dracut' \
		'mount -t ext4 -o ro /dev/vda1 /newroot' || return 1
	LEASE=(rootpath=nbd:192.168.50.1:raw)
	new_tree
	boot_with 'root=/dev/root netroot=dhcp ip=dhcp rd.luks=0'
	calls 'vdattach --state /run/initramfs/state nbd://192.168.50.1/raw' \
		'mount -t ext4 -o ro /dev/nbd0 /newroot' || return 1
	LEASE=(rootpath=nbd:192.168.50.1:raw::errors=panic)
	new_tree
	boot_with 'root=/dev/root netroot=dhcp ip=dhcp rd.luks=0'
	calls 'mount -t ext4 -o ro,errors=panic /dev/nbd0 /newroot'
}
@test "NBD: netroot= with a root= and without, and by the lease" { both nbd; }

refused() {
	local words
	LEASE=()
	for words in 'root=UUID=1 netroot=iscsi:192.168.50.1::::iqn.2009-06.dracut:target0' \
		root=iscsi:192.168.50.1::::iqn.x:y \
		'root=UUID=1 netroot=iscsi' \
		'root=iscsi:user:secret:rev:secret@[2001:db8::1]:6:3260:default:eth0:1:iqn.x:y' \
		root=nvmf:tcp,10.0.0.1 'root=UUID=1 netroot=nvmf' \
		root=cifs://user:secret@10.0.0.1:/root; do
		new_tree
		boot_with "$words"
		words=${words#root=UUID=1 }
		said "the root of '${words/\/\/user:secret/\/\/user:***}' cannot be reached: this version has no support for it" && not_called 'findimg|switch_root' || return 1
	done
}
@test "iSCSI is refused by name, and nothing is waited for" { both refused; }

# The root may be on a disk of the server, or here.
remote() {
	local words
	LEASE=()
	for words in rd.nvmf.discover=tcp,192.168.10.10,,4420 nvmf.discover=tcp,192.168.10.10 \
		rd.iscsi.firmware=1 ip=ibft \
		'iscsi_target_ip=10.0.0.1 iscsi_initiator=iqn.a:b' iscsi_target_name=iqn.x:y \
		rd.iscsi.target.ip=10.0.0.1 rd.iscsi.target.name=iqn.x:y rd.iscsi.ibft \
		rd.iscsi.firmware=yes rd.iscsi.transport=bnx2i iscsi_firmware=1 iscsi_auto \
		iscsi_target=iqn.x:y iscsiroot=10.0.0.1 rd.nvmf.discover=fc,auto \
		fcoe=eth0:dcb; do
		new_tree
		fake findimg <<<'exit 3'
		boot_with "root=UUID=1 rootwait $words"
		said "the device 'UUID=1' is on none of this machine's disks, and disks of servers as in '${words%% *}' cannot be attached" &&
			calls 'findimg --state /run/initramfs/state -t 60 -H UUID=1' &&
			not_called 'switch_root|udhcpc' || return 1
	done
	new_tree
	boot_with "root=UUID=1 rd.nvmf.discover=tcp,192.168.10.10,,4420"
	said "parameter 'rd.nvmf.discover=tcp,192.168.10.10,,4420' is recognised, not supported" &&
		calls 'switch_root /newroot /sbin/init'
}
@test "NVMe-oF, iSCSI, FCoE with root=UUID=: a root that is here boots, another is not waited for as long, and the parameter is named" { both remote; }

http() {
	LEASE=()
	new_tree
	boot_with root=http://10.0.2.2:8000/root.squashfs
	calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o /run/initramfs/ram/root.squashfs http://10.0.2.2:8000/root.squashfs' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/ram/root.squashfs -u ram /newroot' 'switch_root /newroot /sbin/init' || return 1
	new_tree
	boot_with root=http://10.0.2.2/root.tar.xz
	calls 'netfetch -t 60 --status /run/initramfs/status --report /run/initramfs/fetch.why -o - http://10.0.2.2/root.tar.xz' && calls 'unpackroot - /newroot'
}
@test "root=http: an image, or an archive" { both http; }

ltsp() {
	LEASE=()
	new_tree
	boot_with 'root=/dev/nfs nfsroot=10.0.2.80:/srv/ltsp ltsp.image=images/x86_64.img loop.max_part=9'
	mkdir -p "$ROOT/run/initramfs/host/images"
	: >"$ROOT/run/initramfs/host/images/x86_64.img"
	: >"$CALLS"
	rm -f "$ROOT"/run/initramfs/state
	boot
	calls 'mount -t nfs -o vers=4.1,addr=10.0.2.80,ro,nolock 10.0.2.80:/srv/ltsp /run/initramfs/host' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/images/x86_64.img -u ram /newroot' || return 1
	new_tree
	boot_with 'root=/dev/sda1 ltsp.image=images/x86_64.img'
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H /dev/sda1 /images/x86_64.img' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host/images/x86_64.img -u ram /newroot'
}
@test "ltsp.image= below an NFS directory and on a partition" { both ltsp; }

# dracut's TEST-21-OVERLAYFS and the overlay of TEST-60-NFS
overlays() {
	LEASE=()
	local base='overlayroot --state /run/initramfs/state -l /dev/vda1'
	new_tree
	boot_with 'root=LABEL=dracut rd.overlay=0 rw'
	calls 'mount -t ext4 -o rw /dev/vda1 /newroot' || return 1
	for words in rd.overlay rd.overlay=1 rd.overlay=yes rd.overlay=tmpfs; do
		new_tree
		boot_with "root=LABEL=dracut $words"
		calls "$base -u ram /newroot" || return 1
	done
	new_tree
	boot_with 'root=LABEL=dracut rd.overlay=tmpfs:size=32M,nr_inodes=100000'
	calls "$base -u ram:32M,nr_inodes=100000 /newroot" || return 1
	new_tree
	boot_with 'root=LABEL=dracut rd.overlay=LABEL=OVERLAY'
	calls 'findimg --state /run/initramfs/state -t 10 -w -m /run/initramfs/store -H LABEL=OVERLAY' "$base -u dir:/run/initramfs/store /newroot" || return 1
	[ "$(readlink "$ROOT/run/initramfs/store/upper")" = overlay ] || return 1
	new_tree
	mkdir -p "$ROOT/run/initramfs/store/overlay"
	boot_with 'root=LABEL=dracut rd.overlay=/dev/sdb1 rd.overlay.readonly'
	calls 'findimg --state /run/initramfs/state -t 10 -m /run/initramfs/store -H /dev/sdb1' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/store/overlay:/dev/vda1 -u ram /newroot' || return 1
	new_tree
	mkdir -p "$ROOT/run/initramfs/store/overlay/old"
	ln -s overlay "$ROOT/run/initramfs/store/upper" # of the boot before
	boot_with 'root=LABEL=dracut rd.overlay=/dev/sdb1 rd.overlay.reset=1'
	[ ! -e "$ROOT/run/initramfs/store/overlay/old" ] &&
		[ -d "$ROOT/run/initramfs/store/upper" ] &&
		calls "$base -u dir:/run/initramfs/store /newroot" || return 1
	new_tree
	boot_with 'root=nfs4:10.0.2.80:/client rd.overlay'
	calls 'mount -t nfs -o addr=10.0.2.80,ro,nolock,vers=4.1 10.0.2.80:/client /run/initramfs/share' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/share -u ram /newroot'
}
@test "rd.overlay=: none, RAM, of a size, a device, reset, read-only, over NFS" { both overlays; }

# The package overlayroot of Debian, Ubuntu and Raspberry Pi; systemd's own
other_overlays() {
	LEASE=()
	local base='overlayroot --state /run/initramfs/state -l /dev/vda1'
	for words in overlayroot=tmpfs overlayroot=tmpfs:swap=1,recurse=0 \
		systemd.volatile=overlay; do
		new_tree
		boot_with "root=LABEL=dracut ro $words"
		calls "$base -u ram /newroot" || return 1
	done
	for words in overlayroot= overlayroot=disabled systemd.volatile=state; do
		new_tree
		boot_with "root=LABEL=dracut ro $words"
		calls 'mount -t ext4 -o ro /dev/vda1 /newroot' || return 1
	done
	new_tree
	boot_with 'root=LABEL=dracut overlayroot=device:dev=LABEL=flash,timeout=180,dir=my/run1'
	said 'only / is an overlay' &&
		calls 'findimg --state /run/initramfs/state -t 10 -w -m /run/initramfs/store -H LABEL=flash' \
			"$base -u dir:/run/initramfs/store/my /newroot" || return 1
	[ "$(readlink "$ROOT/run/initramfs/store/my/upper")" = run1 ] || return 1
	new_tree
	boot_with 'root=LABEL=dracut overlayroot=/dev/sdb1'
	calls "$base -u dir:/run/initramfs/store /newroot" &&
		[ "$(readlink "$ROOT/run/initramfs/store/upper")" = overlay ]
}
@test "overlayroot= and systemd.volatile=overlay" { both other_overlays; }

absent() {
	LEASE=()
	for words in overlayroot=device:dev=LABEL=NONEXISTENT rd.overlay=LABEL=NONEXISTENT \
		rd.overlay=/dev/sdb9:/there rd.overlay.crypt=LABEL=NONEXISTENT,fstype=ext3; do
		new_tree
		cp "$FAKES/findimg" "$FAKES/real"
		fake findimg <<'FAKE'
case "$*" in *NONEXISTENT* | */dev/sdb9*) exit 3 ;; esac
exec "$FAKES/real" "$@"
FAKE
		boot_with "root=LABEL=dracut $words"
		said 'no such device appeared in 10 s (a larger vi.timeout= waits longer): changes are kept in RAM' &&
			calls 'overlayroot --state /run/initramfs/state -l /dev/vda1 -u ram /newroot' 'switch_root /newroot /sbin/init' || return 1
	done
	new_tree
	boot_with 'root=LABEL=dracut rd.overlay=LABEL=LATE rd.timeout=90'
	calls 'findimg --state /run/initramfs/state -t 90 -H LABEL=dracut' \
		'findimg --state /run/initramfs/state -t 30 -w -m /run/initramfs/store -H LABEL=LATE' || return 1
	new_tree
	boot_with 'root=LABEL=dracut rd.overlay=LABEL=LATE vi.timeout=4'
	calls 'findimg --state /run/initramfs/state -t 4 -w -m /run/initramfs/store -H LABEL=LATE' || return 1
	new_tree
	boot_with "root=LABEL=dracut rd.overlay.crypt=LABEL=CRYPT"
	said 'has no LUKS volume but ext4, and is not formatted: changes are kept in RAM' &&
		calls 'overlayroot --state /run/initramfs/state -l /dev/vda1 -u ram /newroot'
}
@test "rd.overlay=: its device is waited for a third of the limit; without it changes are kept in RAM, as in dracut" { both absent; }

# dracut's TEST-30-DMSQUASH: the device is the image, or has the root itself
medium() {
	LEASE=()
	new_tree
	cp "$FAKES/findimg" "$FAKES/real"
	fake findimg <<'FAKE'
for last; do :; done
"$FAKES/real" "$@" | sed 's/^FSTYPE=.*/FSTYPE=erofs/; s,^FILE=.*,FILE='"$ROOT"'/run/initramfs/host/,'
FAKE
	boot_with 'rd.overlay root=live:/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_root_erofs'
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host -H /dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_root_erofs /LiveOS/squashfs.img /LiveOS/rootfs.img /LiveOS/ext3fs.img /' \
		'overlayroot --state /run/initramfs/state -l /run/initramfs/host -u ram /newroot' ||
		return 1
	boot_with 'rd.live.ram root=live:/dev/sdb'
	said '/dev/sdb is itself the image, and is not copied to RAM' || return 1
	new_tree
	boot_with 'iso-scan/filename=linux.iso root=live:/dev/disk/by-label/ISO'
	calls 'findimg --state /run/initramfs/state -t 30 -m /run/initramfs/host /linux.iso'
}
@test "root=live: a device that is the image; iso-scan/filename= without a slash" { both medium; }

# told PARAMETERS LINE: the failure says so
told() {
	new_tree
	fake netfetch <<FAKE
printf 'the server %s\\n%s\\n' "${ANSWER:-10.0.2.2 answered: HTTP/1.1 404 Not Found}" "${ADVICE:-correct the address: the server has no such file}" >"\$ROOT/run/initramfs/fetch.why"
exit 3
FAKE
	boot_with "$1"
	not_called switch_root && said "$2" && case $output in *'more memory'* | *'name one'*) false ;; esac || {
		echo "with $1"
		return 1
	}
}

failures() {
	LEASE=()
	local url=http://10.0.2.2:8000/x.squashfs
	told root=$url 'the server 10.0.2.2 answered: HTTP/1.1 404 Not Found' &&
		said "from:  root=$url (kernel command line)" &&
		said 'to do: correct the address: the server has no such file' &&
		[ "$(grep -c ^netfetch "$CALLS")" = 1 ] || return 1
	told "vi.image=http://10.0.2.2/x.tar.gz" \
		'the server 10.0.2.2 answered: HTTP/1.1 404 Not Found' &&
		said 'from:  vi.image=http://10.0.2.2/x.tar.gz (kernel command line)' &&
		[ "$(grep -c ^netfetch "$CALLS")" = 1 ] || return 1
	ANSWER='10.0.2.2: Connection refused' ADVICE='does the server run' told root=$url \
		'the server 10.0.2.2: Connection refused' &&
		said 'could not be downloaded' && said 'does the server run' &&
		[ "$(grep -c ^netfetch "$CALLS")" = 1 ] || return 1
	told root=iscsi:10.0.2.2::::iqn.x:y \
		'from:  root=iscsi:10.0.2.2::::iqn.x:y (kernel command line)' || return 1
	told root=dhcp 'from:  root=dhcp (kernel command line)' || return 1
	new_tree
	defaults 'vi.mode=overlay' 'vi.image=/x.squashfs'
	fake findimg <<<'exit 3'
	boot_with root=LABEL=x
	said 'from:  vi.image=/x.squashfs (profile)' &&
		said 'from:  root=LABEL=x (kernel command line)'
}
@test "a failure names the parameters that led there, and gives advice that fits" { both failures; }
