# promise: the diskless lab's own iPXE menu boots by TFTP the initramfs with rootfs.tar.xz inside,
# which may take 1500 MiB of RAM; its item for the local disk boots that
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/menus.sh"
small_root "$WORK/small"
echo 'ls /sys/class/net' >"$WORK/small/etc/tell"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
build initramfs tmpfs -s 'module =net' -s "image file:$WORK/rootfs.tar.xz" -s 'size 1500m' \
	-s 'compress gzip'
mkdir "$WORK/tftp"
mv "$WORK/initramfs.initramfs" "$WORK/tftp/initramfs.gz"
cp "$KDIR/vmlinuz" "$WORK/tftp/vmlinuz"
menu diskless.ipxe test.run=/etc/tell >"$WORK/tftp/menu.ipxe"
NIC=e1000 MEMORY=2048

# lab ITEM: the menu takes that item by itself, before its minute is over
lab() {
	printf '#!ipxe\nset menu-timeout 1\n%s\nchain menu.ipxe\n' "${1:+set menu-default $1}" \
		>"$WORK/tftp/boot.ipxe"
	boot_pxe "$WORK/tftp" boot.ipxe -drive "file=$WORK/disk.img,format=raw,if=ide"
}

printf 'serial\nterminal_output serial\necho "=== the local disk"\nhalt\n' >"$WORK/local.cfg"
truncate -s 4M "$WORK/disk.img"
echo 'label: dos' | sfdisk -q "$WORK/disk.img" >/dev/null
grub_pc "$WORK/disk.img" -c "$WORK/local.cfg" serial terminal halt
lab
expect_small_boot
expect '=== root tmpfs rw,.*size=1536000k'
expect '=== resolv nameserver 10.0.2.3'
expect '^eth0'
lab local
expect '=== the local disk'
