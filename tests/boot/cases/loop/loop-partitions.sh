# promise: images with GPT, with 4096-byte sectors, with a hybrid MBR; by number, UUID and label of
# the partition, or the only one that can be a root; changes elsewhere leave the image as it is
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/boot.bats refuses to choose between two partitions, and hybrid tables are those of
# test_partition.c; partitions by number boot in loop-raw-ext4.
build loop loop -s 'image /images/gpt.img'
small_root "$WORK/small"
ext4 "$WORK/small.ext4" 16M bbroot "$root_uuid" "$WORK/small"
mkdir -p "$WORK/host/images"
gpt() {
	truncate -s 24M "$1"
	sgdisk -Z "$1" >/dev/null 2>&1 || :
	sgdisk -n 1:2048:+1M -n 2:8192:+16M -c 2:"the root" -t 1:ef02 -u 2:"$root_uuid" ${2:+"$2"} \
		"$1" >/dev/null
	dd if="$WORK/small.ext4" of="$1" bs=1M seek=4 conv=notrunc,sparse status=none
}
gpt "$WORK/host/images/gpt.img"
gpt "$WORK/host/images/hybrid.img" -h=2
# two partitions that may be the root
cp --sparse=always "$WORK/host/images/gpt.img" "$WORK/host/images/two.img"
mke2fs -q -t ext2 "$WORK/first.ext2" 1M
dd if="$WORK/first.ext2" of="$WORK/host/images/two.img" bs=1M seek=1 conv=notrunc status=none
# 4096-byte sectors: a table made through a loop device of that size
truncate -s 24M "$WORK/host/images/4k.img"
loop=$(losetup --show -f -b 4096 "$WORK/host/images/4k.img")
printf 'label: gpt\nstart=1024, size=4096\n' |
	sfdisk -q --no-reread --no-tell-kernel "$loop" >/dev/null || :
losetup -d "$loop"
mke2fs -q -t ext4 -b 4096 -d "$WORK/small" "$WORK/4k.ext4" 16M
dd if="$WORK/4k.ext4" of="$WORK/host/images/4k.img" bs=1M seek=4 conv=notrunc,sparse status=none
ext4 "$WORK/host.ext4" 120M imghost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"

boot loop "vi.part=UUID=$root_uuid rw test.keep=gpt" $medium
expect_small_boot
expect '=== root ext4 rw'
boot loop '"vi.part=PARTLABEL=the root" vi.persist=ram' $medium
expect_small_boot
expect '=== root overlay rw'
expect '=== kept gpt'
# by number
if check_all; then
	boot loop 'vi.image=/images/hybrid.img vi.part=2 ro' $medium
	expect_small_boot
	expect '=== root ext4 ro'
fi
boot loop 'vi.image=/images/4k.img rw' $medium
expect_small_boot
# the only partition that can be a root: every day of the table in 4096-byte sectors
if check_all; then
	boot loop 'rw' $medium
	expect_small_boot
fi
if check_all; then
	boot loop 'vi.image=/images/two.img rw panic=1' $medium
	expect 'has 2 partitions and vi.part= does not say which'
fi
part "$WORK/host.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/host.ext4"
