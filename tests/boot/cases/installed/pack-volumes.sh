# promise: mkvinitrd pack reads a root on a logical volume of several pieces in a LUKS volume, by
# the key in a file, changes nothing in the image, and leaves no volume open, also when it fails
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# pack-volumes.bats covers what needs no device-mapper. Every day a run that is terminated is what
# fails with volumes open, with check-all one that ends by itself as well.
. "$TOP/tests/boot/lib/volumes.sh"

# The image of an encrypted installation: /boot, and LUKS with the volume group vg, whose volume
# root has two pieces with home between
small_root "$WORK/small"
mkdir "$WORK/small/home" "$WORK/small/boot" "$WORK/small/usr" "$WORK/home" "$WORK/boot"
echo mine >"$WORK/home/file"
echo kernel >"$WORK/boot/vmlinuz"
printf '/dev/mapper/vg-root / ext4 x 0 1\n/dev/vg/home /home ext4 x 0 2\nUUID=%s /boot ext4 x 0 2\n' "$host_uuid" >"$WORK/small/etc/fstab"
ext4 "$WORK/root.fs" 16M root "$root_uuid" "$WORK/small"
ext4 "$WORK/home.fs" 8M home 6d6b7669-6e69-7472-6400-00000000000a "$WORK/home"
ext4 "$WORK/boot.fs" 8M boot "$host_uuid" "$WORK/boot"
truncate -s 40M "$WORK/pv"
volume_loop=$(losetup -f --show "$WORK/pv")
lvm_on "$volume_loop" pvcreate "$volume_loop"
lvm_on "$volume_loop" vgcreate vg "$volume_loop"
lvm_on "$volume_loop" lvcreate -an -Zn -Wn -y -L 8m -n root vg
lvm_on "$volume_loop" lvcreate -an -Zn -Wn -y -L 8m -n home vg
lvm_on "$volume_loop" lvextend -L 16m vg/root
losetup -d "$volume_loop"
dd if="$WORK/root.fs" of="$WORK/pv" bs=1M seek=1 count=8 conv=notrunc status=none
dd if="$WORK/home.fs" of="$WORK/pv" bs=1M seek=9 conv=notrunc status=none
dd if="$WORK/root.fs" of="$WORK/pv" bs=1M seek=17 skip=8 conv=notrunc status=none
encrypt "$WORK/pv" "$WORK/luks" 6d6b7669-6e69-7472-6400-00000000000b
disk "$WORK/disk.raw" 83 "$WORK/boot.fs" "$WORK/luks"

# A machine with the tools of this one: its root is a disk, since each start of a program from a
# shared directory costs an emulated machine a second, and its first process is what is tried
few_modules xts ecb
sysroot sh env readlink dirname basename cat cp grep sed awk sort tail head cut tr wc find xargs \
	tar zstd sha256sum tee mkfifo mount umount losetup blkid \
	unshare realpath stat mktemp rm mkdir mv touch chmod sync df du date id sleep jq \
	cryptsetup dmsetup lvm dumpe2fs ln ls uname cmp dd iconv \
	"$MKVINITRD" "$TOP/build/host/bin/vdattach"
guest=$WORK/sysroot
rm -r "$guest/lib/modules"
mkdir -p "$guest/src/scripts/applets" "$guest/dev" "$guest/proc" "$guest/sys" "$guest/run" \
	"$guest/tmp"
ln -s sbin "$guest/bin"
cp "$TOP/scripts/pack" "$guest/src/scripts/"
cp -r "$TOP/scripts/lib" "$guest/src/scripts/"
ln -s /sbin/vdattach "$guest/src/scripts/applets/vdattach"
mv "$WORK/disk.raw" "$guest/disk.raw"
printf 'secret\n' >"$guest/key"
printf 'wrong\n' >"$guest/wrong"
! check_all || : >"$guest/all"
sha256sum <"$guest/disk.raw" >"$WORK/sum"
cat >"$guest/try" <<'TRY'
export PATH=/sbin HOME=/
cd /
exec </dev/null >/run/out 2>/run/err
mount -t tmpfs tmpfs /tmp
set -x
/src/scripts/pack --key-file /key /disk.raw /tmp/out.tar >/dev/null && cp /tmp/out.tar /out.tar
/src/scripts/pack --key-file /wrong /disk.raw /tmp/no.tar && echo FAILED
if [ -e /all ]; then /src/scripts/pack --key-file /key -f zip /disk.raw /tmp/no.tar && echo FAILED; fi
/src/scripts/pack -q --key-file /key /disk.raw /tmp/out2.tar &
pid=$!
until dmsetup ls | grep -q mkvinitrd-$pid; do kill -0 $pid || break; done
kill -TERM $pid
wait $pid
echo "status $?"
dmsetup ls
ls /tmp
losetup
exec >/dev/null 2>&1
cp /run/out /run/err / && mount -o remount,ro / && echo o >/proc/sysrq-trigger &&
	while :; do :; done
TRY
ext4 "$WORK/machine.fs" 200M machine "$root_uuid" "$guest"
{
	echo '#!/bin/busybox sh'
	bare_guest
	echo 'coldplug; modprobe -a loop dm-mod dm-crypt xts ecb ext4'
	echo 'mkdir /machine && mount -t ext4 /dev/vda /machine || die mount'
	echo 'for d in dev proc sys run; do mount --move /$d /machine/$d; done'
	echo 'exec busybox switch_root /machine /sbin/sh /try'
} >"$WORK/test"
build machine loop -s 'module dm_crypt xts ecb' -s "file /test $WORK/test 755"
BOOT_TIMEOUT=600 boot machine 'rdinit=/test quiet' \
	-drive "file=$WORK/machine.fs,format=raw,if=virtio,cache=unsafe"
clean_ext4 "$WORK/machine.fs"
for file in out err out.tar disk.raw; do
	debugfs -R "dump /$file $WORK/$file" "$WORK/machine.fs" 2>/dev/null
done
[ "$(sha256sum <"$WORK/disk.raw")" = "$(cat "$WORK/sum")" ] || fail 'the image changed'
for text in "the root is volume vg/root of '/disk.raw'" "/home is volume vg/home" \
	"/boot is partition 1" \
	"the key in '/wrong' does not open partition 2 of '/disk.raw'"; do
	grep -qF "$text" "$WORK/err" || fail "never said: $text: $(cat "$WORK/err")"
done
[ "$(cat "$WORK/out")" = "status 143
No devices found
out.tar" ] || fail "what is left is: $(cat "$WORK/out")"
tar -tf "$WORK/out.tar" >"$WORK/members"
for file in ./bin/busybox ./home/file ./boot/vmlinuz; do grep -qx "$file" "$WORK/members" ||
	fail "$file is missing: $(cat "$WORK/members")"; done
tar -xOf "$WORK/out.tar" ./bin/busybox | cmp - "$WORK/small/bin/busybox" ||
	fail 'a file has other contents'
