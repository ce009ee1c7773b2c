# promise: -r of a system for arm64 builds images for it: a raw image, a squashfs under an overlay
# and an archive boot there
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
[ -x "$TOP/build/musl/bin/arm64/bootplan" ] || make -C "$TOP" ARCH=arm64 >"$WORK/make.log" 2>&1 ||
	fail "make ARCH=arm64: $(tail -n 3 "$WORK/make.log")"
KDIR=$("$TOP/scripts/kernels" 6.1-arm64)
KVER=$(ls "$KDIR/lib/modules")
MACHINE=arm64 KERNEL=$KDIR/vmlinuz
SMALL_BUSYBOX=$("$TOP/tests/boot/arm64-busybox")
small_root "$WORK/small"

mkdir -p "$WORK/host/vm" "$WORK/host/live"
ext4 "$WORK/host/vm/root.img" 32M root "$root_uuid" "$WORK/small"
qemu-img convert -q -f raw -O vpc "$WORK/host/vm/root.img" "$WORK/host/vm/root.vhd"
mksquashfs "$WORK/small" "$WORK/host/live/root.sfs" -quiet -no-progress -comp zstd -all-root
tar -C "$WORK/small" -cJf "$WORK/rootfs.tar.xz" --owner=0 --group=0 .
ext4 "$WORK/host.ext4" 160M host "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
drive="file=$WORK/disk.img,format=raw,if=virtio"

build loop loop -s 'image /vm/root.img'
"$MKVINITRD" check -q -r "$KDIR" -k "$KVER" "$WORK/loop.initramfs" || fail 'check refuses the image'
boot loop 'rw test.keep=raw' -drive "$drive"
expect_small_boot
expect '=== wrote raw'
boot loop 'rw vi.image=/vm/root.vhd test.keep=vhd' -drive "$drive"
expect_small_boot
expect '=== wrote vhd'

build overlay overlay -s 'image /live/root.sfs'
boot overlay 'rw' -drive "$drive"
expect_small_boot
expect '=== root overlay'

build tmpfs tmpfs -s "image file:$WORK/rootfs.tar.xz"
boot tmpfs 'rw'
expect_small_boot
expect '=== root tmpfs'

part "$WORK/after.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/after.ext4"

status=0
MKVINITRD=$MKVINITRD "$TOP/scripts/vm" -r "$KDIR" -t "$WORK/small" -T 200 -- sh \
	-c 'busybox uname -m; exit 3' >"$WORK/uname" 2>"$WORK/vm.err" || status=$?
[ "$status:$(cat "$WORK/uname")" = 3:aarch64 ] ||
	fail "mkvinitrd vm: status $status, $(cat "$WORK/uname" "$WORK/vm.err")"
