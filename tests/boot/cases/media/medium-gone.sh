# promise: a CD that is taken out of a running overlay root is reported, and the root continues when
# it is put back; a persistent storage on a drive of its own that is pulled out is reported,
# Ctrl-Alt-Del and poweroff end the machine, and at the next boot what was synced is there and all
# is clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/hosts.sh"
build overlay overlay -s 'module atkbd' -s 'param vi.modules=atkbd' -s 'image /live/root.sqfs' \
	-s 'applet e2fsck mke2fs'
small_root "$WORK/small"
cat >"$WORK/small/etc/disc" <<'DISC'
echo '=== the disc is here'
read -r _ </dev/console
echo 3 >/proc/sys/vm/drop_caches
busybox sha256sum /bin/busybox && echo '=== the root continues'
read -r _ </dev/console
DISC
cat >"$WORK/small/etc/pulled" <<'PULLED'
echo synced >/synced && sync
echo unsynced >/unsynced
echo "=== the drive is here"
while [ -e /sys/block/sda ]; do sleep 1; done
echo 3 >/proc/sys/vm/drop_caches
read -r _ </dev/console
poweroff
exit
PULLED
echo 'read -r line </synced && echo "=== $line is here"' >"$WORK/small/etc/look"
mkdir -p "$WORK/host/live" "$WORK/empty"
small_image "$WORK/host/live/root.sqfs"

host_disk iso9660 "$WORK/host"
mv "$WORK/disk.img" "$WORK/cd.iso"
disc="-device ahci,id=ahci -drive file=$WORK/cd.iso,if=none,id=cd,format=raw,media=cdrom,readonly=on -device ide-cd,drive=cd,bus=ahci.0"
boot_attended overlay 'test.run=/etc/disc' '=== the disc is here => monitor eject -f cd' \
	"Put it back to continue => monitor change cd $WORK/cd.iso raw" \
	'there is a disc in sr0 again => type now' '=== the root continues => monitor eject -f cd' \
	'Put it back to continue => monitor sendkey ctrl-alt-delete' -- $disc
expect 'the disc was taken out of sr0, and the root needs it'
expect 'there is a disc in sr0 again'
expect 'restarting the machine'
expect 'reboot: Restarting system'

host_disk ext4 "$WORK/host"
# stored KIND STEP END: a store of that kind on a USB drive
stored() {
	ext4 "$WORK/usb.ext4" 100M STORE "$root_uuid" "$WORK/empty"
	disk "$WORK/usb.img" 83 "$WORK/usb.ext4"
	medium="$MEDIUM -device qemu-xhci -blockdev driver=raw,node-name=s,file.driver=file,file.filename=$WORK/usb.img -device usb-storage,id=stick,drive=s,serial=VI0001"
	boot_attended overlay "vi.persist=$1 test.run=/etc/pulled" \
		'=== the drive is here => monitor device_del stick' \
		"what was not synced is lost => monitor info block" "drop_caches: 3 => $2" -- \
		$medium
	expect 'sda1 (serial VI0001) was removed, and the root needs it'
	expect "reboot: $3"
	boot_attended overlay "vi.persist=$1 test.run=/etc/look" -- $medium
	expect '=== synced is here'
	expect_small_boot
	part "$WORK/part" "$WORK/usb.img" 1
	clean_ext4 "$WORK/part"
	host_clean ext4
}
stored dir:LABEL=STORE:/changes 'monitor sendkey ctrl-alt-delete' 'Restarting system'
stored file:LABEL=STORE:/changes.img,32M 'type now' 'Power down'
