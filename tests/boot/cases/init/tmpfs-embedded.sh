# promise: rootfs.tar.xz inside the initramfs becomes a root in RAM, with the diskless lab's command
# line
# SPDX-License-Identifier: GPL-2.0-or-later
# modules: all
# slow: 6.1
# Every day the archive is one of zstd: unpacking xz takes an emulated machine half a minute, and pxe-firmware's root is one.
KERNEL=$KDIR/vmlinuz # the boot protocol with a large initramfs
if check_all; then debian_image rootfs.tar.xz; else debian_image rootfs.tar.zst; fi
build tmpfs tmpfs -s "image file:$DEBIAN"
MEMORY=1536
boot tmpfs 'devfs=nomount rw panic=60 selinux=0 biosdevname=0 net.ifnames=0 ipv6.disable=0'
expect_good_boot
expect '=== root tmpfs rw'
expect '=== capability /usr/bin/ping cap_net_raw=ep'
