# promise: iPXE loads kernel and initramfs by TFTP with the diskless lab's entry, the root comes by HTTP into RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
build netboot netboot
mkdir "$WORK/tftp"
cp "$KDIR/vmlinuz" "$WORK/tftp/vmlinuz"
cp "$WORK/netboot.initramfs" "$WORK/tftp/initramfs.gz"
serve_http "$IMAGES"
cat >"$WORK/tftp/menu.ipxe" <<MENU
#!ipxe
kernel vmlinuz devfs=nomount rw panic=60 selinux=0 ip=dhcp biosdevname=0 net.ifnames=0 ipv6.disable=0 initrd=initramfs.gz vi.image=http://10.0.2.2:$HTTP_PORT/rootfs.tar.xz console=ttyS0 no_timer_check printk.devkmsg=on
initrd initramfs.gz
boot
MENU
MEMORY=1536 BOOT_TIMEOUT=400
boot_pxe "$WORK/tftp" menu.ipxe
expect_good_boot
expect '=== root tmpfs rw'
expect '=== capability /usr/bin/ping cap_net_raw=ep'
expect '=== resolv .*nameserver 10.0.2.3'
