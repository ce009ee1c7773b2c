# promise: a USB drive that is pulled out of a running root is told on the console; Ctrl-Alt-Del,
# the power button and the same drive plugged in again end the machine without it; what was synced
# is there at the next boot, which ends clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day a second boot follows where the image is on the drive; what was synced elsewhere is read from outside.
. "$TOP/tests/boot/lib/hosts.sh"
for profile in overlay loop; do
	build $profile $profile -s 'module atkbd evdev button' \
		-s 'param vi.modules=atkbd,evdev,button' -s 'image /live/root.sqfs' \
		-s 'applet e2fsck mke2fs'
done
small_root "$WORK/small"
cat >"$WORK/small/etc/pulled" <<'PULLED'
echo synced >/synced && sync
echo unsynced >/unsynced
echo "=== the drive is here"
while [ -e /sys/block/sda ]; do sleep 1; done
echo 3 >/proc/sys/vm/drop_caches
read -r _ </dev/console
PULLED
echo 'read -r line </synced && echo "=== $line is here"' >"$WORK/small/etc/look"
mkdir -p "$WORK/host/live"
ext4 "$WORK/host/root.img" 32M SMALL "$root_uuid" "$WORK/small"
small_image "$WORK/host/live/root.sqfs"
ext4 "$WORK/usb.ext4" 200M LIVE "$host_uuid" "$WORK/host"
disk "$WORK/usb.img" 83 "$WORK/usb.ext4"
medium="-device qemu-xhci -blockdev driver=raw,node-name=s,file.driver=file,file.filename=$WORK/usb.img -device usb-storage,id=stick,drive=s,serial=VI0001"

# pulled PROFILE WORDS STEP: it is pulled, and STEP answers what the console says then; then a boot
# that looks
pulled() {
	boot_attended "$1" "rw $2 test.run=/etc/pulled" \
		'=== the drive is here => monitor device_del stick' \
		"what was not synced is lost => monitor info block" \
		'drop_caches: 3 => monitor '"$3" -- $medium
	expect 'sda1 (serial VI0001) was removed, and the root needs it: what was not synced is lost'
	expect "$4"
	expect "reboot: $5"
	[ "$1" != overlay ] || check_all || {
		synced_outside "$2"
		return 0
	}
	boot_attended "$1" "rw $2 test.run=/etc/look" -- $medium
	expect '=== synced is here'
	expect_small_boot
	part "$WORK/part" "$WORK/usb.img" 1
	clean_ext4 "$WORK/part"
}

# synced_outside WORDS: after the journals of the drive, and of a store in a file on it, have been replayed
synced_outside() {
	part "$WORK/part" "$WORK/usb.img" 1
	e2fsck -fy "$WORK/part" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "e2fsck: $(cat "$WORK/fsck.log")"
	store=$WORK/part upper=/changes/upper
	case $1 in
	*file:*)
		debugfs -R "dump /changes.img $WORK/store" "$WORK/part" 2>/dev/null
		e2fsck -fy "$WORK/store" >"$WORK/fsck.log" 2>&1 || [ $? = 1 ] || fail "e2fsck: $(cat "$WORK/fsck.log")"
		store=$WORK/store upper=/upper
		;;
	esac
	debugfs -R "cat $upper/synced" "$store" 2>/dev/null | grep -qx synced || fail "what was synced is not in $upper"
}

pulled overlay 'vi.persist=dir:LABEL=LIVE:/changes' 'sendkey ctrl-alt-delete' 'restarting the machine' 'Restarting system'
pulled overlay 'vi.persist=file:LABEL=LIVE:/changes.img,32M' 'device_add usb-storage,id=again,drive=s,serial=VI0001' 'sda1 is back, as sd[a-z]1' 'Restarting system'
pulled loop 'vi.image=/root.img vi.part=whole' 'system_powerdown' 'powering off the machine' 'Power down'
