# promise: a root on a logical volume in a LUKS partition is opened with a passphrase on the
# console, after a wrong one too, and left closed and clean; although it is not activated with its
# group, which has a system ID
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/volumes.sh"
luks_uuid=11112222-3333-4444-5555-666677778888
sysroot lvm cryptsetup
build_volumes x 'include disk' 'include lvm' 'include luks'
small_ext4 "$WORK/root.fs"
mkdir "$WORK/lvm"
echo 'global { system_id_source="lvmlocal" }' >"$WORK/lvm/lvm.conf"
echo 'local { system_id="office-pc" }' >"$WORK/lvm/lvmlocal.conf"
physical_volume "$WORK/pv" my-vg "lv=$WORK/root.fs"
volume_loop=$(losetup -f --show "$WORK/pv")
lvm_on "$volume_loop" lvchange --setactivationskip y my-vg/lv
losetup -d "$volume_loop"
encrypt "$WORK/pv" "$WORK/luks" $luks_uuid
disk "$WORK/disk.img" 83 "$WORK/luks"

typing x "root=/dev/my-vg/lv rd.luks.uuid=$luks_uuid rw test.keep=one" wrong secret
expect 'No key available with this passphrase'
expect_small_boot
expect '=== root ext4 rw'
expect '=== wrote one'
part "$WORK/luks.after" "$WORK/disk.img" 1
decrypt "$WORK/luks.after" "$WORK/pv.after"
clean_volume "$WORK/pv.after" my-vg 32
debugfs -R 'cat /kept' "$WORK/lv.fs" 2>/dev/null | grep -qx one ||
	fail 'what was written is not in the volume'
