# promise: on an f2fs whose directory folds case, an image is found in any letter case, and changes
# are kept in a file there
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# loop-casefold proves the same for ext4. Here a first boot makes the directory: chattr +F needs the
# kernel's driver.
mkdir "$WORK/files"
small_root "$WORK/small"
ext4 "$WORK/files/Linux.img" 32M root "$root_uuid" "$WORK/small"
small_image "$WORK/files/Root.sfs"
small_root "$WORK/filler"
mv "$WORK/files" "$WORK/filler/"
mkdir "$WORK/filler/mnt"
cp /usr/bin/chattr "$WORK/filler/bin/"
for library in $(ldd /usr/bin/chattr | grep -o '/[^ ]*'); do
	mkdir -p "$WORK/filler$(dirname "$library")"
	cp -L "$library" "$WORK/filler$library"
done
cat >"$WORK/filler/etc/fill" <<'FILL'
mount -t f2fs /dev/vdb1 /mnt && mkdir /mnt/VM && chattr +F /mnt/VM && busybox cp /files/* /mnt/VM/ && umount /mnt && echo '=== filled'
FILL
ext4 "$WORK/filler.ext4" 128M filler 6d6b7669-6e69-7472-6400-0000000000f6 "$WORK/filler"
disk "$WORK/filler.img" 83 "$WORK/filler.ext4"
truncate -s 256M "$WORK/host.f2fs"
mkfs.f2fs -q -l HOST -O casefold -C utf8 "$WORK/host.f2fs" >"$WORK/mkfs.log"
disk "$WORK/disk.img" 83 "$WORK/host.f2fs"
drive="file=$WORK/disk.img,format=raw,if=virtio"
build disk disk -s 'module f2fs' -s 'param vi.modules=f2fs'
boot disk 'rw root=UUID=6d6b7669-6e69-7472-6400-0000000000f6 test.run=/etc/fill' \
	-drive "file=$WORK/filler.img,format=raw,if=virtio" -drive "$drive"
expect '=== filled'

build loop loop
boot loop 'rw vi.host=LABEL=HOST vi.image=/VM/LINUX.img vi.part=whole test.keep=loop' \
	-drive "$drive"
expect_small_boot
expect '=== root ext4 rw'
boot loop 'rw vi.host=LABEL=HOST vi.image=/VM/linux.IMG vi.part=whole' -drive "$drive"
expect '=== kept loop'
build overlay overlay -s 'applet e2fsck mke2fs'
boot overlay 'rw vi.host=LABEL=HOST vi.image=/VM/root.SFS vi.persist=dir:/VM/changes test.keep=overlay' -drive "$drive"
expect_small_boot
expect '=== root overlay rw'
boot overlay 'rw vi.host=LABEL=HOST vi.image=/VM/Root.sfs vi.persist=dir:/VM/Changes' \
	-drive "$drive"
expect_small_boot
expect '=== kept overlay'
part "$WORK/after.f2fs" "$WORK/disk.img" 1
fsck.f2fs --dry-run "$WORK/after.f2fs" >"$WORK/fsck.log" 2>&1 ||
	fail "fsck.f2fs: $(cat "$WORK/fsck.log")"
