# promise: dynamic images of every format through the dm exporter: writes under swaps of the table, flushes that reach the
# server once, a worker killed under load, all free and consistent afterwards
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
musl-gcc -static -Os -o "$WORK/blockwork" "$TOP/tests/boot/blockwork.c"
mkdir "$WORK/images"
for format in vdi vmdk vpc vhdx qcow2; do
	options=
	[ $format != vpc ] || options='-o force_size=on'
	# shellcheck disable=SC2086
	qemu-img create -q -f $format $options "$WORK/images/x.$format" 256M
done
qemu-img create -q -f qcow2 -b x.vdi -F vdi "$WORK/images/child.qcow2"
ext4 "$WORK/host" 2G host "$host_uuid" "$WORK/images" >/dev/null

cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1
coldplug
mkdir -p /host /mnt
mount -t ext4 /dev/vda /host
failed=0
no() { echo "=== bad $*"; failed=1; }
# until N CONDITION..: at most N tenths of a second
until_true() { n=$1; shift; while ! "$@"; do n=$((n - 1)); [ $n -gt 0 ] || return 1; usleep 100000; done; }
workers() { ps | awk '/@vdattach/ && !/awk/ { print $1 }'; }
# the one whose parent is the other
worker() {
	for pid in $(workers); do
		line=''
		read -r line <"/proc/$(awk '{ print $4 }' "/proc/$pid/stat")/cmdline"
		case $line in @*) echo "$pid" ;; esac
	done
} 2>/dev/null
has_worker() { [ -n "$(worker)" ]; }
flushes() { awk '{ print $16 }' "/sys/block/$1/stat"; }
has_loop() { ls /sys/block/dm-0/slaves | grep -q loop; }
nobody() { [ -z "$(workers)" ]; }
for file in x.vdi x.vmdk x.vpc x.vhdx x.qcow2 child.qcow2; do
	disk=$(vdattach -e dm /host/$file) || { no "$file: attach"; continue; }
	server=$(ls /sys/block/dm-0/slaves)
	blockwork write "$disk" 1 150 || no "$file: write"
	until_true 100 has_loop || no "$file: never mapped"
	blockwork write "$disk" 2 150 || no "$file: write 2"
	blockwork verify "$disk" 2 150 || no "$file: verify 2"
	vdattach -e dm /host/$file 2>/dev/null && no "$file: attached twice"
	loop=$(cd /sys/block/dm-0/slaves && ls -d loop*)
	before=$(flushes "$server") loop_before=$(flushes "$loop")
	blockwork write "$disk" 3 20 sync || no "$file: sync"
	echo "=== flushes $file: $(($(flushes "$server") - before)) of $server, $(($(flushes "$loop") - loop_before)) of $loop for 20 writes"
	[ $(($(flushes "$server") - before)) -ge 20 ] && [ $(($(flushes "$loop") - loop_before)) -ge 20 ] || no "$file: flushes"
	vdattach detach "$disk" || no "$file: detach"
	until_true 50 nobody || no "$file: a process is left"
	[ ! -e /sys/block/dm-0 ] && [ ! -e /sys/block/loop0/loop ] || no "$file: a device is left"
	disk=$(vdattach -e dm /host/$file) || no "$file: attach again"
	blockwork verify "$disk" 3 20 || no "$file: verify 3"
	blockwork write "$disk" 4 150 &
	writer=$!
	for _ in 1 2 3; do
		kill -9 "$(worker)"
		until_true 100 has_worker || no "$file: no new worker"
	done
	wait $writer || no "$file: an error while the worker was killed"
	blockwork write "$disk" 5 150 && kill -9 "$(worker)" && blockwork verify "$disk" 5 150 || no "$file: verify 5"
	mount -t ext4 "$disk" /mnt 2>/dev/null && no "$file: mounted"
	vdattach detach "$disk" || no "$file: detach 2"
	disk=$(vdattach -r /host/$file) || no "$file: attach read-only"
	nobody || no "$file: a process for a read-only disk"
	[ "$(cat /sys/block/dm-0/ro)" = 1 ] && blockwork verify "$disk" 5 150 || no "$file: read-only"
	vdattach detach "$disk" || no "$file: detach 3"
	echo "=== done $file"
done
umount /host && vdattach free /dev/vda && [ $failed = 0 ] && echo '=== RESULT good'
poweroff -f
TEST
build x loop -s "file /test $WORK/test 755" -s "file /bin/blockwork $WORK/blockwork 755"
boot x 'rdinit=/test quiet' -smp 2 -drive "file=$WORK/host,if=virtio,format=raw"
log | grep '=== flushes' || :
expect_not '=== bad'
expect '=== RESULT good'
clean_ext4 "$WORK/host"
mkdir "$WORK/after"
for file in x.vdi x.vmdk x.vpc x.vhdx x.qcow2 child.qcow2; do
	debugfs -R "dump /$file $WORK/after/$file" "$WORK/host" 2>/dev/null
done
for file in x.vdi x.vmdk x.vpc x.vhdx x.qcow2 child.qcow2; do
	# a worker that is killed may leave space that belongs to nothing
	status=0
	[ $file = x.vpc ] || qemu-img check -q "$WORK/after/$file" >"$WORK/check.log" 2>&1 || status=$?
	case $status in 0 | 3) ;; *) fail "qemu-img check $file: $(head -5 "$WORK/check.log")" ;; esac
	status=0
	"$TOP/build/host/bin/vdattach" check "$WORK/after/$file" >"$WORK/check.log" 2>&1 || status=$?
	case $status in 0 | 2) ;; *) fail "vdattach check $file: $(head -5 "$WORK/check.log")" ;; esac
	qemu-img convert -O raw "$WORK/after/$file" "$WORK/raw"
	[ $file = child.qcow2 ] || "$WORK/blockwork" verify "$WORK/raw" 5 150 || fail "$file: other bytes"
done
