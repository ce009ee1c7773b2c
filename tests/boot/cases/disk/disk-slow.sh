# promise: a disk that does not answer is named, and keeps nobody from the root on another one; a
# root on one that answers late is used; with none that answers the report names it at the timeout,
# the wait is not silent, and the machine reboots; what is not clean is not written to while a
# hibernated Linux to which it belongs may be on a disk that does not answer
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/silent.sh"
build disk disk
# hibernated OUT: a disk whose swap partition has the memory of a hibernated Linux
hibernated() {
	truncate -s 16M "$WORK/swap"
	mkswap "$WORK/swap" >/dev/null 2>&1
	printf 'S1SUSPEND\0' | dd of="$WORK/swap" bs=1 seek=4086 conv=notrunc status=none
	disk "$1" 82 "$WORK/swap"
}

# not_unmounted OUT LABEL: an ext4 with a file, as a power cut leaves it
not_unmounted() {
	mkdir -p "$WORK/files"
	echo content >"$WORK/files/image"
	ext4 "$1" 8M "$2" random "$WORK/files"
	debugfs -w -R 'feature needs_recovery' "$1" >/dev/null 2>&1
	sha256sum "$1" >"$1.sum"
}

small_root "$WORK/small"
cp "$TOP/build/musl/bin/findimg" "$WORK/small/bin/"
# what findimg says goes to the console at once, where the monitor waits for it
cat >"$WORK/small/etc/look" <<'LOOK'
# look LABEL SECONDS
look() {
	{
		findimg -t "$2" -w -m /tmp/mnt -H "LABEL=$1" /image
		echo "status $?"
	} 2>&1 | while read -r line; do echo "=== $1: $line"; done
}
look one 5
umount /tmp/mnt
look two 100
LOOK
ext4 "$WORK/small.ext4" 32M bbroot "$host_uuid" "$WORK/small"
disk "$WORK/root.img" 83 "$WORK/small.ext4"
hibernated "$WORK/sleeper.img"
not_unmounted "$WORK/one" one
not_unmounted "$WORK/two" two

# A disk that stays silent beside the root's, which answers late. In the root: what was not
# unmounted, while the disk is silent, and when it answers late.
silent_drive sleeper "$WORK/sleeper.img"
silent_drive root "$WORK/root.img"
drive one "$WORK/one"
drive two "$WORK/two"
boot_attended disk 'root=LABEL=bbroot rw test.run=/etc/look' \
	"'/dev/vdb1' has not answered => monitor $lift root $none" \
	"=== two: findimg: warning: '/dev/vda1' has not answered => monitor $lift sleeper $none" \
	-- $DRIVES
for device in vda vda1 vdb vdb1; do expect "^findimg: .*'/dev/$device' $unanswered"; done
expect 'root=LABEL=bbroot is /dev/vdb1'
expect '=== root ext4 rw'
expect "=== one: .*'/dev/vda1' $unanswered"
expect '=== one: status 0'
expect '(vdc): mounted filesystem .* r/w'
clean_ext4 "$WORK/one"
expect "=== two: .*'/dev/vdd' may belong to the hibernated Linux of '/dev/vda1'"
expect '=== two: status 1'
sha256sum -c --quiet "$WORK/two.sum" || fail 'what belongs to a hibernated Linux was written to'
expect_small_boot
part "$WORK/part" "$WORK/root.img" 1
clean_ext4 "$WORK/part"

# None that answers. Linux does not end a sync(2) before the disk answers.
DRIVES=''
silent_drive root "$WORK/root.img"
boot disk 'root=LABEL=bbroot rw vi.timeout=20 panic=1' $DRIVES
expect 'a disk does not answer: rebooting without waiting for it any longer'
expect "'/dev/vda1' $unanswered"
expect 'vda1 .* has not answered for [1-9][0-9]* s'
expect "'LABEL=bbroot' was not found within 20 s"
[ "$(log | grep -c 'waiting for a disk: .* of at most 20 s')" -ge 2 ] || fail 'the wait was silent'
