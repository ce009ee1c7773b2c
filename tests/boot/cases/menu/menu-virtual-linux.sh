# promise: Virtual Linux' entries of isolinux boot a CD with a cloop image, found in the second
# drive: 5 loads what root.tgz, etc.tgz and update.tgz on a FAT USB drive saved, and saves again;
# clean= leaves all of that alone
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day without the entry clean=: skel/archive.bats has it, and persist-archive boots norestore, which is the same.
. "$TOP/tests/boot/lib/menus.sh"
build initrd loop -s 'image /.virtual_root' -s 'host cdrom' -s 'persist archive:any:/virt_linux/'
small_root "$WORK/small"
mkdir "$WORK/small/root"
rm "$WORK/small/sbin/init"
printf '#!/bin/sh\necho "=== init got $*" >/dev/ttyS0\nexec /bin/init "$@"\n' \
	>"$WORK/small/sbin/init"
ln -s busybox "$WORK/small/bin/init"
chmod +x "$WORK/small/sbin/init"
cat >"$WORK/small/etc/turn" <<'TURN'
for file in /root/old /etc/old /root/updated; do
	if [ -e $file ]; then read -r line <$file; echo "=== $file: $line"; else echo "=== $file: none"; fi
done
[ ! -e /root/old ] || echo new >/root/old
TURN
ext4 "$WORK/root.img" 24M vroot "$root_uuid" "$WORK/small"
create_compressed_fs -q -B 65536 "$WORK/root.img" "$WORK/virtual_root" >"$WORK/cloop.log" 2>&1 ||
	fail "$(cat "$WORK/cloop.log")"

mkdir -p "$WORK/saved/root" "$WORK/saved/etc"
for file in root/old etc/old; do echo saved >"$WORK/saved/$file"; done
for dir in root etc; do tar -C "$WORK/saved" -czf "$WORK/$dir.tgz" $dir; done
echo saved >"$WORK/saved/root/updated"
tar -C "$WORK/saved" -czf "$WORK/update.tgz" root/updated
vfat "$WORK/stick" 64 STICK "$WORK/root.tgz=virt_linux/root.tgz"
mcopy -i "$WORK/stick" "$WORK/etc.tgz" "$WORK/update.tgz" ::virt_linux
disk "$WORK/disk.img" c "$WORK/stick"

# cd_boot LABEL: that entry of the menu, from the second drive; the first has another CD
cd_boot() {
	isolinux "$WORK/cd.iso" virtual-linux.cfg "$1" test.run=/etc/turn "$WORK/virtual_root" \
		.virtual_root
	boot_firmware -drive "file=$WORK/disk.img,format=raw,if=virtio" \
		-drive "file=$WORK/other.iso,if=none,id=other,media=cdrom,readonly=on" \
		-drive "file=$WORK/cd.iso,if=none,id=cd,media=cdrom,readonly=on" \
		-device ide-cd,drive=other,bus=ide.0 \
		-device ide-cd,drive=cd,bus=ide.1,bootindex=1
	expect_small_boot
	expect '=== root overlay rw'
	expect_not 'Invalid argument'
	part "$WORK/stick" "$WORK/disk.img" 1
	clean_vfat "$WORK/stick"
}

xorriso -as mkisofs -quiet -o "$WORK/other.iso" "$WORK/saved" 2>/dev/null
cd_boot linux
expect '=== init got 5$'
expect '=== /root/old: saved'
expect '=== /etc/old: saved'
expect '=== /root/updated: saved'
mcopy -i "$WORK/stick" ::virt_linux/saved.tar.zst - >"$WORK/first" || fail 'nothing was saved'
check_all || return 0
cd_boot clean
expect '=== init got 3$'
expect '=== /root/old: none'
expect '=== /root/updated: none'
mcopy -i "$WORK/stick" ::virt_linux/saved.tar.zst - | cmp "$WORK/first" - ||
	fail 'what was saved changed with clean='
