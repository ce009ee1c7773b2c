# promise: a USB drive with the dynamic image of the root is pulled out: by dm, by ublk and by nbd
# that is reported, and the power button, Ctrl-Alt-Del and poweroff end the machine; image and host
# are clean at the next boot, with what was synced
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
. "$TOP/tests/boot/lib/hosts.sh"
build loop loop -s 'module atkbd evdev button' -s 'param vi.modules=atkbd,evdev,button'
writer_root "$WORK/small"
cat >"$WORK/small/etc/pulled" <<'PULLED'
echo synced >/synced && sync
echo unsynced >/unsynced
echo "=== the drive is here"
exec 3</dev/console
while [ -e /sys/block/sda ]; do sleep 1; done
read -r _ <&3
poweroff
exit
PULLED
sed '/^read/i echo 3 >/proc/sys/vm/drop_caches' "$WORK/small/etc/pulled" \
	>"$WORK/small/etc/pulled-dropped"
echo 'read -r line </synced && echo "=== $line is here"' >"$WORK/small/etc/look"
ext4 "$WORK/small.ext4" 48M bbroot "$root_uuid" "$WORK/small"
disk "$WORK/raw.img" 83 "$WORK/small.ext4"
rm -r "$WORK/small" "$WORK/small.ext4"

# pulled DEVICES WITHOUT SCRIPT STEP END: the disk is one of DEVICES on a kernel that refuses the
# modules WITHOUT
pulled() {
	rm -rf "$WORK/host" "$WORK/after"
	mkdir "$WORK/host"
	image vhd "$WORK/raw.img" "$WORK/host"
	host_disk ext4 "$WORK/host"
	medium="-device qemu-xhci -blockdev driver=raw,node-name=s,file.driver=file,file.filename=$WORK/disk.img -device usb-storage,id=stick,drive=s,serial=VI0001"
	words="rw vi.image=/$IMAGE module_blacklist=$2"
	boot_attended loop "$words test.run=/etc/$3" \
		'=== the drive is here => monitor device_del stick' \
		"what was not synced is lost => $4" -- $medium
	expect "$IMAGE is /dev/$1"
	expect 'sda1 (serial VI0001) was removed, and the root needs it'
	expect "reboot: $5"
	boot_attended loop "$words test.run=/etc/look" -- $medium
	expect '=== synced is here'
	expect_small_boot
	host_clean ext4
	host_files ext4 "$WORK/after"
	image_raw vhd "$WORK/after" "$WORK/after.img"
	part "$WORK/root.fs" "$WORK/after.img" 1
	clean_ext4 "$WORK/root.fs"
}
pulled dm- no_module pulled-dropped 'monitor sendkey ctrl-alt-delete' 'Restarting system'
case $KVER in
6.1.*) ;; # without ublk
*) pulled ublkb dm_mod pulled-dropped 'monitor system_powerdown' 'Power down' ;;
esac
pulled nbd dm_mod,ublk_drv pulled 'type now' 'Power down'
