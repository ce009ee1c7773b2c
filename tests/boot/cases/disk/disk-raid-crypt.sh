# promise: dracut's layouts STORAGE (RAID, LUKS, LVM, without one disk) and ENC-RAID-LVM (LUKS,
# RAID, LVM) boot with dracut's parameters; one passphrase opens both volumes
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/volumes.sh"
array=33221100-7766-5544-bbaa-9988ffeeddcc
luks_one=11112222-3333-4444-5555-666677778881
luks_two=11112222-3333-4444-5555-666677778882
sysroot lvm mdadm cryptsetup
build_volumes x 'include disk' 'include lvm' 'include raid' 'include luks'
small_root "$WORK/small"
ext4 "$WORK/root.fs" 32M dracut "$root_uuid" "$WORK/small"
physical_volume "$WORK/pv" dracut "root=$WORK/root.fs"

encrypt "$WORK/pv" "$WORK/luks" $luks_one
"$TOP/tests/boot/raid-member" "$WORK/luks" $array other:0 "$WORK/disk.img" "$WORK/lost"
typing x "root=LABEL=dracut ro rd.luks.uuid=$luks_one rd.md.uuid=33221100:77665544:bbaa9988:ffeeddcc rd.md.conf=0 rd.lvm.vg=dracut" secret
expect "RAID array '/dev/md[0-9]*' of other:0 lacks disks"
expect '=== root ext4 ro'
expect_small_boot

"$TOP/tests/boot/raid-member" "$WORK/pv" $array other:0 "$WORK/one" "$WORK/two"
encrypt "$WORK/one" "$WORK/luks1" $luks_one
encrypt "$WORK/two" "$WORK/luks2" $luks_two
rm "$WORK/disk.img"
disk "$WORK/disk.img" 83 "$WORK/luks1" "$WORK/luks2"
typing x "root=/dev/dracut/root ro rd.auto rootwait rd.luks.uuid=luks-$luks_one rd.luks.uuid=luks-$luks_two" secret
expect '=== root ext4 ro'
expect_not 'lacks disks'
expect_small_boot
