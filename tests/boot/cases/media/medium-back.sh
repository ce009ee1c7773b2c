# promise: vi.toram=auto leaves the image on the CD when memory is short, and the tray is open at
# the end; with memory enough the USB drive can be pulled out while the root runs
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
build overlay overlay -s 'image /live/root.sqfs'
small_root "$WORK/small"
printf 'echo "=== busybox init reached"\nreboot\nexit\n' >"$WORK/small/etc/again"
cat >"$WORK/small/etc/unplug" <<'UNPLUG'
[ -b /dev/sda ] && echo '=== the stick is here'
n=0
while [ -e /sys/block/sda ] && [ $n -lt 120 ]; do n=$((n + 1)); sleep 1; done
[ -e /sys/block/sda ] || echo '=== the stick is gone'
echo 3 >/proc/sys/vm/drop_caches
busybox sha256sum /bin/busybox | while read -r sum name; do echo "=== read $sum"; done
UNPLUG
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/cd/live"
mv "$WORK/root.sqfs" "$WORK/cd/live"
xorriso -as mkisofs -quiet -R -V LIVE -o "$WORK/cd.iso" "$WORK/cd" 2>/dev/null

MEMORY=512
boot_attended overlay 'vi.toram=auto test.run=/etc/again' \
	'remove the disc from /dev/sr0 => monitor info block' 'seconds) => type ' \
	-- -drive "file=$WORK/cd.iso,if=ide,media=cdrom,readonly=on"
expect 'root.sqfs is not copied to RAM: that needs [0-9]* MiB and 512 MiB of headroom, [0-9]* MiB are available'
expect '=== monitor.*tray open'
expect_small_boot

MEMORY=1024
boot_attended overlay 'vi.toram=auto test.run=/etc/unplug' \
	'=== the stick is here => monitor device_del stick' \
	-- -device qemu-xhci -drive "file=$WORK/cd.iso,if=none,id=s,format=raw,readonly=on" \
	-device usb-storage,id=stick,drive=s,removable=on
expect '/dev/sda is no longer needed'
expect '=== the stick is gone'
expect_not 'was removed'
expect "=== read $(sha256sum /bin/busybox | cut -d' ' -f1)"
expect_small_boot
