# promise: a snapshot of a dynamic image boots read-only, without any process of ours, and the
# root's udev knows its file systems
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
build loop loop -s 'persist ram' -s 'image /vm/child.qcow2'
other_uuid=6d6b7669-6e69-7472-6400-000000000077
debian_image root.ext4
cp --sparse=always "$DEBIAN" "$WORK/root.ext4"
echo "UUID=$other_uuid /mnt ext4 ro 0 0" >"$WORK/fstab"
debugfs -w -R 'rm /etc/fstab' "$WORK/root.ext4" 2>/dev/null
debugfs -w -R "write $WORK/fstab /etc/fstab" "$WORK/root.ext4" 2>/dev/null
ext4 "$WORK/other.ext4" 8M other "$other_uuid"
disk "$WORK/debian.img" 83 "$WORK/root.ext4" "$WORK/other.ext4"
mkdir -p "$WORK/host/vm"
qemu-img convert -q -f raw -O vdi "$WORK/debian.img" "$WORK/host/vm/base.vdi"
qemu-img create -q -f qcow2 -b base.vdi -F vdi "$WORK/host/vm/child.qcow2"
ext4 "$WORK/host.ext4" 640M host "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4" "$WORK/debian.img" "$WORK/root.ext4"
boot loop "rw vi.part=1 test.keep=dm" -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_good_boot
expect '=== wrote dm'
expect '=== mounts .*/mnt'
part "$WORK/host" "$WORK/disk.img" 1
clean_ext4 "$WORK/host"
