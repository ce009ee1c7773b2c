# promise: a root that does not come is named, with every device seen and what to do; panic= reboots
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day on 6.12 alone: what findimg tells of disks is the same text on each kernel.
build disk disk
small_disk "$WORK/disk.img" bystander
sha256sum "$WORK/disk.img" >"$WORK/sum"
boot disk 'root=UUID=00000000-1111-2222-3333-444444444444 rw vi.timeout=4 panic=2' \
	-drive "file=$WORK/disk.img,format=raw,if=virtio"
expect '00000000-1111-2222-3333-444444444444'
expect 'vda1.*bystander'
expect_not 'Kernel panic'
sha256sum --quiet -c "$WORK/sum" || fail 'the bystander disk changed'
