# promise: CDs of Ubuntu (casper), Arch, Fedora (dracut) and Slax, all in the machine at once, boot
# with the parameters of their own menus
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/live.sh"
build overlay overlay
live_root
iso() {
	xorriso -as mkisofs -quiet -iso-level 3 -R -J "$@" 2>/dev/null
}
casper_files "$WORK/casper"
iso -V 'Ubuntu 24.04.3 LTS amd64' -o "$WORK/casper.iso" "$WORK/casper"
archiso_files "$WORK/archiso" sfs
iso -V ARCH_202611 --modification-date=2026110109300000 -o "$WORK/archiso.iso" "$WORK/archiso"
dracut_files "$WORK/dracut" rootfs.img
iso -V Fedora-WS-Live-43-1-6 -o "$WORK/dracut.iso" "$WORK/dracut"
slax_files "$WORK/slax"
iso -V Slax -o "$WORK/slax.iso" "$WORK/slax"
media=''
for name in slax dracut casper archiso; do media="$media -drive file=$WORK/$name.iso,format=raw,media=cdrom"; done

boot overlay 'BOOT_IMAGE=/casper/vmlinuz test.run=/etc/tell --- quiet splash' $media
expect_small_boot
expect '=== root overlay rw'
for name in minimal standard live; do expect "=== layer $name"; done
expect '=== top live'
expect_not '=== layer zh\|=== layer secureboot'

boot overlay 'archisobasedir=arch archisosearchuuid=2026-11-01-09-30-00-00 test.run=/etc/tell' \
	$media
expect_small_boot
expect '=== root overlay rw'
expect '=== top airootfs'

boot overlay 'root=live:CDLABEL=Fedora-WS-Live-43-1-6 rd.live.image quiet rhgb test.run=/etc/tell' \
	$media
expect_small_boot
expect '=== root overlay rw'
expect '=== top rootfs.img'

boot overlay 'vga=normal initrd=/slax/boot/initrfs.img load_ramdisk=1 prompt_ramdisk=0 rw printk.time=0 consoleblank=0 toram automount test.run=/etc/tell test.run=/etc/copied' $media
expect_small_boot
expect '=== root overlay rw'
for name in core nine ten module; do expect "=== layer $name"; done
expect '=== top ten'
expect '=== rootcopy'
expect '/dev/sr[0-3] is no longer needed'
