# promise: one passphrase opens all LUKS volumes of the command line, each with its own options; key
# files and headers on other devices are named as not supported, and the console asks instead
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
# Every day skel/volumes.bats has what cryptsetup is given, and disk-luks-lvm opens a volume.
. "$TOP/tests/boot/lib/volumes.sh"
one=11112222-3333-4444-5555-66667777888a two=11112222-3333-4444-5555-66667777888b
sysroot cryptsetup
build_volumes x 'include disk' 'include luks'
small_root "$WORK/small"
cat >"$WORK/small/etc/volumes" <<'VOLUMES'
for dir in /sys/block/dm-*; do
	read -r name <$dir/dm/name && read -r ro <$dir/ro && read -r trim <$dir/queue/discard_max_bytes
	[ "$trim" = 0 ] || trim=yes
	echo "=== volume $name ro $ro trim $trim"
done
VOLUMES
ext4 "$WORK/root.fs" 32M luksroot "$root_uuid" "$WORK/small"
ext4 "$WORK/data.fs" 16M data "$host_uuid"
encrypt "$WORK/root.fs" "$WORK/root.luks" $one
encrypt "$WORK/data.fs" "$WORK/data.luks" $two
disk "$WORK/disk.img" 83 "$WORK/root.luks" "$WORK/data.luks"

# nobody answers a second question
typing x "root=LABEL=luksroot rw rd.luks.uuid=$one rd.luks.uuid=$two rd.luks.options=$one=discard,no-read-workqueue rd.luks.options=$two=read-only rd.luks.key=/key:LABEL=usb test.run=/etc/volumes" secret
expect "rd.luks.key=.*recognised, not supported"
expect "=== volume luks-$one ro 0 trim yes"
expect "=== volume luks-$two ro 1 trim 0"
expect '=== root ext4 rw'
expect_small_boot

typing x "root=/dev/mapper/root rw luks.name=$one=root luks.name=$two=data luks.options=$two=discard test.run=/etc/volumes" secret
expect '=== volume root ro 0 trim 0'
expect '=== volume data ro 0 trim yes'
expect_small_boot
part "$WORK/after.luks" "$WORK/disk.img" 1
decrypt "$WORK/after.luks" "$WORK/after.fs"
clean_ext4 "$WORK/after.fs"

# a volume whose header lies on a USB drive looks like nothing
dd if=/dev/zero of="$WORK/root.luks" bs=1M count=4 conv=notrunc status=none
rm "$WORK/disk.img"
disk "$WORK/disk.img" 83 "$WORK/root.luks"
typing x "root=/dev/mapper/luks-$one rd.luks.uuid=$one rd.luks.options=$one=header=/luks.header:LABEL=usb vi.timeout=3 panic=-1"
expect "the option 'header=/luks.header:LABEL=usb' is not used"
expect 'LUKS volumes on the command line that were not found: '
expect "'/dev/mapper/luks-$one' was not found within 3 s"
