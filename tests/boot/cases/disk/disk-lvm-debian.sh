# promise: Debian with its own lvm2 on a logical volume, another volume in its fstab: no unit fails,
# all is closed at the end
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
. "$TOP/tests/boot/lib/volumes.sh"
sysroot lvm
build_volumes x 'include disk' 'include lvm'
debian_image root.ext4
cp --sparse=always "$DEBIAN" "$WORK/root.fs"
mkdir "$WORK/mnt"
mount -o loop "$WORK/root.fs" "$WORK/mnt"
tar -C "$LVM" -c . | tar -C "$WORK/mnt" -x --keep-directory-symlink --no-overwrite-dir
printf '/dev/vg/root / ext4 defaults 0 1\n/dev/mapper/vg-home /home ext4 defaults 0 2\n' \
	>"$WORK/mnt/etc/fstab"
units=$WORK/mnt/etc/systemd/system
mkdir -p "$units/sysinit.target.wants" "$units/multi-user.target.wants"
for unit in lvm2-monitor.service blk-availability.service lvm2-lvmpolld.socket; do
	ln -s "/lib/systemd/system/$unit" "$units/sysinit.target.wants/"
done
cat >"$units/look.service" <<'UNIT'
[Unit]
After=local-fs.target
Before=boot-report.service
[Service]
Type=oneshot
ExecStart=sh -c 'lvs --noheadings -o lv_full_name,lv_active | while read -r line; do echo "<4>=== lvs $line" >/dev/kmsg; done; echo new >/home/new'
UNIT
ln -s ../look.service "$units/multi-user.target.wants/"
umount "$WORK/mnt"
ext4 "$WORK/home.fs" 32M home "$host_uuid"
physical_volume "$WORK/pv" vg "root=$WORK/root.fs" "home=$WORK/home.fs"
disk "$WORK/disk.img" 8e "$WORK/pv"

boot x "root=UUID=$root_uuid ro rd.lvm.vg=vg" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== lvs vg/home active'
expect '=== lvs vg/root active'
expect '=== mounts .* /home '
root_mib=$(($(stat -c %s "$WORK/root.fs") / 1048576))
part "$WORK/pv.after" "$WORK/disk.img" 1
clean_volume "$WORK/pv.after" vg $root_mib
clean_volume "$WORK/pv.after" vg 32 $((root_mib + 1))
debugfs -R 'cat /new' "$WORK/lv.fs" 2>/dev/null | grep -qx new || fail '/home was not written to'
