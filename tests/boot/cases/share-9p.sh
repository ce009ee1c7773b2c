# promise: QEMU's direct kernel boot of a host directory works with the usual words
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1
build share share
mkdir "$WORK/tree"
bsdtar -xpf "${IMAGES%-*}.tar" --numeric-owner -C "$WORK/tree"
boot share 'root=host0 rootfstype=9p rw test.keep=nine' \
	-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
expect_good_boot
expect '=== root 9p rw'
grep -q nine "$WORK/tree/var/lib/kept" || fail 'the guest wrote nothing into the shared directory'
