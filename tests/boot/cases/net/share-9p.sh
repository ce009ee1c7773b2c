# promise: QEMU's direct kernel boot of a host directory works with the usual words
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12
# Every day on current, for vm shares a directory by 9p with 6.12, and with the small root: Debian in
# a directory of another machine is share-nfs's.
build share share

# shared KEPT GOOD: boots the directory $WORK/tree, where what the guest keeps is in KEPT
shared() {
	boot share 'root=host0 rootfstype=9p rw test.keep=nine' \
		-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
	$2
	expect '=== root 9p rw'
	grep -q nine "$WORK/tree/$1" || fail 'the guest wrote nothing into the shared directory'
	rm -r "$WORK/tree"
}

small_root "$WORK/tree"
shared kept expect_small_boot
check_all || exit 0
mkdir "$WORK/tree"
debian_image rootfs.tar
bsdtar -xpf "$DEBIAN" --numeric-owner -C "$WORK/tree"
shared var/lib/kept expect_good_boot
