# promise: iPXE loads kernel and initramfs by TFTP with the diskless lab's entry, the root comes by
# HTTP into RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12
# Every day pxe-menu boots 6.12 by iPXE and HTTP; that 6.1 has the drivers is kernels-known.bats', and its protocol disk-busybox'.
# Every day with the small root: Debian's archive as a root in RAM is tmpfs-embedded's.
build netboot netboot
mkdir "$WORK/tftp" "$WORK/www"
cp "$KDIR/vmlinuz" "$WORK/tftp/vmlinuz"
cp "$WORK/netboot.initramfs" "$WORK/tftp/initramfs.gz"
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/www/small.tar.xz" .
serve_http "$WORK/www"

# lab_boot ARCHIVE
lab_boot() {
	cat >"$WORK/tftp/menu.ipxe" <<-MENU
		#!ipxe
		kernel vmlinuz devfs=nomount rw panic=60 selinux=0 ip=dhcp biosdevname=0 net.ifnames=0 ipv6.disable=0 initrd=initramfs.gz vi.image=http://10.0.2.2:$HTTP_PORT/$1 console=ttyS0 no_timer_check printk.devkmsg=on
		initrd initramfs.gz
		boot
	MENU
	boot_pxe "$WORK/tftp" menu.ipxe
	expect '=== root tmpfs rw'
	expect '=== resolv .*nameserver 10.0.2.3'
}

lab_boot small.tar.xz
expect_small_boot
check_all || exit 0
debian_image rootfs.tar.xz
ln -s "$DEBIAN" "$WORK/www/rootfs.tar.xz"
MEMORY=1536 BOOT_TIMEOUT=400
lab_boot rootfs.tar.xz
expect_good_boot
expect '=== capability /usr/bin/ping cap_net_raw=ep'
