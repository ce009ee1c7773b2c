# promise: a root without systemd (busybox init) boots and powers off
build disk disk
mkdir -p "$WORK/tree/bin" "$WORK/tree/sbin" "$WORK/tree/etc" "$WORK/tree/dev" "$WORK/tree/proc" "$WORK/tree/sys" "$WORK/tree/run"
cp /bin/busybox "$WORK/tree/bin/"
for applet in sh mount umount cat echo sync poweroff; do ln -s busybox "$WORK/tree/bin/$applet"; done
ln -s ../bin/busybox "$WORK/tree/sbin/init"
cat >"$WORK/tree/etc/inittab" <<'TAB'
::sysinit:/etc/rc
::shutdown:/bin/umount -a -r
TAB
cat >"$WORK/tree/etc/rc" <<'RC'
#!/bin/sh
exec >/dev/ttyS0 2>&1
while read -r device target type rest; do [ "$target" = / ] && echo "=== root $type $rest"; done </proc/mounts
[ -d /sys/block ] && [ -c /dev/null ] && echo '=== moved mounts are here'
echo written >/kept
echo '=== busybox init reached'
poweroff
RC
chmod +x "$WORK/tree/etc/rc"
ext4 "$WORK/root.ext4" 32M bbroot "$host_uuid" "$WORK/tree"
disk "$WORK/disk.img" 83 "$WORK/root.ext4"
boot disk 'root=LABEL=bbroot rw' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== busybox init reached'
expect '=== moved mounts are here'
expect '=== root ext4 rw'
part "$WORK/root" "$WORK/disk.img" 1
clean_ext4 "$WORK/root"
