# promise: the tree that mkvinitrd pxe makes boots by QEMU's iPXE: its menu takes the diskless entry
# by itself, the root comes by HTTP
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
# Every day tmpfs-http boots the current kernel by iPXE and HTTP.
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
mkdir "$WORK/www"
serve_http "$WORK/www"
MKVINITRD=$MKVINITRD "$TOP/scripts/pxe" -o "$WORK/www" -t 1 -u "http://10.0.2.2:$HTTP_PORT" \
	-r "$KDIR" -k "$KVER" \
	-a 'console=ttyS0 no_timer_check printk.devkmsg=on' "$WORK/rootfs.tar.xz" ||
	fail 'mkvinitrd pxe'
NIC=e1000
boot_pxe "$WORK/www" menu.ipxe
expect_small_boot
expect '=== root tmpfs rw'
grep -q 'GET /vmlinuz-' "$WORK/http.log" || fail 'the kernel did not come by HTTP'
