# promise: a system that is hibernated to a swap file is recognised without resume=, and its root
# not written to; resume= and resume_offset= resume it with what it had in memory
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
build disk disk -s 'applet e2fsck'
small_root "$WORK/small"
cat >"$WORK/small/etc/hibernate" <<'HIBERNATE'
echo "=== first start"
busybox mount -t tmpfs none /tmp
echo remembered >/tmp/state
busybox swapon /swapfile && sync
read -r number </sys/class/block/vda1/dev
read -r offset </etc/offset
echo "$offset" >/sys/power/resume_offset
echo "$number" >/sys/power/resume
echo shutdown >/sys/power/disk
echo disk >/sys/power/state && echo "=== resumed with $(cat /tmp/state)"
busybox swapoff /swapfile
HIBERNATE
# zeros would become holes
tr '\0' x </dev/zero | dd of="$WORK/small/swapfile" bs=1M count=200 iflag=fullblock status=none
mkswap -q "$WORK/small/swapfile"
echo '              ' >"$WORK/small/etc/offset" # room for a number
mke2fs -q -t ext4 -b 4096 -U "$root_uuid" -E root_owner=0:0 -d "$WORK/small" "$WORK/root.ext4" 280M
offset=$(debugfs -R 'bmap /swapfile 0' "$WORK/root.ext4" 2>/dev/null)
block=$(debugfs -R 'bmap /etc/offset 0' "$WORK/root.ext4" 2>/dev/null)
printf '%s\n' "$offset" | dd of="$WORK/root.ext4" bs=4096 seek="$block" conv=notrunc status=none
disk "$WORK/disk.img" 83 "$WORK/root.ext4"
rm -r "$WORK/small" "$WORK/root.ext4"
MEMORY=400
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot disk "rw root=UUID=$root_uuid test.run=/etc/hibernate" $medium
expect '=== first start'
expect_not 'busybox init reached'
sha256sum "$WORK/disk.img" >"$WORK/sums"
boot disk "rw root=UUID=$root_uuid panic=-1" $medium
expect "'/dev/vda1' may belong to the hibernated Linux of the swap file '/swapfile' on '/dev/vda1'"
expect_not 'busybox init reached'
sha256sum -c --quiet "$WORK/sums" || fail 'the hibernated system was written to'
boot disk "rw root=UUID=$root_uuid resume=UUID=$root_uuid resume_offset=$offset" $medium
expect '=== resumed with remembered'
expect_small_boot
part "$WORK/part" "$WORK/disk.img" 1
clean_ext4 "$WORK/part"
