# promise: a root on an SD card boots, by id, beside a card reader whose slots are empty, a drive
# without a disc and a floppy drive without a disk, and none of them is waited for or reported
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
small_root "$WORK/small"
echo 'for dir in /sys/block/*; do echo "=== disk ${dir##*/} $(cat "$dir/size")"; done' \
	>"$WORK/small/etc/disks"
ext4 "$WORK/root.fs" 32M card "$root_uuid" "$WORK/small"
disk "$WORK/card" 83 "$WORK/root.fs"
# of a size that cards can have
truncate -s 64M "$WORK/card"

# Slots of a reader are removable disks of 0 bytes that say LUN NOT READY; of two controllers one
# has no card.
boot disk 'root=/dev/disk/by-id/mmc-QEMU__0xdeadbeef-part1 rw test.run=/etc/disks test.keep=one' \
	-M pc \
	-device sdhci-pci -device sdhci-pci,id=sd \
	-drive "file=$WORK/card,format=raw,if=none,id=card" -device sd-card,drive=card \
	-device qemu-xhci -device usb-bot,id=reader \
	-blockdev null-co,node-name=slot0,size=0 \
	-device scsi-hd,bus=reader.0,lun=0,removable=on,drive=slot0 \
	-blockdev null-co,node-name=slot1,size=0 \
	-device scsi-hd,bus=reader.0,lun=1,removable=on,drive=slot1 \
	-device scsi-cd,bus=reader.0,lun=2 -device ide-cd -device floppy
expect '=== disk mmcblk[01] 131072'
for disk in sda sdb; do expect "=== disk $disk 0"; done
expect '=== root ext4 rw'
expect '=== wrote one'
expect_not 'was not found'
expect_not 'more seconds for'
expect_not 'mkvinitrd: .*\(sd[ab]\|sr[01]\|fd0\)'
expect_not 'error, dev '
expect_small_boot
part "$WORK/root.after" "$WORK/card" 1
clean_ext4 "$WORK/root.after"
