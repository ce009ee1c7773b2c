# promise: a root without systemd (busybox init) boots and powers off
# SPDX-License-Identifier: GPL-2.0-or-later
# modules: all
# also: current
KERNEL=$KDIR/vmlinuz # as real machines start it
build disk disk
small_disk "$WORK/disk.img" bbroot
boot disk 'root=LABEL=bbroot rw' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== busybox init reached'
expect '=== moved mounts are here'
expect '=== root ext4 rw'
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
