# promise: what boot 1 wrote is there in boot 2 with the changes on a device and in a file on FAT; a
# file grows while the root runs; a full store is told, gives ENOSPC, and nothing breaks
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay -s 'image /live/root.sqfs' -s 'persist file:/changes.img'
small_root "$WORK/small"
cat >"$WORK/small/etc/fill" <<'FILL'
# told TEXT: in time
told() {
	tries=0
	until busybox dmesg | grep -q "$1" || [ $tries -ge 300 ]; do tries=$((tries + 1)); sleep 0.2; done
}
piece=0
while dd if=/dev/zero of=/big$piece bs=1M count=2 2>/run/dd; do
	piece=$((piece + 1)) tries=0
	# as soon as nothing more can be had, no one waits
	while [ "$(busybox stat -f -c %a /)" -lt 5000 ] && [ $tries -lt 8 ]; do tries=$((tries + 1)); sleep 0.2; done
done
cat /run/dd
sync
told 'changes.img is full'
cat /etc/rc >/dev/null && echo "=== read back $?"
rm /big*
FILL
small_image "$WORK/root.sqfs"
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs"
ext4 "$WORK/changes.ext4" 32M changes "$root_uuid"
disk "$WORK/disk.img" c "$WORK/stick.vfat" "$WORK/changes.ext4"
medium="-device qemu-xhci -drive file=$WORK/disk.img,format=raw,if=none,id=s -device usb-storage,drive=s,removable=on"

# a second boot finds what is on a device in persist-luks every day, and here with check-all
boot overlay 'vi.persist=device:LABEL=changes test.keep=boot1' $medium
expect_small_boot
kept='boot1 '
if check_all; then
	boot overlay 'vi.persist=device:LABEL=changes test.keep=boot2' $medium
	expect_small_boot
	expect '=== kept boot1'
	kept='boot1 boot2 '
fi
part "$WORK/changes" "$WORK/disk.img" 2
clean_ext4 "$WORK/changes"
[ "$(debugfs -R 'cat /.mkvinitrd/upper/kept' "$WORK/changes" 2>/dev/null | tr '\n' ' ')" = \
	"$kept" ] || fail 'what was written is not on the device'

boot overlay 'vi.persist=file:/changes.img,24M test.keep=boot1' $medium
expect_small_boot
boot overlay 'vi.persist=file:/changes.img test.run=/etc/fill test.keep=boot2' $medium
expect_small_boot
expect '=== kept boot1'
expect 'changes.img has grown from [0-9]* to [0-9]* MiB'
expect 'changes.img is nearly full: [0-9]* of [0-9]* MiB are free'
expect 'changes.img is full: nothing can be written'
expect 'No space left'
expect '=== read back 0'
if check_all; then
	boot overlay 'vi.persist=file:/changes.img' $medium
	expect_small_boot
	expect '=== kept boot2'
fi
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
mcopy -i "$WORK/stick" ::changes.img "$WORK/changes.img"
clean_ext4 "$WORK/changes.img"
[ "$(debugfs -R 'cat /upper/kept' "$WORK/changes.img" 2>/dev/null | tr '\n' ' ')" = \
	'boot1 boot2 ' ] || fail 'what was written is not in the file'
