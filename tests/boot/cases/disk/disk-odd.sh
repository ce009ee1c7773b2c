# promise: a root on an NVMe namespace with blocks of 4096 bytes and /usr on the next one boot, by
# id and by path, beside drives without a medium; a namespace that two controllers lead to is one
# disk
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build disk disk
small_root "$WORK/small"
mkdir -p "$WORK/small/usr" "$WORK/usr"
mv "$WORK/small/bin" "$WORK/small/sbin" "$WORK/usr/"
ln -s usr/bin "$WORK/small/bin"
ln -s usr/sbin "$WORK/small/sbin"
echo '/dev/disk/by-path/pci-0000:00:0a.0-nvme-2 /usr ext4 defaults 0 2' >"$WORK/small/etc/fstab"
cat >"$WORK/small/etc/usr" <<'USR'
while read -r device target type rest; do [ "$target" = /usr ] && echo "=== usr $device $type $rest"; done </proc/mounts
for dir in /sys/block/*; do echo "=== disk ${dir##*/}"; done
USR
mke2fs -q -t ext4 -b 4096 -L odd -U "$root_uuid" -d "$WORK/small" "$WORK/root.fs" 32M
mke2fs -q -t ext4 -b 4096 -L usr -d "$WORK/usr" "$WORK/usr.fs" 16M
truncate -s 40M "$WORK/one"
device=$(losetup -f --show -b 4096 "$WORK/one")
printf 'start=256, size=8192\n' | sfdisk -q --no-reread --label gpt "$device" \
	2>"$WORK/sfdisk.log" || fail "sfdisk: $(cat "$WORK/sfdisk.log")"
losetup -d "$device"
dd if="$WORK/root.fs" of="$WORK/one" bs=1M seek=1 conv=notrunc,sparse status=none
truncate -s 32M "$WORK/card"
truncate -s 1440K "$WORK/floppy"

boot disk 'root=/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_deadbeef_1-part1 rw test.run=/etc/usr test.keep=one' \
	-device nvme,id=nv,serial=deadbeef,addr=0a.0 \
	-drive "file=$WORK/one,format=raw,if=none,id=one" \
	-device nvme-ns,drive=one,bus=nv,nsid=1,logical_block_size=4096,physical_block_size=4096 \
	-drive "file=$WORK/usr.fs,format=raw,if=none,id=two" \
	-device nvme-ns,drive=two,bus=nv,nsid=2,logical_block_size=4096,physical_block_size=4096 \
	-device sdhci-pci -drive "file=$WORK/card,format=raw,if=none,id=card" \
	-device sd-card,drive=card \
	-device sdhci-pci -device ide-cd -device qemu-xhci -device usb-bot,id=bot \
	-device scsi-cd,bus=bot.0 \
	-drive "file=$WORK/floppy,format=raw,if=floppy"
# the kernel numbers what it finds in any order
for disk in nvme0n1 nvme0n2 'mmcblk[01]' sr0 sr1; do expect "=== disk $disk"; done
expect '=== root ext4 rw'
expect '=== usr /dev/nvme0n[12] ext4 rw'
expect '=== wrote one'
expect_not 'was not found'
expect_not 'more seconds for'
expect_small_boot
dd if="$WORK/one" of="$WORK/root.after" bs=1M skip=1 count=32 conv=sparse status=none
clean_ext4 "$WORK/root.after"
clean_ext4 "$WORK/usr.fs"

# every day the unit tests have its links
if check_all; then
	small_root "$WORK/paths"
	echo 'for dir in /sys/block/*; do echo "=== disk ${dir##*/}"; done' >"$WORK/paths/etc/disks"
	ext4 "$WORK/paths.fs" 32M odd "$root_uuid" "$WORK/paths"
	disk "$WORK/paths.img" 83 "$WORK/paths.fs"
	boot disk 'root=/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_deadbeef_1-part1 rw test.run=/etc/disks test.keep=one' \
		-device nvme-subsys,id=sub,nqn=sub -device nvme,id=a,serial=deadbeef,subsys=sub \
		-device nvme,id=b,serial=deadbeef,subsys=sub \
		-drive "file=$WORK/paths.img,format=raw,if=none,id=one" \
		-device nvme-ns,drive=one,bus=a,nsid=1,shared=on
	expect '=== disk nvme[01]c[01]n1'
	expect '=== wrote one'
	expect_not 'was not found'
	expect_small_boot
	part "$WORK/part" "$WORK/paths.img" 1
	clean_ext4 "$WORK/part"
fi
