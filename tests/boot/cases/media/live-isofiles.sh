# promise: the ISO files of Ubuntu (casper), Fedora (dracut) and Arch on a partition boot with the
# parameters of their menus for GRUB's loopback
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay
live_root
iso() {
	xorriso -as mkisofs -quiet -iso-level 3 -R -J "$@" 2>/dev/null
}
mkdir -p "$WORK/host/iso"
casper_files "$WORK/casper"
iso -V 'Ubuntu 24.04.3 LTS amd64' -o "$WORK/host/iso/ubuntu.iso" "$WORK/casper"
archiso_files "$WORK/archiso" erofs
iso -V ARCH_202611 -o "$WORK/host/iso/arch.iso" "$WORK/archiso"
dracut_files "$WORK/dracut" rootfs.img
iso -V Fedora-WS-Live-43-1-6 -o "$WORK/host/iso/fedora.iso" "$WORK/dracut"
ext4 "$WORK/host.ext4" 80M isofiles "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot overlay 'boot=casper layerfs-path=minimal.standard.live.squashfs iso-scan/filename=/iso/ubuntu.iso test.run=/etc/tell' $medium
expect_small_boot
expect '=== root overlay rw'
expect '=== layer minimal'
expect '=== top live'
boot overlay 'iso-scan/filename=/iso/fedora.iso root=live:CDLABEL=Fedora-WS-Live-43-1-6 rd.live.image rd.live.ram=1 test.run=/etc/tell' $medium
expect_small_boot
expect '=== root overlay rw'
expect '=== top rootfs.img'
expect 'vda1 is no longer needed'
boot overlay 'archisobasedir=arch img_dev=/dev/disk/by-label/isofiles img_loop=/iso/arch.iso earlymodules=loop test.run=/etc/tell' $medium
expect_small_boot
expect '=== root overlay rw'
expect '=== top airootfs'
part "$WORK/host.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.ext4"
