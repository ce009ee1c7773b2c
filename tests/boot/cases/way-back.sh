# promise: systemd's reboot goes the way back as power-off does; a host partition that a process still holds is named instead of 'clean'
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
build overlay overlay -s 'image /live/root.sqfs'
small_root "$WORK/small"
printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >"$WORK/holder.c"
gcc -static -o "$WORK/small/bin/holder" "$WORK/holder.c"
ln -s busybox "$WORK/small/bin/unshare"
mkdir "$WORK/small/mnt"
cat >"$WORK/small/etc/before-way-back" <<'HOLD'
unshare -m sh -c 'mount -t ext4 -o ro /dev/vda1 /mnt && exec -a @holder /bin/holder' &
while ! grep -q @holder /proc/$!/cmdline; do sleep 0.1; done
HOLD
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/host/live"
cp "$WORK/root.sqfs" "$WORK/host/live/root.sqfs"
cp "$IMAGES/root-zstd.sqfs" "$WORK/host/live/debian.sqfs"
ext4 "$WORK/host.ext4" 160M holdhost "$host_uuid" "$WORK/host"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"

boot overlay '' $medium
expect '=== busybox init reached'
expect 'mkvinitrd: busy: .*/dev/vda1'
expect 'processes left: holder ('
expect_not 'mkvinitrd: clean'

boot overlay 'vi.image=/live/debian.sqfs systemd.run=/bin/true systemd.run_success_action=reboot' $medium
expect 'mkvinitrd: clean'
expect 'reboot: Restarting system'
