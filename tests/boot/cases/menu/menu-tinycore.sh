# promise: Tiny Core's entry of GRUB 2 on the first partition boots that partition with local=,
# home= and opt= on another and the extensions of tce= on its own, also from an initramfs that was
# unpacked and packed again as Tiny Core's remaster does; root= stays ro until the root's init says
# otherwise
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/menus.sh"
build microcore disk -s 'compress gzip'
mkdir "$WORK/core"
"$MKVINITRD" unpack -q -C "$WORK/core" "$WORK/microcore.initramfs" || fail 'mkvinitrd unpack'
echo remastered >"$WORK/core/etc/remaster"

small_root "$WORK/small"
mkdir -p "$WORK/small/boot/grub" "$WORK/small/home/tc" "$WORK/small/opt" \
	"$WORK/small/usr/local/bin" "$WORK/small/tce/optional"
echo skeleton >"$WORK/small/home/tc/.profile"
cat >"$WORK/small/etc/tell" <<'TELL'
while read -r device target type options rest; do [ "$target" = / ] && echo "=== now ${options%%,*}"; done </proc/mounts
mount -o remount,rw /
ls -1a /home/tc
/usr/local/bin/hello
for dir in home opt usr/local; do echo written >/$dir/note; done
TELL
for extension in hello base; do mkdir -p "$WORK/$extension/usr/local/bin"; done
printf '#!/bin/sh\n. /usr/local/bin/base-part\n' >"$WORK/hello/usr/local/bin/hello"
chmod +x "$WORK/hello/usr/local/bin/hello"
echo "echo '=== hello from an extension'" >"$WORK/base/usr/local/bin/base-part"
for extension in hello base; do
	mksquashfs "$WORK/$extension" "$WORK/small/tce/optional/$extension.tcz" -quiet -no-progress
done
echo base.tcz >"$WORK/small/tce/optional/hello.tcz.dep"
echo hello.tcz >"$WORK/small/tce/onboot.lst"
(cd "$WORK/core" && find . | cpio --quiet -o -H newc | gzip -1) >"$WORK/small/boot/microcore.gz"
cp "$KDIR/vmlinuz" "$WORK/small/boot/bzImage"
menu tinycore.cfg test.run=/etc/tell >"$WORK/small/boot/grub/grub.cfg"
ext4 "$WORK/system" 64M tc "$host_uuid" "$WORK/small"
truncate -s 4M "$WORK/other"
ext4 "$WORK/data" 32M data "$root_uuid"
disk "$WORK/disk.img" 83 "$WORK/system" "$WORK/other" "$WORK/data"
grub_pc "$WORK/disk.img" ext2
rm -r "$WORK/small" "$WORK/core"
boot_firmware -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
expect '=== now ro'
expect '^.profile'
expect '=== hello from an extension'
expect_not 'warning: .*extension'
for p in 1 3; do
	part "$WORK/part" "$WORK/disk.img" $p
	clean_ext4 "$WORK/part"
done
for dir in home opt local; do
	debugfs -R "cat /$dir/note" "$WORK/part" 2>/dev/null | grep -qx written ||
		fail "what was written to $dir is not on the third partition"
done
