# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
# Read-only images of every format as mapped devices: the bytes, the partitions, no process left,
# all free afterwards.
mkdir "$WORK/images" "$WORK/tree"
head -c 3000000 /dev/urandom >"$WORK/tree/random"
ext4 "$WORK/part1" 24M one 6d6b7669-6e69-7472-6400-000000000011 "$WORK/tree"
ext4 "$WORK/part2" 8M two 6d6b7669-6e69-7472-6400-000000000012
disk "$WORK/raw" 83 "$WORK/part1" "$WORK/part2"
cd "$WORK/images" || exit 1
for format in vdi vmdk vpc vhdx qcow2; do
	options=
	[ $format != vpc ] || options='-o force_size=on'
	# shellcheck disable=SC2086
	qemu-img convert -f raw -O $format $options "$WORK/raw" dynamic.$format
done
qemu-img convert -f raw -O qcow2 -c "$WORK/raw" compressed.qcow2
qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse "$WORK/raw" split.vmdk
for number in 1 2 3; do
	below=dynamic.qcow2
	[ $number = 1 ] || below=chain$((number - 1)).qcow2
	qemu-img create -q -f qcow2 -b $below -F qcow2 chain$number.qcow2
	qemu-io -c "write -P $number $((33 * 1024 + number * 200))k 128k" chain$number.qcow2 \
		>/dev/null
done
for file in *.vdi *.vmdk *.vpc *.vhdx *.qcow2; do
	case $file in split-*) continue ;; esac
	echo "$(qemu-img convert -O raw "$file" "$WORK/out" && sha256sum <"$WORK/out" | cut -d' ' -f1) $file"
done >"$WORK/sums"
cp "$WORK/sums" .
sha256sum <"$WORK/tree/random" >random.sum
cd "$TOP" || exit 1
ext4 "$WORK/host" 128M host "$host_uuid" "$WORK/images"

cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1
coldplug
mkdir -p /host /mnt
mount -t ext4 -o ro /dev/vda /host
failed=0
no() { echo "=== bad $*"; failed=1; }
while read -r sum file; do
	case $file in
	compressed.qcow2)
		vdattach -r -e dm "/host/$file" 2>&1 | grep -q 'compressed parts' || no "$file: no reason given"
		continue
		;;
	esac
	device=$(vdattach -r -e dm "/host/$file") || { no "$file: attach"; continue; }
	[ "$(sha256sum <"$device" | cut -d' ' -f1)" = "$sum" ] || no "$file: other bytes"
	ps | grep -v grep | grep -q vdattach && no "$file: a process is left"
	[ "$(readlink /dev/vdhost/EntireDisk)" = "$device" ] || no "$file: EntireDisk"
	findimg -t 3 -H "$(readlink /dev/vdhost/Partition2)" | grep -q LABEL=two || no "$file: Partition2"
	mount -t ext4 -o ro,noload /dev/vdhost/Partition1 /mnt || no "$file: mount"
	[ "$(sha256sum </mnt/random)" = "$(cat /host/random.sum)" ] || no "$file: read"
	vdattach detach "$device" 2>&1 | grep -q 'in use' || no "$file: detached while mounted"
	[ -b /dev/mapper/vdattach0p1 ] || no "$file: gone after all"
	umount /mnt
	vdattach detach /dev/vdhost/Partition1 || no "$file: detach"
	[ ! -e /dev/vdhost ] && [ ! -e /sys/block/dm-0 ] || no "$file: something is left"
	cat /sys/block/loop*/loop/backing_file 2>/dev/null && no "$file: loop device left"
	part=$(vdattach -r -e dm -p 2 "/host/$file") && findimg -t 3 -H "$part" | grep -q LABEL=two || no "$file: -p 2"
	vdattach detach "$part" || no "$file: detach of a partition"
	echo "=== done $file"
done <"/host/sums"
umount /host && vdattach free /dev/vda && [ $failed = 0 ] && echo '=== RESULT good'
poweroff -f
TEST
build x loop -s "file /test $WORK/test 755" -s 'module dm_zero'
boot x 'rdinit=/test quiet' -drive "file=$WORK/host,if=virtio,format=raw"
expect_not '=== bad'
expect '=== RESULT good'
