# promise: dracut's layout STORAGE: a root on LVM on a RAID 1 boots with both disks, and with one of
# them, and leaves the array clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/volumes.sh"
array=33221100:77665544:bbaa9988:ffeeddcc
sysroot lvm mdadm
build_volumes x 'include disk' 'include lvm' 'include raid'
small_root "$WORK/small"
ext4 "$WORK/root.fs" 32M dracut "$root_uuid" "$WORK/small"
physical_volume "$WORK/pv" dracut "root=$WORK/root.fs"
"$TOP/tests/boot/raid-member" "$WORK/pv" 33221100-7766-5544-bbaa-9988ffeeddcc other:0 "$WORK/one" \
	"$WORK/two"

# mdadm_says DISK PATTERN
mdadm_says() {
	device=$(losetup -r -f --show "$1")
	"$LVM/sbin/mdadm" --examine "$device" >"$WORK/examine.log" 2>&1 || :
	losetup -d "$device"
	grep -q -e "$2" "$WORK/examine.log" ||
		fail "mdadm --examine $1 does not say $2: $(cat "$WORK/examine.log")"
}
mdadm_says "$WORK/one" "Array UUID : $array"

boot x 'root=LABEL=dracut rw rd.auto=1 rd.luks.crypttab=0 test.keep=one' \
	-drive "file=$WORK/one,format=raw,if=virtio" -drive "file=$WORK/two,format=raw,if=virtio"
expect '=== root ext4 rw'
expect '=== wrote one'
expect_small_boot
mdadm_says "$WORK/two" 'State : clean'
mdadm_says "$WORK/two" 'Array State : AA'
dd if="$WORK/two" of="$WORK/pv.after" bs=1M skip=1 conv=sparse status=none
clean_volume "$WORK/pv.after" dracut 32

boot x 'root=LABEL=dracut ro rd.auto=1 rd.luks.crypttab=0' \
	-drive "file=$WORK/two,format=raw,if=virtio"
expect "RAID array '/dev/md0' of other:0 lacks disks: it is started without them"
expect '=== kept one'
expect_small_boot
mdadm_says "$WORK/two" 'State : clean'
