# promise: with systemd, a USB drive that is pulled out of a running root is told on the console,
# and Ctrl-Alt-Del restarts the machine without it, whatever is no longer in memory; the next boot
# ends clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
build overlay overlay -s 'module atkbd evdev button' -s 'param vi.modules=atkbd,evdev,button' \
	-s 'image /root.sqfs' -s 'applet e2fsck mke2fs'
mkdir "$WORK/host"
debian_image root-zstd.sqfs
cp "$DEBIAN" "$WORK/host/root.sqfs"
ext4 "$WORK/usb.ext4" 260M LIVE "$host_uuid" "$WORK/host"
disk "$WORK/usb.img" 83 "$WORK/usb.ext4"
rm -r "$WORK/host" "$WORK/usb.ext4"
medium="-device qemu-xhci -blockdev driver=raw,node-name=s,file.driver=file,file.filename=$WORK/usb.img -device usb-storage,id=stick,drive=s,serial=VI0001"

boot_attended overlay 'rw vi.persist=dir:LABEL=LIVE:/changes test.keep=synced test.stay=1' \
	'=== multi-user reached => monitor device_del stick' \
	'what was not synced is lost => monitor sendkey ctrl-alt-delete' -- $medium
expect 'sda1 (serial VI0001) was removed'
expect 'restarting the machine'
expect 'reboot: Restarting system'
boot_attended overlay 'rw vi.persist=dir:LABEL=LIVE:/changes' -- $medium
expect '=== kept synced'
expect_good_boot
part "$WORK/part" "$WORK/usb.img" 1
clean_ext4 "$WORK/part"
