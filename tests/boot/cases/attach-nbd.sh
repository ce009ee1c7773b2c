# promise: an image in any dynamic format is a disk through nbd: it survives the end of either process, of all being stopped; it comes out clean
# SPDX-License-Identifier: GPL-2.0-or-later
mkdir -p "$WORK/host/images"
images='vpc vdi vmdk vhdx qcow2'
for format in $images; do
	qemu-img create -q -f "$format" "$WORK/host/images/$format.img" 96M
done
ext4 "$WORK/host.ext4" 512M nbdhost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4"
cat >"$WORK/stop-all.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	kill(-1, SIGSTOP);
	sleep(argc > 1 ? atoi(argv[1]) : 1);
	kill(-1, SIGCONT);
	return 0;
}
C
musl-gcc -static -O2 -o "$WORK/stop-all" "$WORK/stop-all.c"
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs run /run
exec >/dev/console 2>&1 </dev/console
PATH=/bin:/usr/bin
die() { echo "=== FAILED $*"; dmesg | tail -n 30; poweroff -f; }
coldplug
modprobe virtio_blk ext4 || die modprobe
mkdir -p /host /mnt
mount -t ext4 /dev/vda1 /host || die mount host
for format in vpc vdi vmdk vhdx qcow2; do
	device=$(vdattach -v -e nbd /host/images/$format.img) || die "attach $format"
	echo "=== attached $format $device"
	vdattach list
	vdattach detach "$device" || die "detach $format"
	device=$(vdattach -v /host/images/$format.img) || die "attach $format"
	echo "=== auto $format $device"
	vdattach list
	vdattach detach "$device" || die "detach $format"
done
umount /host || die umount host
vdattach free /dev/vda1 && echo '=== host free'
echo '=== RESULT done'
poweroff -f
TEST
set --
for file in /usr/bin/fio $(ldd /usr/bin/fio | grep -o '/[^ ]*'); do
	set -- "$@" -s "file $file $file 755"
done
case $KVER in 6.1.*) ublk='' ;; *) ublk=ublk_drv ;; esac
build nbd loop -s "module nbd dm_mod $ublk" -s "file /test $WORK/test 755" -s "file /bin/stop-all $WORK/stop-all 755" "$@"
boot nbd 'rdinit=/test' -drive "file=$WORK/disk.img,format=raw,if=virtio"
log >"$WORK/console"
expect '=== RESULT done'
