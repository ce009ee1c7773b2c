# promise: a store in a directory of another partition, vi.hostmount, vi.modules, vi.plan,
# vi.host=usb and cdrom; too little memory is said before it is used
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/overlay.bats refuses vi.toram for lack of memory.
build overlay overlay -s 'image /live/root.sqfs' -s 'module dummy'
small_root "$WORK/small"
mkdir -p "$WORK/small/media/host"
echo "ls /media/host/live; [ -d /sys/class/net/dummy0 ] && echo '=== dummy is loaded'" \
	>"$WORK/small/etc/tell"
small_image "$WORK/root.sqfs"
vfat "$WORK/stick.vfat" 80 STICK "$WORK/root.sqfs=live/root.sqfs"
disk "$WORK/stick.img" c "$WORK/stick.vfat"
ext4 "$WORK/data.ext4" 32M data "$root_uuid"
disk "$WORK/data.img" 83 "$WORK/data.ext4"
stick="-device qemu-xhci -drive file=$WORK/stick.img,format=raw,if=none,id=s -device usb-storage,drive=s,removable=on"
data="-drive file=$WORK/data.img,format=raw,if=virtio"

boot overlay 'vi.host=usb vi.persist=dir:LABEL=data:/deep/changes vi.hostmount=/media/host vi.modules=dummy vi.plan test.run=/etc/tell test.keep=first' $stick $data
expect_small_boot
expect '^host=usb'
expect '^persist=dir:LABEL=data:/deep/changes'
expect '^root.sqfs'
expect '=== dummy is loaded'
if check_all; then
	boot overlay 'vi.persist=dir:LABEL=data:/deep/changes' $stick $data
	expect_small_boot
	expect '=== kept first'
fi
part "$WORK/data" "$WORK/data.img" 1
clean_ext4 "$WORK/data"
debugfs -R 'cat /deep/changes/upper/kept' "$WORK/data" 2>/dev/null | grep -qx first || fail 'what was written is not in the directory'

mkdir -p "$WORK/iso/live"
cp "$WORK/root.sqfs" "$WORK/iso/live"
truncate -s 200M "$WORK/iso/live/big.sqfs"
xorriso -as mkisofs -quiet -R -V CD -o "$WORK/cd.iso" "$WORK/iso" 2>/dev/null
boot overlay 'vi.host=cdrom' -cdrom "$WORK/cd.iso"
expect_small_boot
if check_all; then
	MEMORY=300
	boot overlay 'vi.host=cdrom vi.toram vi.image=/live/big.sqfs panic=1' -cdrom "$WORK/cd.iso"
	expect 'vi.toram needs 200 MiB .* [0-9]* MiB are available'
fi
