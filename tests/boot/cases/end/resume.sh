# promise: a root on a partition, and one in an image on a partition, hibernate and are resumed with
# what they had in memory; without resuming, neither the hibernated root nor an image on the disk of
# the hibernated system is written to
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day the root in an image, which has more to wait for: nothing is looked for or mounted
# before a system is resumed (skel/resume.bats), so a root on a partition is resumed by the same
# steps.
# skel/resume.bats also shows that a boot continues where nothing is to be resumed, and that a
# hibernated root is not mounted; here the disk with an image is left alone.
# hibernate=nocompress: LZO takes an emulated machine seconds.
build disk disk -s 'applet e2fsck'
build loop loop
swap_uuid=6d6b7669-6e69-7472-6400-0000000000aa
small_root "$WORK/small"
cat >"$WORK/small/etc/hibernate" <<'HIBERNATE'
echo "=== first start"
busybox mount -t tmpfs none /tmp
echo remembered >/tmp/state
busybox swapon /dev/vda1 && sync
echo shutdown >/sys/power/disk
# the kernel gives up while ext4's own thread reads from a loop device, whose queue it has stopped
{ echo disk >/sys/power/state || echo disk >/sys/power/state; } && echo "=== resumed with $(cat /tmp/state)"
busybox swapoff /dev/vda1
HIBERNATE
truncate -s 300M "$WORK/swap"
mkswap -q -U $swap_uuid "$WORK/swap"
ext4 "$WORK/small.ext4" 32M SMALL "$root_uuid" "$WORK/small"
mkdir "$WORK/host"
cp "$WORK/small.ext4" "$WORK/host/root.img"
ext4 "$WORK/host.ext4" 100M HOST "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/swap" "$WORK/small.ext4"
disk "$WORK/image.img" 83 "$WORK/swap" "$WORK/host.ext4"
rm -r "$WORK/small" "$WORK/small.ext4" "$WORK/host" "$WORK/host.ext4" "$WORK/swap"
MEMORY=400

# hibernated NAME DISK WORDS: the second boot must not reach init
hibernated() {
	boot "$1" "$3 $(check_all || echo hibernate=nocompress) test.run=/etc/hibernate" -drive "file=$2,format=raw,if=virtio"
	expect '=== first start'
	expect_not 'busybox init reached'
}

# resumed NAME DISK WORDS
resumed() {
	boot "$1" "$3" -drive "file=$2,format=raw,if=virtio"
	expect 'resuming the system that is hibernated on /dev/vda1'
	expect '=== resumed with remembered'
	expect_small_boot
	part "$WORK/part" "$2" 2
	clean_ext4 "$WORK/part"
}

if check_all; then
	hibernated disk "$WORK/disk.img" "rw root=UUID=$root_uuid"
	# nobody resumes it: the root is not mounted at all
	sha256sum "$WORK/disk.img" >"$WORK/sums"
	boot disk "rw root=UUID=$root_uuid panic=-1" -drive "file=$WORK/disk.img,format=raw,if=virtio"
	expect "'/dev/vda2' may belong to the hibernated Linux of '/dev/vda1'.*resume=/dev/vda1"
	expect_not 'busybox init reached'
	sha256sum -c --quiet "$WORK/sums" || fail 'the hibernated system was written to'
	resumed disk "$WORK/disk.img" "rw root=UUID=$root_uuid resume=UUID=$swap_uuid"
fi

hibernated loop "$WORK/image.img" "rw vi.image=/root.img vi.part=whole"
# the image lies on the file system of the hibernated host, named by UUID or not: changes stay in
# memory
sha256sum "$WORK/image.img" >"$WORK/sums"
boot loop "rw vi.image=/root.img vi.part=whole vi.host=UUID=$host_uuid noresume resume=UUID=$swap_uuid panic=-1 test.keep=lost" -drive "file=$WORK/image.img,format=raw,if=virtio"
expect "'/dev/vda2' may belong to the hibernated Linux of '/dev/vda1'"
sha256sum -c --quiet "$WORK/sums" || fail 'the hibernated system was written to'
resumed loop "$WORK/image.img" "rw vi.image=/root.img vi.part=whole resume=UUID=$swap_uuid"

check_all || return 0
# no image: the boot continues
boot disk "rw root=UUID=$root_uuid resume=UUID=$swap_uuid" \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect_small_boot
