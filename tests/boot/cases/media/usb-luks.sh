# promise: changes of a USB drive made with --encrypt are kept in a LUKS volume that the passphrase
# at the console opens
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.1 6.12
# Every day persist-luks opens volumes; here is one that mkvinitrd usb makes.
cryptsetup=$(PATH=$PATH:/sbin:/usr/sbin command -v cryptsetup)
mkdir -p "$WORK/sysroot/lib" "$WORK/sysroot/sbin" "$WORK/sysroot/boot"
cp -a "$KDIR/lib/modules" "$WORK/sysroot/lib/"
cp "$KDIR/vmlinuz" "$WORK/sysroot/boot/vmlinuz-$KVER"
cp "$cryptsetup" "$WORK/sysroot/sbin/"
ldd "$cryptsetup" | grep -o '/[^ ]*' | while read -r library; do
	mkdir -p "$WORK/sysroot$(dirname "$library")"
	cp -L "$library" "$WORK/sysroot$library"
	gcc=$(dirname "$library")/libgcc_s.so.1
	[ ! -e "$gcc" ] || cp -L "$gcc" "$WORK/sysroot$gcc"
done
small_image "$WORK/root.sqfs"
printf secret >"$WORK/key"
# a key takes two seconds on this machine, and minutes in an emulated one
mkdir "$WORK/bin"
printf '#!/bin/sh\nfor word; do\n\tshift\n\t[ "$word" != key-secret=key ] || word=$word,iter-time=10\n\tset -- "$@" "$word"\ndone\nexec %s "$@"\n' \
	"$(command -v qemu-img)" >"$WORK/bin/qemu-img"
chmod +x "$WORK/bin/qemu-img"
PATH=$WORK/bin:$PATH MKVINITRD=$MKVINITRD "$TOP/scripts/usb" -q -r "$WORK/sysroot" -k "$KVER" \
	--encrypt 40 --key-file "$WORK/key" "$WORK/disk.img" "$WORK/root.sqfs" ||
	fail 'mkvinitrd usb --encrypt'
mtype -i "$WORK/disk.img@@1M" ::/boot/grub/menu.cfg >"$WORK/menu"
mcopy -i "$WORK/disk.img@@1M" "::$(sed -n 's/.*initrd //p' "$WORK/menu" | head -n 1)" \
	"$WORK/luks.initramfs"
parameters=$(sed -n 's/.*linux [^ ]* //p' "$WORK/menu" | head -n 1)
typing luks "$parameters test.keep=secretly" secret
expect_small_boot
expect '=== wrote secretly'
typing luks "$parameters" wrong secret
expect_small_boot
expect '=== kept secretly'
