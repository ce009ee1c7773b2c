# promise: a root with busybox whose fstab names its old disk: 'mount -a' mounts what is here and
# fails for nothing, in an image, under an overlay and in memory; the file below the overlay stays
# as it was
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
small_root "$WORK/small"
cat >"$WORK/small/etc/fstab" <<'FSTAB'
UUID=6d6b7669-6e69-7472-6400-0000000000f1 / ext4 errors=remount-ro 0 1
LABEL=INSTALLEDHOME /home ext4 defaults 0 2
UUID=6d6b7669-6e69-7472-6400-0000000000f2 /srv ext4 defaults 0 2
/swapfile none swap sw 0 0
FSTAB
mkdir "$WORK/small/home" "$WORK/small/srv"
cat >"$WORK/small/etc/tables" <<'TABLES'
mount -a && echo '=== mount -a is content'
grep ' /home ' /proc/mounts | while read -r line; do echo "=== home $line"; done
echo '# a line' >>/etc/fstab && echo "=== fstab can be edited: $(busybox tail -n 1 /etc/fstab)"
umount /etc/fstab && busybox sha256sum /etc/fstab | while read -r sum name; do echo "=== own fstab $sum"; done
umount /home
TABLES
sum=$(sha256sum <"$WORK/small/etc/fstab" | cut -d' ' -f1)
mkdir "$WORK/host"
ext4 "$WORK/host/root.img" 32M SMALL "$root_uuid" "$WORK/small"
tar -C "$WORK/small" -c . | zstd -q -o "$WORK/host/root.tar.zst"
small_image "$WORK/host/root.sqfs"
ext4 "$WORK/host.ext4" 160M HOST "$host_uuid" "$WORK/host"
ext4 "$WORK/home.ext4" 16M INSTALLEDHOME 6d6b7669-6e69-7472-6400-0000000000f5
disk "$WORK/disk.img" 83 "$WORK/host.ext4" "$WORK/home.ext4"
rm -r "$WORK/host"
for mode in overlay:root.sqfs:vi.persist=dir:LABEL=HOST:/changes loop:root.img:vi.part=whole \
	tmpfs:root.tar.zst:; do
	image=${mode#*:}
	words=${image#*:} image=${image%%:*}
	build "${mode%%:*}" "${mode%%:*}" -s "image /$image" -s 'applet e2fsck mke2fs'
	boot "${mode%%:*}" "rw $words test.run=/etc/tables" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect '=== mount -a is content'
	expect '=== home /dev/vda2 /home ext4 rw'
	expect '=== fstab can be edited: # a line'
	expect "=== own fstab $sum"
	expect_small_boot
	for n in 1 2; do
		part "$WORK/part" "$WORK/disk.img" $n
		clean_ext4 "$WORK/part"
	done
done
