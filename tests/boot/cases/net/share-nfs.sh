# promise: a directory that an NFS server exports is the root, by NFS 4.1 and 3, by vi.image= and by
# the kernel's own words; Debian writes into it and powers off cleanly
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day the small root by both: systemd ends a root that somebody else serves in loop-debian-vhd-ntfs.
build share share -s 'module =net =netfs'
mkdir "$WORK/tree"
if check_all; then
	debian_image rootfs.tar
	bsdtar -xpf "$DEBIAN" --numeric-owner -C "$WORK/tree"
fi
small_root "$WORK/tree/small"
serve_nfs "$WORK/tree"
card='-nic user,model=virtio-net-pci'
if check_all; then
	boot share "vi.mode=share vi.image=nfs:10.0.2.2:/export:port=$NFS_PORT ip=dhcp rw test.keep=ganesha" $card
	expect_good_boot
	kept=$WORK/tree/var/lib/kept
else
	boot share "vi.mode=share vi.image=nfs:10.0.2.2:/export/small:port=$NFS_PORT ip=dhcp rw test.keep=ganesha" $card
	expect_small_boot
	kept=$WORK/tree/small/kept
fi
expect '=== root nfs4* rw'
grep -q ganesha "$kept" || fail 'the guest wrote nothing into the shared directory'
three="nfsvers=3,tcp,nolock,port=$NFS_PORT,mountport=$MOUNT_PORT"
case $KVER in
6.1.*) words="root=nfs:10.0.2.2:/export/small:$three" ;;
*) words="root=/dev/nfs nfsroot=10.0.2.2:/export/small,$three" ;;
esac
boot share "$words ip=dhcp rw test.keep=words" $card
expect_small_boot
expect '=== root nfs rw'
grep -q words "$WORK/tree/small/kept" || fail "nothing was written with $words"
boot share "root=10.0.2.2:/export/nowhere rootfstype=nfs rootflags=port=$NFS_PORT ip=dhcp panic=1" \
	$card
expect 'nowhere could not be mounted by NFS'
