# promise: with vi.exporter=direct a fixed image on ext4 boots straight on the host's disk: no loop
# device, no process, the host unmounted; it keeps what is written, both file systems and all other
# files of the host are left as they were; an image for which that is not possible boots by another
# exporter
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 current
build loop loop

mkdir -p "$WORK/host/images"
small_root "$WORK/small"
cat >"$WORK/small/etc/fill" <<'FILL'
# mke2fs leaves holes where there are zeros, cat does not
cat /tmp/host/images/holes.img >/tmp/host/images/full.img && sync && echo '=== filled'
FILL
cat >"$WORK/small/etc/look" <<'LOOK'
mounted=0 loops=0 mapped=''
while read -r device target type rest; do
	[ "$type" != ext4 ] || mounted=$((mounted + 1))
done </proc/mounts
for file in /sys/block/loop*/loop/backing_file; do [ ! -e "$file" ] || loops=$((loops + 1)); done
for file in /sys/block/dm-*/dm/name; do mapped="$mapped $(cat "$file")"; done
echo "=== ext4 $mounted loops $loops mapped$mapped"
busybox ps | busybox grep '[@]vdattach' && echo '=== a process of vdattach'
busybox mount -t ext4 /dev/vda1 /tmp 2>/dev/null && echo '=== the host can be mounted'
dd if=/dev/urandom of=/big bs=64k count=100 2>/dev/null && sync && busybox sha256sum /big >/big.sum && echo '=== big written'
LOOK
ext4 "$WORK/small.ext4" 32M smallroot "$root_uuid" "$WORK/small"
disk "$WORK/host/images/holes.img" 83 "$WORK/small.ext4"
cp "$WORK/host/images/holes.img" "$WORK/host/images/small.img"
head -c 5000000 /dev/urandom >"$WORK/host/before"
head -c 3000000 /dev/urandom >"$WORK/host/images/after"
sha256sum "$WORK/host/before" "$WORK/host/images/after" | cut -d' ' -f1 >"$WORK/sums"
ext4 "$WORK/host.ext4" 200M windata "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"

# by_direct IMAGE SCRIPT PARAMETER...: boots, and both file systems are as they should be
by_direct() {
	image=$1 script=$2
	shift 2
	boot loop "vi.image=/images/$image vi.host=UUID=$host_uuid vi.part=1 vi.exporter=direct rw test.keep=$script test.run=/etc/$script $*" \
		-drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect_small_boot
	expect '=== root ext4 rw'
	part "$WORK/after.fs" "$WORK/disk.img" 1
	clean_ext4 "$WORK/after.fs"
	for file in /before /images/after; do
		debugfs -R "cat $file" "$WORK/after.fs" 2>/dev/null | sha256sum | cut -d' ' -f1 |
			grep -qxFf "$WORK/sums" ||
			fail "$file has changed"
	done
	debugfs -R "dump /images/$image $WORK/image" "$WORK/after.fs" 2>/dev/null
	part "$WORK/root.fs" "$WORK/image" 1
	clean_ext4 "$WORK/root.fs"
	debugfs -R 'cat /kept' "$WORK/root.fs" 2>/dev/null | grep -q "$script" ||
		fail 'the written file is not in the image'
}

by_direct small.img fill vi.hostmount=/tmp/host
expect 'not mounted through a wrapper'
expect 'attached by another exporter than vi.exporter=direct'
expect '=== filled'
by_direct full.img look
expect '=== ext4 1 loops 0 mapped vdattach0 vdattach0p1'
expect '=== big written'
expect_not 'another exporter'
expect_not '=== a process of vdattach'
expect_not '=== the host can be mounted'
debugfs -R "dump /big $WORK/big" "$WORK/root.fs" 2>/dev/null
debugfs -R 'cat /big.sum' "$WORK/root.fs" 2>/dev/null | cut -d' ' -f1 >"$WORK/big.sum"
[ "$(sha256sum <"$WORK/big" | cut -d' ' -f1)" = "$(cat "$WORK/big.sum")" ] ||
	fail 'other bytes in the image than were written'
