# promise: QEMU's direct boot of a host directory with a shell as init: what it writes is in the
# directory, and its end is a clean power-off
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
build share share -s 'compress gzip'
mkdir "$WORK/tree"
debian_image rootfs.tar
bsdtar -xpf "$DEBIAN" --numeric-owner -C "$WORK/tree"
printf 'echo "=== shell is $$ $BASH_VERSION" >/dev/console\necho nine >/root/kept\n' \
	>"$WORK/tree/root/typed"
MEMORY=2048
# a shell without a person gets its commands from a file
boot share 'root=host0 rootfstype=9p rw init=/bin/bash -- /root/typed' \
	-virtfs "local,path=$WORK/tree,mount_tag=host0,security_model=none,multidevs=remap"
expect '=== shell is [0-9]* 5'
expect 'mkvinitrd: clean'
grep -qx nine "$WORK/tree/root/kept" || fail 'the guest wrote nothing into the shared directory'
