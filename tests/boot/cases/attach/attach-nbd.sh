# promise: an image in any dynamic format is a disk through nbd: the end of either process or both,
# the stop of all, a full host harm no data; it comes out clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.12 current
# Every day not each format, see attach-ublk
formats=vdi
! check_all || formats='vpc vdi vmdk vhdx qcow2'
mkdir -p "$WORK/host/images"
truncate -s 96M "$WORK/raw"
echo 'start=2048, type=83' | sfdisk -q "$WORK/raw"
for format in $formats; do
	qemu-img convert -q -f raw -O "$format" "$WORK/raw" "$WORK/host/images/$format.img"
done
qemu-img create -q -f qcow2 -b vdi.img -F vdi "$WORK/host/images/child.img"
ext4 "$WORK/host.ext4" 512M nbdhost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
rm -r "$WORK/host" "$WORK/host.ext4"
cat >"$WORK/stop-all.c" <<'C'
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
/* Stops all processes, as systemd does at shutdown; reads and writes a device meanwhile. */
int main(int argc, char **argv)
{
	pid_t io;

	kill(-1, SIGSTOP);
	io = fork();
	if (io == 0) {
		execl("/bin/sh", "sh", "-c", argv[1], NULL);
		_exit(127);
	}
	sleep(3);
	kill(-1, SIGCONT);
	return argc == 2 ? 0 : 2;
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
for tool in cmp dd dmesg; do eval "$tool() { busybox-more $tool \"\$@\"; }"; done
die() {
	dmesg | tail -n 30
	echo "=== FAILED $*"
	poweroff -f
	sleep 60
}
# process NAME DEVICE: the id of its supervisor or worker
process() {
	vdattach list --json | tr '{' '\n' | grep "\"/dev/${2#/dev/}\"" | sed "s/.*\"$1\": \([0-9]*\).*/\1/"
}
# replaced NAME DEVICE PID: waits until there is another
replaced() {
	local new
	for n in $(seq 600); do
		new=$(process "$1" "$2")
		[ -n "$new" ] && [ "$new" != "$3" ] && return 0
		sleep 0.1
	done
	die "no new $1"
}
killed() {
	local old
	old=$(process "$1" "$2")
	kill -9 "$old" || die "kill $1 $old"
	replaced "$1" "$2" "$old"
}
both_killed() {
	local supervisor worker
	supervisor=$(process pid "$1") worker=$(process worker "$1")
	kill -9 "$supervisor" "$worker" || die "kill $supervisor $worker"
	replaced pid "$1" "$supervisor"
	replaced worker "$1" "$worker"
}
coldplug
modprobe virtio_blk ext4 || die modprobe
mkdir -p /host /mnt
mount_host() { mount -t ext4 /dev/vda1 /host || die 'mount the host'; }

try() {
	format=$1
	mount_host
	device=$(vdattach --state /run/state -e nbd /host/images/$format.img) || die "attach $format"
	[ "$(tail -n 2 /run/state)" = "vdattach $device
served $device" ] || die 'state file'
	vdattach /host/images/$format.img && die 'a second writer'
	umount /host || die 'the host cannot be unmounted'
	mke2fs -q -t ext4 "${device}p1" || die mke2fs
	mount -t ext4 "${device}p1" /mnt || die 'mount the guest'
	vdattach detach "$device" && die 'detached while it is mounted'
	fio --name=v --directory=/mnt --size=24m --rw=randwrite --bs=4k --iodepth=8 --ioengine=libaio --direct=1 --fsync=64 \
		--verify=crc32c --verify_backlog=256 --output=/run/fio --time_based --runtime=12 &
	fio=$!
	sleep 2
	killed worker "$device"
	echo "=== worker replaced"
	sleep 1
	killed pid "$device"
	echo "=== supervisor replaced"
	sleep 1
	killed worker "$device"
	killed pid "$device"
	killed worker "$device"
	both_killed "$device"
	echo "=== supervisor and worker replaced"
	wait $fio || { cat /run/fio; die "fio $format"; }
	echo "=== fio $format done"
	# all that is stopped, while somebody writes
	rm -f /run/stopped
	stop-all "busybox-more dd if=/dev/zero of=/mnt/stopped bs=64k count=32 conv=fsync 2>/dev/null && touch /run/stopped"
	[ -e /run/stopped ] || die 'the disk stood still while all were stopped'
	dd if=/dev/urandom of=/mnt/random bs=64k count=64 2>/dev/null
	sum=$(sha256sum </mnt/random)
	grep -h -e VmLck -e VmRSS "/proc/$(process worker "$device")/status" | tr '\n' ' '
	umount /mnt || die umount
	vdattach detach "${device}p1" || die "detach $format"
	[ -e "${device}p1" ] && die 'a partition stayed'
	vdattach free /dev/vda1 || die 'the host is held'
	mount_host
	device=$(vdattach -e nbd -r /host/images/$format.img) || die "attach $format again"
	mount -t ext4 -o ro,noload "${device}p1" /mnt || die 'mount the guest again'
	[ "$(sha256sum </mnt/random)" = "$sum" ] || die "$format: other data"
	umount /mnt
	vdattach detach "$device" || die "detach $format"
	umount /host
	echo "=== $format is good"
}
for format in FORMATS; do try $format; done

# a child: its parent is found, and kept from others that write
mount_host
device=$(vdattach -e nbd /host/images/child.img) || die 'attach the child'
vdattach -e nbd /host/images/vdi.img && die 'the parent can be written'
mount -t ext4 "${device}p1" /mnt || die "mount the child's"
[ -s /mnt/random ] || die "the parent's data"
umount /mnt
# the host fills up: what has its place can be written, what has not fails, and nothing else does
dd if=/dev/zero of=/host/fill bs=1M 2>/dev/null
dd if="$device" of=/run/before bs=64k count=8 2>/dev/null
dd if=/dev/urandom of="$device" bs=1M seek=60 conv=fsync 2>/dev/null && die 'a full host took all'
dd if="$device" bs=64k count=8 2>/dev/null | cmp - /run/before || die 'old data'
dmesg | grep -q 'the partition that holds the image is full' || die 'nobody said that the host is full'
rm /host/fill
sync
# this one is told of the errors of what the page cache still had of the one before
dd if=/dev/zero of="$device" bs=1M seek=60 count=1 conv=fsync 2>/dev/null
dd if=/dev/zero of="$device" bs=1M seek=60 count=8 conv=fsync || die 'room again, and no writes'
vdattach detach "$device" || die 'detach the child'
umount /host || die umount
vdattach free /dev/vda1 || die 'the host is held'
echo '=== RESULT done'
poweroff -f
TEST
sed -i "s/FORMATS/$formats/" "$WORK/test"
set --
for file in /usr/bin/fio $(ldd /usr/bin/fio | grep -o '/[^ ]*'); do
	set -- "$@" -s "file $file $file 755"
done
build nbd loop -s 'module nbd' -s "file /test $WORK/test 755" \
	-s "file /bin/stop-all $WORK/stop-all 755" \
	-s 'file /bin/busybox-more /bin/busybox 755' \
	-s "file /bin/mke2fs $TOP/build/musl/bin/mke2fs 755" "$@"
MEMORY=1200
BOOT_TIMEOUT=600 boot nbd 'rdinit=/test quiet' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== RESULT done'
expect_not 'I/O error, dev nbd.*op 0x0:(READ)'
part "$WORK/host" "$WORK/disk.img" 1
clean_ext4 "$WORK/host"
for format in $formats child; do
	debugfs -R "dump /images/$format.img $WORK/$format.img" "$WORK/host" 2>/dev/null
	# a killed worker may leave blocks that nobody uses (status 3); those of QCOW2 are freed by
	# the next one
	status=0
	[ "$format" = vpc ] || qemu-img check -q "$WORK/$format.img" || status=$?
	case $format:$status in *:0 | vdi:3 | vmdk:3 | vhdx:3 | child:3) ;; *) fail "qemu-img check $format: status $status" ;; esac
done
for format in $formats; do
	qemu-img convert -q -f "$format" -O raw "$WORK/$format.img" "$WORK/raw"
	part "$WORK/root" "$WORK/raw" 1
	clean_ext4 "$WORK/root"
done
