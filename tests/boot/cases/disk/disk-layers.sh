# promise: a root in LUKS on a logical volume on a RAID 1, whose /usr is a logical volume of its own
# that its fstab names, boots and is left closed and clean
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/lib/volumes.sh"
luks_uuid=11112222-3333-4444-5555-666677779999
sysroot lvm mdadm cryptsetup
build_volumes x 'include disk' 'include lvm' 'include raid' 'include luks'
small_root "$WORK/small"
mkdir -p "$WORK/small/usr" "$WORK/usr"
mv "$WORK/small/bin" "$WORK/small/sbin" "$WORK/usr/"
ln -s usr/bin "$WORK/small/bin"
ln -s usr/sbin "$WORK/small/sbin"
echo '/dev/my-vg/usr /usr ext4 defaults 0 2' >"$WORK/small/etc/fstab"
cat >"$WORK/small/etc/usr" <<'USR'
while read -r device target type rest; do [ "$target" = /usr ] && echo "=== usr $device $type $rest"; done </proc/mounts
USR
ext4 "$WORK/root.fs" 32M layers "$root_uuid" "$WORK/small"
ext4 "$WORK/usr.fs" 16M usr "$host_uuid" "$WORK/usr"
encrypt "$WORK/root.fs" "$WORK/luks" $luks_uuid
physical_volume "$WORK/pv" my-vg "root=$WORK/luks" "usr=$WORK/usr.fs"
"$TOP/tests/boot/raid-member" "$WORK/pv" 33221100-7766-5544-bbaa-9988ffeeddcc other:0 "$WORK/one" \
	"$WORK/two"
disk "$WORK/disk.img" fd "$WORK/one" "$WORK/two"

typing x "root=UUID=$root_uuid rw rd.md.uuid=33221100:77665544:bbaa9988:ffeeddcc rd.lvm.vg=my-vg rd.luks.uuid=$luks_uuid test.run=/etc/usr test.keep=one" secret
expect '=== root ext4 rw'
expect '=== usr /dev/mapper/my--vg-usr ext4 rw'
expect '=== wrote one'
expect_not 'lacks disks'
expect_not 'was not found'
expect_small_boot
for n in 1 2; do
	part "$WORK/member" "$WORK/disk.img" $n
	dd if="$WORK/member" of="$WORK/pv.after" bs=1M skip=1 conv=sparse status=none
	clean_volume "$WORK/pv.after" my-vg 16 37
	dd if="$WORK/pv.after" of="$WORK/luks.after" bs=1M skip=1 count=36 conv=sparse status=none
	decrypt "$WORK/luks.after" "$WORK/root.after"
	clean_ext4 "$WORK/root.after"
	debugfs -R 'cat /kept' "$WORK/root.after" 2>/dev/null | grep -qx one ||
		fail "what was written is not on disk $n"
done
