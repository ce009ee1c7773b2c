# promise: on FAT a store that is larger than one file may be lies in several, joined by
# device-mapper; it grows by itself when it fills up, and nothing of it stays attached
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
cat >"$WORK/test" <<'TEST'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
exec >/dev/ttyS0 2>&1
coldplug
mkdir -p /lower/etc /host /root
findimg -w -m /host -H LABEL=STICK

# once NUMBER OPTIONS...: a mount of the root, and down again
once() {
	n=$1
	shift
	overlayroot --state /run/state --max-file 24m -l /lower "$@" /root || echo "=== failed $n"
	df -m /run/initramfs/layers/upper | tail -n 1 | { read -r dev size rest; echo "=== size $n $size"; }
	for file in /root/kept*; do echo "=== seen $n $(md5sum <"$file")"; done
	dd if=/dev/urandom of=/root/kept$n bs=1M count=25 2>/dev/null
	echo "=== made $n $(md5sum </root/kept$n)"
	umount /root
	tac /run/state | while read -r kind what; do
		case $kind in mount) umount "$what" ;; loop) i=0; until losetup -d "$what" 2>/dev/null; ! [ -e /sys/block/${what##*/}/loop/backing_file ] || [ $i -ge 50 ]; do i=$((i + 1)); sleep 0.1; done ;; esac
	done
	rm /run/state
	losetup -a
	# the kernel closes the table of what it removes, and takes its directory away a moment later
	i=0
	while [ -n "$(ls -d /sys/block/dm-* 2>/dev/null)" ]; do
		[ $i -lt 50 ] || { echo "=== left $n" && break; }
		i=$((i + 1)) && sleep 0.1
	done
	ls /host/s
}
once 1 -u file:/host/s/upper.img,60m
once 2 -u file:/host/s/upper.img
once 3 -u file:/host/s/upper.img
umount /host
e2fsck -V 2>&1 | head -n 1
echo '=== RESULT'
poweroff -f
TEST
build x overlay -s 'persist file:/x' -s "file /test $WORK/test 755"
vfat "$WORK/stick.vfat" 200 STICK
disk "$WORK/disk.img" c "$WORK/stick.vfat"
boot x 'rdinit=/test quiet' -drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '=== RESULT'
expect_not '=== failed'
expect_not '=== left'
for n in 1 2; do
	sum=$(log | sed -n "s/=== made $n //p")
	[ "$(log | grep -c "=== seen [0-9] $sum")" = $((3 - n)) ] ||
		fail "what mount $n wrote is not seen again"
done
expect 'upper.img.2'
expect "grows from 60 to "
[ "$(log | sed -n 's/=== size 3 //p')" -gt 100 ] || fail 'it did not grow'
part "$WORK/stick" "$WORK/disk.img" 1
clean_vfat "$WORK/stick"
for n in '' .1 .2 .3 .4 .5 .6; do
	! mcopy -n -i "$WORK/stick" "::s/upper.img$n" - >>"$WORK/store" 2>/dev/null || continue
	break
done
clean_ext4 "$WORK/store"
