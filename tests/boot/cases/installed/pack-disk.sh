# promise: a disk that mkvinitrd pack makes boots by itself through BIOS and UEFI, and as the image
# of mode loop
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day loop-exporters boots a QCOW2 in mode loop, loop-partitions a GPT.
few_modules
small_root "$WORK/small"
mkdir -p "$WORK/small/boot" "$WORK/small/lib/modules"
cp "$KDIR/vmlinuz" "$WORK/small/boot/vmlinuz-$KVER"
cp -a "$KDIR/lib/modules/$KVER" "$WORK/small/lib/modules/"
MKVINITRD=$MKVINITRD "$TOP/scripts/pack" -q --free=16 \
	--append='rw console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on test.keep=packed' \
	"$WORK/small" "$WORK/disk.qcow2" || fail 'mkvinitrd pack'
disk="-drive file=$WORK/disk.qcow2,format=qcow2,if=virtio"
# shellcheck disable=SC2086 # two words
boot_firmware $disk
expect_small_boot
expect '=== wrote packed'
# shellcheck disable=SC2086
boot_firmware -bios /usr/share/ovmf/OVMF.fd $disk
expect_small_boot
expect '=== kept packed'
qemu-img check "$WORK/disk.qcow2" || fail 'the disk is damaged'
check_all || return 0
# the same file as the image of mode loop, on another disk; which partition has the root is not said
mkdir "$WORK/host"
mv "$WORK/disk.qcow2" "$WORK/host/"
ext4 "$WORK/host.fs" 300M imghost "$host_uuid" "$WORK/host"
rm -r "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.fs"
build loop loop
boot loop 'rw vi.image=/disk.qcow2 test.keep=looped' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
expect '=== kept packed'
expect '=== wrote looped'
part "$WORK/host.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.fs"
debugfs -R "dump /disk.qcow2 $WORK/disk.qcow2" "$WORK/host.fs" 2>/dev/null
qemu-img check "$WORK/disk.qcow2" || fail 'the disk is damaged after mode loop'
