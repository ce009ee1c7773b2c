# promise: fixed images straight on the disk of hosts with ext4, XFS, FAT, exFAT and NTFS: writes
# and flushes reach the disk, every other file of the host stays as it was even when the image is
# removed and the host filled, the image file has what was written; two that are attached at the
# same time are both guarded; an attach that is killed at any moment leaves image and host whole;
# what is sparse, reserved, journalled or moved is refused
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
# Every day loop-direct boots from ext4 by this exporter, and test_extents proves what is mapped.
hosts='ext4 vfat exfat ntfs xfs'
musl-gcc -static -Os -o "$WORK/blockwork" "$TOP/tests/boot/blockwork.c"
mkdir "$WORK/images"
head -c 2000000 /dev/urandom >"$WORK/images/other1"
head -c 1500001 /dev/urandom >"$WORK/images/other2"
truncate -s 24M "$WORK/images/holes.raw"
qemu-img create -q -f vpc -o subformat=fixed,force_size=on "$WORK/images/fixed.vhd" 24M
qemu-img create -q -f vmdk -o subformat=monolithicFlat "$WORK/images/flat.vmdk" 24M
ext4 "$WORK/source" 256M source "$host_uuid" "$WORK/images" >/dev/null
for host in $hosts; do truncate -s $([ $host = xfs ] && echo 320 ||
	echo 160)M "$WORK/host.$host"; done
mke2fs -q -t ext4 "$WORK/host.ext4"
mkfs.vfat -F 32 "$WORK/host.vfat" >/dev/null
mkfs.exfat "$WORK/host.exfat" >/dev/null
mkntfs -q -F -Q "$WORK/host.ntfs" 2>/dev/null
mkfs.xfs -q "$WORK/host.xfs"

cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1
coldplug
mkdir -p /host /source
mount -t ext4 -o ro /dev/vda /source
sum() { busybox-more sha256sum "$@" | cut -d' ' -f1; }
failed=0
no() { echo "=== bad $host: $*"; failed=1; }
flushes() { awk '{ print $16 }' "/sys/block/$1/stat"; }
mapped() { cat /sys/block/dm-*/dm/name 2>/dev/null | grep -c '^vdattach'; }
wrapper() { sed -n 's/^wrapper //p' /run/state; }
wrap() {
	: >/run/state
	findimg -q -t 10 -H "$device" --wrap -w -m /host --state /run/state >/run/found || no "findimg $device"
	[ -n "$(wrapper)" ] || no 'no wrapper'
}
unwrap() {
	umount /host || no umount
	vdattach unmap "$(wrapper)" || no 'unmap of the wrapper'
	vdattach free "$device" || no "$device is not free"
}
whole() {
	for file in other1 other2 other1.copy other2.copy; do
		[ "$(sum </host/$file)" = "$(sum </source/${file%.copy})" ] || no "$file has changed: $1"
	done
}
# copies that lie between each other
fill() {
	cat /source/other1 >/host/other1
	for part in 0 1 2 3 4 5 6 7; do
		count=48
		[ $part != 7 ] || count=49
		for file in holes.raw fixed.vhd flat-flat.vmdk; do
			dd if=/source/$file of=/host/$file bs=64k skip=$((part * 48)) seek=$((part * 48)) count=$count conv=notrunc 2>/dev/null
		done
		sync
	done
	cat /source/flat.vmdk >/host/flat.vmdk
	cat /source/other2 >/host/other2
	cat /source/other1 >/host/other1.copy
	cat /source/other2 >/host/other2.copy
	sync
}
# live FILE DATA: FILE is attached and written to; DATA is the file with the bytes
live() {
	disk=$(vdattach -v -e direct "/host/$1" 2>/run/why) || { no "$1: $(cat /run/why)"; return; }
	[ ! -e /sys/block/loop0/loop ] || no "$1: a loop device"
	busybox-more ps | grep -q '[@]vdattach' && no "$1: a process"
	vdattach list | grep -q "^$disk rw direct 0 0 [0-9]* $device\$" || no "$1: list: $(vdattach list)"
	blockwork write "$disk" 1 100 && blockwork verify "$disk" 1 100 || no "$1: write"
	before=$(flushes "${device#/dev/}")
	blockwork write "$disk" 2 20 sync || no "$1: sync"
	[ $(($(flushes "${device#/dev/}") - before)) -ge 20 ] || no "$1: $(($(flushes "${device#/dev/}") - before)) flushes of 20 reached the disk"
	blockwork write "$disk" 3 200 & writer=$!
	dd if=/dev/urandom of=/host/new bs=64k count=60 2>/dev/null; sync; rm /host/new
	cat "/host/$2" >/dev/null 2>&1 && no "$1: the file can be read meanwhile"
	echo x 2>/dev/null | dd of="/host/$2" conv=notrunc,fsync bs=512 2>/dev/null && no "$1: the file can be written meanwhile"
	vdattach -r "/host/$1" 2>/dev/null && no "$1: attached twice"
	mount "$device" /mnt 2>/dev/null && no "$1: the host is mounted twice"
	wait $writer || no "$1: write 3"
	blockwork verify "$disk" 3 200 || no "$1: verify 3"
	whole "while $1 is attached"
	before=$(sum <"$disk")
	vdattach detach "$disk" || no "$1: detach"
	[ "$(mapped)" = 0 ] || no "$1: still mapped"
	blockwork verify "/host/$2" 3 200 || no "$1: other bytes in the file"
	[ "$(head -c $((24 * 1024 * 1024)) "/host/$2" | sum)" = "$before" ] || no "$1: the file differs from the disk"
}
# refused FILE REASON
refused() {
	vdattach -e direct "/host/$1" 2>/run/why && no "$1 is taken"
	grep -q "$2" /run/why || no "$1: $(cat /run/why)"
	[ "$(mapped)" = 0 ] || no "$1: refused and mapped"
}
# together: two are attached, and detached, at the same time; both stay out of the host's reach as long as they are attached, and no longer
together() {
	for round in $(seq 20); do
		vdattach -e direct /host/holes.raw >/run/one 2>&1 & one=$!
		vdattach -e direct /host/fixed.vhd >/run/two 2>&1 & two=$!
		wait $one || no "together $round: $(cat /run/one)"
		wait $two || no "together $round: $(cat /run/two)"
		for file in holes.raw fixed.vhd; do
			cat /host/$file >/dev/null 2>&1 && no "together $round: $file can be read meanwhile"
		done
		vdattach detach "$(cat /run/one)" & one=$!
		vdattach detach "$(cat /run/two)" || no "together $round: detach"
		wait $one || no "together $round: detach"
		cat /host/holes.raw /host/fixed.vhd >/dev/null || no "together $round: the files cannot be read afterwards"
	done
}
# killed: an attach that is killed after so many milliseconds, with all its processes
killed() {
	before=$(sum </host/holes.raw) taken=0
	for ms in $(seq 1 3 300); do
		setsid vdattach -e direct /host/holes.raw >/dev/null 2>&1 &
		pid=$!
		usleep $((ms * 1000))
		kill -9 -$pid 2>/dev/null
		wait $pid 2>/dev/null
		for dir in /sys/block/dm-*; do
			case $(cat "$dir/dm/name" 2>/dev/null) in vdattach*) taken=$((taken + 1)); vdattach detach "/dev/${dir##*/}" || no "killed after $ms ms: detach" ;; esac
		done
		dd if=/host/holes.raw of=/dev/null bs=64k count=4 2>/dev/null || no "killed after $ms ms: the file cannot be read"
	done
	[ "$(sum </host/holes.raw)" = "$before" ] || no 'killed: other bytes'
	echo "=== killed: $taken of 100 had a disk"
}
# removed: the image is removed and the host filled while the disk is written to
removed() {
	disk=$(vdattach -e direct /host/fixed.vhd) || no 'attach to remove'
	blockwork write "$disk" 8 200
	rm /host/fixed.vhd
	sync
	dd if=/dev/urandom of=/host/filler bs=64k 2>/dev/null
	sync
	echo 3 >/proc/sys/vm/drop_caches
	blockwork verify "$disk" 8 200 || no 'removed: the disk lost something'
	whole removed
	vdattach detach "$disk" || no 'removed: detach'
}
number=1
for host in HOSTS; do
	number=$((number + 1))
	device=/dev/vd$(echo $number | tr 123456 abcdef)
	wrap
	fill
	whole before
	case $host in ext4 | xfs | ntfs) truncate -s 24M /host/sparse.raw && refused sparse.raw 'a hole\|not written yet' ;; esac
	case $host in ext4 | xfs) fallocate -l 24M /host/reserved.raw && refused reserved.raw 'not written yet' ;; esac
	live holes.raw holes.raw
	case $host in ext4) live flat.vmdk flat-flat.vmdk ;; esac
	case $host in ext4 | vfat) live fixed.vhd fixed.vhd ;; esac
	[ $host != ext4 ] || { together && killed; }
	whole after
	unwrap
	wrap
	blockwork verify /host/holes.raw 3 200 || no 'other bytes after a new mount'
	whole again
	unwrap
	echo "=== done $host"
done
host=ext4 device=/dev/vdb
mount -t ext4 $device /host && refused holes.raw 'not mounted through a wrapper'
umount /host
[ $failed = 0 ] && echo '=== RESULT good'
# from here on the host may lose files of its own
wrap
removed
[ $failed = 0 ] && echo '=== REMOVED'
poweroff -f
TEST
sed -i "s/HOSTS/$hosts/" "$WORK/test"
build x loop -s "file /test $WORK/test 755" -s "file /bin/blockwork $WORK/blockwork 755" \
	-s 'file /bin/busybox-more /bin/busybox 755'
set -- -drive "file=$WORK/source,if=virtio,format=raw"
for host in $hosts; do
	set -- "$@" -drive "file=$WORK/host.$host,if=virtio,format=raw"
done
BOOT_TIMEOUT=600 boot x 'rdinit=/test quiet' -smp 2 "$@"
log | grep '=== killed' || :
expect_not '=== bad'
expect '=== RESULT good'
expect '=== REMOVED'
fsck.vfat -n "$WORK/host.vfat" >"$WORK/fsck.log" 2>&1 || fail "fsck.vfat: $(cat "$WORK/fsck.log")"
fsck.exfat -n "$WORK/host.exfat" >"$WORK/fsck.log" 2>&1 ||
	fail "fsck.exfat: $(cat "$WORK/fsck.log")"
ntfsfix -n "$WORK/host.ntfs" >"$WORK/fsck.log" 2>&1 || fail "ntfsfix -n: $(cat "$WORK/fsck.log")"
xfs_repair -n "$WORK/host.xfs" >"$WORK/fsck.log" 2>&1 ||
	fail "xfs_repair -n: $(cat "$WORK/fsck.log")"
