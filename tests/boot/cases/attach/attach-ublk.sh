# promise: an image in any dynamic format is a disk through ublk: nobody who uses it sees its
# worker, or that and its supervisor, being killed or everything being stopped
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
# Every day the disk of each format but VHDX loses its processes by one of ublk, nbd and dm (attach-nbd, attach-dm): who serves them
# does not know formats, and what an interrupted VHDX looks like afterwards is test_vhdx_crash's.
formats=vpc
! check_all || formats='vpc vdi vmdk vhdx qcow2'
mkdir -p "$WORK/host"
for format in $formats; do
	qemu-img create -q -f "$format" "$WORK/host/$format" 40M
done
qemu-img create -q -f vdi "$WORK/host/large" 1G
ext4 "$WORK/host.ext4" 2G ublkhost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >>"$WORK/common" <<'TEST'
process() { vdattach list --json | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" | head -n 1; }
supervisor() { process pid; }
worker() { process worker; }
coldplug
mkdir -p /host /mnt
mount -t ext4 /dev/vda /host || die mount host
TEST
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
. /common
# nobody sorts requests that one server answers in the order of coming
unscheduled() {
	for n in $(seq 600); do
		grep -q '\[none\]' "/sys/block/${1#/dev/}/queue/scheduler" && return 0
		sleep 0.1
	done
	die "scheduler of $1: $(cat "/sys/block/${1#/dev/}/queue/scheduler")"
}
both_killed() {
	supervisor=$(supervisor) worker=$(worker)
	kill -9 "$supervisor" "$worker" || die "kill $supervisor $worker"
	for n in $(seq 600); do
		now=$(worker)
		[ -n "$now" ] && [ "$now" != "$worker" ] && return 0
		sleep 0.1
	done
	die 'nobody took over from supervisor and worker'
}
kill_workers() { # while fio runs
	last='' kills=0
	while kill -0 "$1" 2>/dev/null && [ "$kills" -lt 6 ]; do
		worker=$(worker)
		if [ -n "$worker" ] && [ "$worker" != "$last" ]; then
			kill -9 "$worker" && kills=$((kills + 1)) last=$worker
		fi
		sleep 0.3
	done
	echo "=== $kills workers killed"
}
# everything but this shell is stopped; what is started now reads nevertheless
read_while_stopped() {
	for i in 1 2 3 4 5 6; do
		kill -STOP -1
		timeout 10 dd if="$1" of=/dev/null bs=64k count=4 skip=$((i * 40)) iflag=direct 2>/dev/null || die "read $i while all was stopped"
	done
	kill -CONT -1
}
for format in FORMATS; do
	device=$(vdattach -v -e ublk "/host/$format") || die "attach $format"
	grep -E 'VmLck|VmRSS' "/proc/$(worker)/status" | sed "s/^/=== $format /"
	unscheduled "$device"
	printf '2048,,L\n' | sfdisk -q "$device" || die "sfdisk $format"
	[ -b "${device}p1" ] || die "partition of $format"
	fio --name=v --filename="${device}p1" --direct=1 --ioengine=libaio --iodepth=16 --bsrange=4k-64k --rw=randwrite --size=24m \
		--verify=crc32c --verify_fatal=1 --do_verify=1 >/run/fio 2>&1 &
	fio=$!
	kill_workers $fio
	both_killed
	wait $fio || { cat /run/fio; die "fio $format"; }
	read_while_stopped "$device"
	# the page cache must not hide anything
	echo 3 >/proc/sys/vm/drop_caches
	mke2fs -q -t ext4 "${device}p1" && mount -t ext4 "${device}p1" /mnt || die "mount $format"
	cp /bin/busybox /mnt/file && kill -9 "$(worker)"
	! vdattach detach "$device" 2>/run/refused || die "$format was detached while it was mounted"
	umount /mnt || die "umount $format"
	echo "=== sum $format $(dd if="$device" bs=1M 2>/dev/null | sha256sum | cut -c 1-64)"
	vdattach detach "$device" || die "detach $format"
	[ ! -e "$device" ] || die "$device is still there"
	# read-only: nothing can be written
	device=$(vdattach -r -e ublk "/host/$format") || die "attach $format again"
	[ "$(blockdev --getro "$device")" = 1 ] || die "$format is writable"
	vdattach detach "$device" || die "detach $format again"
done
umount /host || die umount host
vdattach free /dev/vda || die free
[ "$(cat /proc/sys/kernel/tainted)" = 0 ] || die tainted
echo '=== RESULT done'
poweroff -f
TEST
sed -i "s/FORMATS/$formats/" "$WORK/test"
cat >"$WORK/memory" <<'TEST'
#!/bin/busybox sh
. /common
device=$(vdattach -e ublk /host/large) || die attach
mke2fs -q -t ext4 "$device" && mount -t ext4 "$device" /mnt || die mount
dd if=/dev/zero of=/mnt/file bs=1M count=300 2>/dev/null && sync || die write
umount /mnt && vdattach detach "$device" && umount /host || die detach
echo '=== RESULT done'
poweroff -f
TEST
set --
for file in /usr/bin/fio $(ldd /usr/bin/fio /sbin/sfdisk | grep -o '/[^ :]* ' | sort -u); do
	set -- "$@" -s "file $file $file 755"
done
build ublk loop -s 'module ublk_drv' -s "file /common $WORK/common 644" \
	-s "file /test $WORK/test 755" \
	-s 'file /bin/sfdisk /sbin/sfdisk 755' \
	-s "file /bin/mke2fs $TOP/build/musl/bin/mke2fs 755" "$@"
build memory loop -s 'module ublk_drv' -s "file /common $WORK/common 644" \
	-s "file /memory $WORK/memory 755" \
	-s "file /bin/mke2fs $TOP/build/musl/bin/mke2fs 755"
BOOT_TIMEOUT=600 boot ublk 'rdinit=/test quiet' -smp 2 \
	-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
[ "$(log | grep -c 'workers killed')" = "$(echo $formats | wc -w)" ] ||
	fail 'not every format had its workers killed'
log | awk '/VmLck|VmRSS/ && $4 > 16384 { bad = 1 } END { exit bad }' ||
	fail 'the worker has more than 16 MiB'
clean_ext4 "$WORK/host.ext4"
for format in $formats; do
	debugfs -R "dump /$format $WORK/image" "$WORK/host.ext4" 2>/dev/null
	# a killed worker may leave blocks that nobody uses (status 3); those of QCOW2 are freed by
	# the next one
	status=0
	[ $format = vpc ] || qemu-img check -q -f "$format" "$WORK/image" || status=$?
	case $format:$status in *:0 | vdi:3 | vmdk:3 | vhdx:3) ;; *) fail "qemu-img check $format: status $status" ;; esac
	qemu-img convert -q -f "$format" -O raw "$WORK/image" "$WORK/raw"
	sum=$(sha256sum <"$WORK/raw" | cut -c 1-64)
	expect "=== sum $format $sum"
done
# a buffered write larger than the memory
MEMORY=256 boot memory 'rdinit=/memory quiet' \
	-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
