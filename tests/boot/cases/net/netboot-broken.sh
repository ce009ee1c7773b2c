# promise: an archive that breaks off is fetched again; one that never comes whole, or is not the
# one of vi.verify=, is refused and leaves no half root
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/net/fetch.bats fetches an archive once more that came damaged, and gives
# up one that never comes.
build netboot netboot
small_root "$WORK/small"
head -c 2M /dev/urandom >"$WORK/small/etc/noise"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
small_image "$WORK/root.sqfs"
serve_flaky "$WORK"
url=http://10.0.2.2:$HTTP_PORT
card='-netdev user,id=n0 -device virtio-net-pci,netdev=n0'
sum=$(sha256sum "$WORK/rootfs.tar.xz")

boot netboot "ip=dhcp rw vi.verify=sha256:${sum%% *} vi.image=$url/twice/rootfs.tar.xz" $card
expect_small_boot
expect 'trying again in'
expect '=== root tmpfs rw'
if check_all; then
	boot netboot "ip=dhcp rw vi.image=$url/nolength/rootfs.tar.xz" $card
	expect_small_boot
	expect 'rootfs.tar.xz once more'
fi
boot netboot "ip=dhcp rw vi.mode=overlay vi.image=$url/twice/root.sqfs" $card
expect_small_boot
expect '=== root overlay rw'
# every day tmpfs-limits refuses an archive that is another one
check_all || return 0
boot netboot "ip=dhcp rw panic=1 vi.image=$url/always/rootfs.tar.xz" $card
expect 'rootfs.tar.xz could not be downloaded'
expect_not '=== '
boot netboot "ip=dhcp rw panic=1 vi.verify=sha256:$(printf %064d 0) vi.image=$url/whole/rootfs.tar.xz" $card
expect 'rootfs.tar.xz could not be unpacked'
expect "${sum%% *}"
expect_not '=== '
