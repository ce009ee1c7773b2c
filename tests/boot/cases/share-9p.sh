# promise: QEMU's direct kernel boot of a host directory works with the usual words
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1
# Debian is the root every day on 6.12, elsewhere the small one: systemd is the same on each kernel.
build share share
mkdir "$WORK/tree"
case $(check_all || echo "$KVER") in
'' | 6.12.*)
	bsdtar -xpf "${IMAGES%-*}.tar" --numeric-owner -C "$WORK/tree"
	good=expect_good_boot kept=var/lib/kept
	;;
*)
	small_root "$WORK/tree"
	good=expect_small_boot kept=kept
	;;
esac
boot share 'root=host0 rootfstype=9p rw test.keep=nine' \
	-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
$good
expect '=== root 9p rw'
grep -q nine "$WORK/tree/$kept" || fail 'the guest wrote nothing into the shared directory'
