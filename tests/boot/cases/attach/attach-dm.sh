# promise: dynamic images of every format through the dm exporter: writes under swaps of the table,
# flushes that reach the
# server and the host's disk, discards that reach the image, its processes killed under load one by
# one and together, all processes stopped; all free and consistent afterwards
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
# Every day not each format, see attach-ublk: a parent is one of QCOW2 as well, and new blocks are
# those of the two formats whose disks are not written here otherwise
files='x.vmdk child.qcow2' new='new.vpc new.vhdx'
! check_all || files='x.vdi x.vmdk x.vpc x.vhdx x.qcow2 child.qcow2' new='new.vdi new.vmdk new.vpc new.vhdx new.qcow2'
musl-gcc -static -Os -o "$WORK/blockwork" "$TOP/tests/boot/blockwork.c"
mkdir "$WORK/images"
for format in vdi vmdk vpc vhdx qcow2; do
	options=
	[ $format != vpc ] || options='-o force_size=on'
	# shellcheck disable=SC2086
	qemu-img create -q -f $format $options "$WORK/images/x.$format" 256M
	# shellcheck disable=SC2086
	qemu-img create -q -f $format $options "$WORK/images/new.$format" 64M
done
qemu-img create -q -f qcow2 "$WORK/images/life.qcow2" 1100M
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
fstrim() { busybox-more fstrim "$@"; }
cmp() { busybox-more cmp "$@"; }
failed=0
no() { echo "=== bad $*"; failed=1; }
# until N CONDITION..: at most N tenths of a second
until_true() { n=$1; shift; while ! "$@"; do n=$((n - 1)); [ $n -gt 0 ] || return 1; usleep 100000; done; }
workers() { ps | awk '/@vdattach/ && !/awk/ { print $1 }'; }
# process NAME: supervisor ("pid") or worker, as list tells
process() { vdattach list --json | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" | head -n 1; }
worker() { process worker; }
# replaced NAME PID: until there is another
is_other() { new=$(process "$1"); [ -n "$new" ] && [ "$new" != "$2" ]; }
replaced() { until_true 300 is_other "$@" || no "$file: no new $1"; }
flushes() { awk '{ print $16 }' "/sys/block/$1/stat"; }
has_loop() { ls /sys/block/dm-0/slaves | grep -q loop; }
nobody() { [ -z "$(workers)" ]; }
# reaches_host WHAT: a write and its fsync are one flush of the host's disk at least
reaches_host() {
	before=$(flushes vda)
	dd if=/bin/busybox of="$disk" bs=4096 count=1 seek=2000 conv=notrunc,fsync 2>/dev/null || no "$file: $1"
	after=$(flushes vda)
	echo "=== flushes $file: $((after - before)) of the host's disk for $1"
	[ $after -gt "$before" ] || no "$file: $1 and its fsync never reached the host's disk"
}
# monitor SUPERVISOR WORKER: the third process
monitor() { workers | grep -v -x -e "$1" -e "$2"; }
has_monitor() { [ -n "$(monitor "$(process pid)" "$(worker)")" ]; }
# killed ROLE ROLE: at once, while the disk is written; others take over
kill_pair() {
	supervisor=$(process pid) worker=$(worker)
	monitor=$(monitor "$supervisor" "$worker")
	eval "kill -9 \$$1 \$$2" || no "$file: no $1 or $2"
	for role; do
		case $role in
		supervisor) replaced pid "$supervisor" ;;
		worker) replaced worker "$worker" ;;
		esac
	done
	until_true 100 has_monitor || no "$file: no monitor after $1 and $2 were killed"
}
# life FILE: what a disk lives through that holds the root
life() {
	disk=$(vdattach -e dm /host/$file) || no "$file: attach to live"
	blockwork write "$disk" 6 400 &
	writer=$!
	old=$(process pid)
	kill -9 "$old"
	replaced pid "$old"
	old=$(worker)
	kill -9 "$old"
	replaced worker "$old"
	echo "=== $file: supervisor and then worker replaced"
	kill_pair supervisor worker
	kill_pair worker monitor
	kill_pair supervisor monitor
	kill_pair supervisor worker
	wait $writer || no "$file: an error while its processes were killed"
	blockwork verify "$disk" 6 400 || no "$file: verify 6"
	# all but this shell stop; what is started now finds the disk working
	blockwork write "$disk" 7 300 &
	writer=$!
	for i in 1 2 3; do # beyond what blockwork writes to
		kill -STOP -1
		timeout 60 dd if=/run/bytes of="$disk" bs=64k seek=$((16800 + i * 40)) conv=notrunc,fsync 2>/dev/null ||
			no "$file: the disk stood still while all were stopped"
		timeout 60 dd if="$disk" of=/run/back bs=64k count=8 skip=$((16800 + i * 40)) iflag=direct 2>/dev/null
		kill -CONT -1
		cmp -s /run/bytes /run/back || no "$file: not written while all were stopped"
	done
	wait $writer || no "$file: an error while all were stopped"
	used=$(du -k /host/$file | cut -f1)
	mke2fs -q -t ext4 -E nodiscard "$disk" 64M && mount -t ext4 "$disk" /mnt || no "$file: file system"
	dd if=/dev/urandom of=/mnt/big bs=64k count=400 2>/dev/null
	sync
	full=$(du -k /host/$file | cut -f1)
	rm /mnt/big
	sync
	fstrim /mnt || no "$file: fstrim"
	until_true 100 is_smaller || no "$file: no space came back from fstrim"
	umount /mnt
	vdattach detach "$disk" || no "$file: detach after its life"
	until_true 50 nobody || no "$file: a process is left after its life"
}
is_smaller() {
	now=$(du -k /host/$file | cut -f1)
	[ "$now" -lt $((full - 20000)) ] && echo "=== $file: $used KiB before, $full KiB with a file, $now KiB after fstrim"
}
for file in FILES; do
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
		old=$(worker)
		kill -9 "$old"
		replaced worker "$old"
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
for file in NEW; do
	disk=$(vdattach -e dm /host/$file) || no "$file: attach"
	reaches_host 'a new block'
	until_true 100 has_loop || no "$file: never mapped"
	reaches_host 'an overwrite'
	vdattach detach "$disk" || no "$file: detach"
done
dd if=/dev/urandom of=/run/bytes bs=64k count=8 2>/dev/null
file=life.qcow2 && life
umount /host && vdattach free /dev/vda && [ $failed = 0 ] && echo '=== RESULT good'
poweroff -f
TEST
sed -i "s/FILES/$files/; s/NEW/$new/" "$WORK/test"
build x loop -s "file /test $WORK/test 755" -s "file /bin/blockwork $WORK/blockwork 755" \
	-s "file /bin/mke2fs $TOP/build/musl/bin/mke2fs 755" \
	-s 'file /bin/busybox-more /bin/busybox 755'
BOOT_TIMEOUT=600 boot x 'rdinit=/test quiet' -smp 2 -drive "file=$WORK/host,if=virtio,format=raw"
log | grep '=== flushes' || :
expect_not '=== bad'
expect '=== RESULT good'
clean_ext4 "$WORK/host"
mkdir "$WORK/after"
debugfs -R "dump /x.vdi $WORK/after/x.vdi" "$WORK/host" 2>/dev/null # the child's parent
for file in $files; do
	debugfs -R "dump /$file $WORK/after/$file" "$WORK/host" 2>/dev/null
done
for file in $files; do
	# a worker that is killed may leave space that belongs to nothing; in QCOW2 the next one
	# frees it
	leaks=3
	case $file in *.qcow2) leaks=0 ;; esac
	status=0
	[ $file = x.vpc ] || qemu-img check -q "$WORK/after/$file" >"$WORK/check.log" 2>&1 ||
		status=$?
	case $status in
	0 | "$leaks") ;;
	*) fail "qemu-img check $file: $(head -5 "$WORK/check.log")" ;;
	esac
	[ $leaks = 0 ] || leaks=2
	status=0
	"$TOP/build/host/bin/vdattach" check "$WORK/after/$file" >"$WORK/check.log" 2>&1 ||
		status=$?
	case $status in
	0 | "$leaks") ;;
	*) fail "vdattach check $file: $(head -5 "$WORK/check.log")" ;;
	esac
	qemu-img convert -O raw "$WORK/after/$file" "$WORK/raw"
	[ $file = child.qcow2 ] || "$WORK/blockwork" verify "$WORK/raw" 5 150 ||
		fail "$file: other bytes"
done
