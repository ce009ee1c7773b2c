# promise: a root on an NBD server's disk by dracut's words finds at the second boot what the first has written, and goes on when all processes are stopped; an exported squashfs is the root of an overlay; an exported medium is one for archiso's words
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
small_root "$WORK/small"
cat >"$WORK/small/etc/stopped" <<'STOPPED'
# all processes are stopped, as systemd does at the end: the disk goes on
pids=''
for dir in /proc/[0-9]*; do
	line=''
	read -r line <"$dir/cmdline"
	case $line in @vdattach*) pids="$pids ${dir##*/}" ;; esac
done
kill -STOP $pids
echo 3 >/proc/sys/vm/drop_caches
cat /bin/busybox >/dev/null && dd if=/bin/busybox of=/written-stopped bs=64k conv=fsync 2>/dev/null && wrote=1
stopped=0
for pid in $pids; do grep -q '^State:	T' "/proc/$pid/status" && stopped=$((stopped + 1)); done
echo "=== wrote $wrote with $stopped processes stopped"
kill -CONT $pids
STOPPED
mkdir -p "$WORK/iso/arch/x86_64" "$WORK/iso/boot"
mksquashfs "$WORK/small" "$WORK/live.sfs" -quiet -no-progress -comp zstd -all-root
ext4 "$WORK/root.ext4" 64M nbdroot "$root_uuid" "$WORK/small"
cp "$WORK/live.sfs" "$WORK/iso/arch/x86_64/airootfs.sfs"
xorriso -as mkisofs -quiet -iso-level 3 -R -V ARCH -o "$WORK/arch.iso" "$WORK/iso" 2>/dev/null
card='-nic user,model=virtio-net-pci'
nbd_port
build nbd overlay -s 'module =net =virtio'

for keep in first second; do
	serve_nbd '' "$WORK/root.ext4"
	boot nbd "root=nbd:10.0.2.2:$NBD_PORT:ext4:rw ip=dhcp test.keep=$keep test.run=/etc/stopped" $card
	expect '=== root ext4 rw'
	expect '=== wrote 1 with 3 processes stopped'
	expect_not 'I/O error'
	expect_small_boot
	end_nbd
	clean_ext4 "$WORK/root.ext4"
done
expect '=== kept first'

serve_nbd live "$WORK/live.sfs" -r
boot nbd "vi.mode=overlay vi.image=nbd://10.0.2.2:$NBD_PORT/live test.keep=ram" $card
expect '=== root overlay rw'
expect '=== wrote ram'
expect_small_boot
end_nbd

serve_nbd archiso "$WORK/arch.iso" -r
boot nbd "archisobasedir=arch archisolabel=ARCH archiso_nbd_srv=10.0.2.2:$NBD_PORT ip=dhcp" $card
expect '=== root overlay rw'
expect_small_boot
end_nbd
