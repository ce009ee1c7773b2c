# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with media of other live systems: their directories as their own tools lay them
# out, from the small root.
# Read after lib.sh. Each layer tells its name: "=== layer NAME" for all that are in the root, "===
# top NAME" for the uppermost.

# layer NAME OUT [DIRECTORY]: a squashfs with the mark of that layer, over what DIRECTORY has
layer() {
	mkdir -p "$WORK/layer/layer.d"
	[ -z "${3:-}" ] || cp -a "$3/." "$WORK/layer"
	echo "$1" >"$WORK/layer/layer.d/$1"
	echo "$1" >"$WORK/layer/top"
	mkdir -p "$(dirname "$2")"
	mksquashfs "$WORK/layer" "$2" -quiet -no-progress -all-root
	rm -r "$WORK/layer"
}

# live_root: the small root in $WORK/small, whose /etc/tell names the layers
live_root() {
	small_root "$WORK/small"
	cat >"$WORK/small/etc/tell" <<'TELL'
for file in /layer.d/*; do echo "=== layer ${file##*/}"; done
read -r top </top && echo "=== top $top"
TELL
}

# casper_files DIRECTORY: an Ubuntu desktop's, in layers
casper_files() {
	mkdir -p "$1/.disk" "$1/casper" "$1/boot/grub" "$1/preseed"
	echo 'Ubuntu 24.04.3 LTS "Noble Numbat" - Release amd64' >"$1/.disk/info"
	echo 6d6b7669-6e69-7472-6400-00000000ca59 >"$1/.disk/casper-uuid-generic"
	: >"$1/casper/vmlinuz" && : >"$1/casper/initrd" && : >"$1/casper/install-sources.yaml"
	layer minimal "$1/casper/minimal.squashfs" "$WORK/small"
	layer standard "$1/casper/minimal.standard.squashfs"
	layer live "$1/casper/minimal.standard.live.squashfs"
	layer secureboot "$1/casper/minimal.standard.enhanced-secureboot.squashfs"
	layer zh "$1/casper/minimal.standard.zh.squashfs"
}

# archiso_files DIRECTORY sfs|erofs
archiso_files() {
	mkdir -p "$1/arch/boot/x86_64" "$1/arch/x86_64" "$1/boot" "$1/loader"
	: >"$1/arch/boot/x86_64/vmlinuz-linux" && : >"$1/arch/boot/x86_64/initramfs-linux.img"
	: >"$1/boot/2026-11-01-09-30-00-00.uuid"
	mkdir -p "$WORK/tree/layer.d"
	cp -a "$WORK/small/." "$WORK/tree"
	echo airootfs | tee "$WORK/tree/top" >"$WORK/tree/layer.d/airootfs"
	case $2 in
	sfs) mksquashfs "$WORK/tree" "$1/arch/x86_64/airootfs.sfs" \
		-quiet -no-progress -all-root -comp xz ;;
	erofs) mkfs.erofs --quiet -zlz4hc -U 00000000-0000-0000-0000-000000000000 \
		"$1/arch/x86_64/airootfs.erofs" "$WORK/tree" >/dev/null ;;
	esac
	rm -r "$WORK/tree"
	(cd "$1/arch/x86_64" && sha512sum airootfs.* >airootfs.sha512)
	: >"$1/arch/x86_64/airootfs.$2.cms.sig"
}

# dracut_files DIRECTORY squashfs|rootfs.img: the root in the squashfs itself, or in an ext4 in it
dracut_files() {
	mkdir -p "$1/LiveOS" "$1/images/pxeboot" "$1/EFI/BOOT"
	: >"$1/images/pxeboot/vmlinuz" && : >"$1/images/pxeboot/initrd.img"
	mkdir -p "$WORK/tree/layer.d" "$WORK/tree/usr" "$WORK/squash/LiveOS"
	cp -a "$WORK/small/." "$WORK/tree"
	echo "$2" | tee "$WORK/tree/top" >"$WORK/tree/layer.d/$2"
	case $2 in
	squashfs) mksquashfs "$WORK/tree" "$1/LiveOS/squashfs.img" -quiet -no-progress -all-root ;;
	rootfs.img)
		ext4 "$WORK/squash/LiveOS/rootfs.img" 32M Anaconda "$root_uuid" "$WORK/tree"
		mksquashfs "$WORK/squash" "$1/LiveOS/squashfs.img" -quiet -no-progress -all-root
		;;
	esac
	rm -r "$WORK/tree" "$WORK/squash"
}

# slax_files DIRECTORY: numbers tell the order, not letters; modules/ is sorted in, rootcopy/ goes
# over all
slax_files() {
	mkdir -p "$1/slax/boot" "$1/slax/changes" "$1/slax/modules" "$1/slax/rootcopy/etc"
	: >"$1/slax/boot/vmlinuz" && : >"$1/slax/boot/initrfs.img"
	layer core "$1/slax/01-core.sb" "$WORK/small"
	layer ten "$1/slax/10-ten.sb"
	layer nine "$1/slax/9-nine.sb"
	layer module "$1/slax/modules/05-module.sb"
	echo 'echo "=== rootcopy"' >"$1/slax/rootcopy/etc/copied"
}

# boot_layer IMAGE MIB: a read-only IMAGE in a directory of a FAT USB drive of that size, under an
# overlay in RAM; the drive stays as it is. The initramfs "overlay" looks for /live/root.img.
boot_layer() {
	vfat "$WORK/drive.vfat" "$2" DRIVE "$1=live/root.img"
	disk "$WORK/disk.img" c "$WORK/drive.vfat"
	sha256sum "$WORK/disk.img" >"$WORK/sum"
	boot overlay 'vi.persist=ram' -device qemu-xhci \
		-drive "file=$WORK/disk.img,format=raw,if=none,id=s" \
		-device usb-storage,drive=s,removable=on
	expect '=== root overlay rw'
	sha256sum --quiet -c "$WORK/sum" || fail 'the USB drive that was only read has changed'
}
