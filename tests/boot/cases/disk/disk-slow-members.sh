# promise: a member of an array or a btrfs that has not answered is not missing: it is waited for,
# named, up to the time limit, and what is degraded is used only then; a silent disk keeps nobody
# from the root on a logical volume, and costs its three seconds once
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/volumes.sh"
. "$TOP/tests/boot/lib/silent.sh"
sysroot lvm mdadm
build_volumes raid 'include disk' 'include raid'
build_volumes lvm 'include disk' 'include lvm'
small_root "$WORK/small"
ext4 "$WORK/root.fs" 32M members "$root_uuid" "$WORK/small"
"$TOP/tests/boot/raid-member" "$WORK/root.fs" 33221100-7766-5544-bbaa-9988ffeeddcc other:0 \
	"$WORK/one" "$WORK/two"
disk "$WORK/one.img" fd "$WORK/one"
disk "$WORK/two.img" fd "$WORK/two"
said="more seconds are waited for what has not answered: '/dev/vdb1'"
# the kernel does not power off before the disk answers
ending="busybox init reached => monitor $lift two $none"

# degraded only at the end of the time
drive one "$WORK/one.img"
silent_drive two "$WORK/two.img"
boot_attended raid 'root=LABEL=members ro vi.timeout=25' "$ending" -- $DRIVES
expect "'/dev/md[0-9]*' lacks disks: [1-9][0-9]* $said"
expect "RAID array '/dev/md[0-9]*' of other:0 lacks disks: it is started without them"
expect '=== root ext4 ro'
expect_small_boot

# not at all when the disk answers late
boot_attended raid 'root=LABEL=members rw vi.timeout=90' "$said => monitor $lift two $none" \
	-- $DRIVES
expect "'/dev/vdb1' $unanswered"
expect '=== root ext4 rw'
expect_not 'it is started without them'
expect_small_boot

# a btrfs that may be used degraded
truncate -s 128M "$WORK/bone" "$WORK/btwo"
one=$(losetup -f --show "$WORK/bone")
two=$(losetup -f --show "$WORK/btwo")
mkfs.btrfs -q -d raid1 -m raid1 -L btrfsroot "$one" "$two" >"$WORK/mkfs.log" 2>&1 ||
	fail "mkfs.btrfs: $(cat "$WORK/mkfs.log")"
mkdir "$WORK/mounted"
mount "$one" "$WORK/mounted"
cp -a "$WORK/small/." "$WORK/mounted/"
umount "$WORK/mounted"
losetup -d "$one" "$two"
btrfs device scan --forget
disk "$WORK/bone.img" 83 "$WORK/bone"
disk "$WORK/btwo.img" 83 "$WORK/btwo"
DRIVES=''
drive one "$WORK/bone.img"
silent_drive two "$WORK/btwo.img"
boot_attended raid 'root=LABEL=btrfsroot ro vi.degraded vi.timeout=90' \
	"$said => monitor $lift two $none" \
	-- $DRIVES
expect "'/dev/vda1' lacks disks: [1-9][0-9]* $said"
expect '=== root btrfs ro'
expect_not 'it is used degraded'
expect_small_boot

# lvm reads no disk that is silent
physical_volume "$WORK/pv" vg "root=$WORK/root.fs"
disk "$WORK/pv.img" 8e "$WORK/pv"
DRIVES=''
silent_drive two "$WORK/two.img"
drive pv "$WORK/pv.img"
boot_attended lvm 'root=/dev/vg/root ro vi.timeout=60' "$ending" -- $DRIVES
expect '=== root ext4 ro'
expect_small_boot
for device in vda vda1; do
	[ "$(log | grep -c "^findimg: warning: '/dev/$device' has not answered for 3 s")" = 1 ] ||
		fail "$device was waited for more than once"
done
