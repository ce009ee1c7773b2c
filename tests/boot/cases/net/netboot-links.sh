# promise: with several network cards the one that leads to the image is used: no answer, no cable,
# a lease that leads nowhere, BOOTIF; static addresses; TFTP; an image kept in RAM
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/failures.bats says that there is no network, and nobody answers the first card here.
build netboot netboot
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
small_image "$WORK/root.sqfs"
serve_http "$WORK"
url=http://10.0.2.2:$HTTP_PORT
a=mac=52:54:00:00:00:0a b=mac=52:54:00:00:00:0b c=mac=52:54:00:00:00:0c

# three cards: nobody answers on the first, the lease of the second leads nowhere, and the third has
# its cable only then
boot_attended netboot "ip=dhcp rw vi.image=$url/rootfs.tar.xz" \
	'Run /init => monitor set_link n2 off' \
	'has no router and does not reach 10.0.2.2 => monitor set_link n2 on' -- \
	-netdev hubport,hubid=9,id=n0 -device virtio-net-pci,netdev=n0,$a \
	-netdev user,id=n1,net=10.77.0.0/24,restrict=on -device virtio-net-pci,netdev=n1,$b \
	-netdev user,id=n2 -device e1000,netdev=n2,$c
expect_small_boot
expect '=== root tmpfs rw'
expect '=== resolv nameserver 10.0.2.3'
expect 'lease on eth. has no router and does not reach 10.0.2.2'
expect 'eth. has 10.0.2.15/24, router 10.0.2.2'

# both answer, BOOTIF says which
boot netboot "ip=dhcp BOOTIF=01-52-54-00-00-00-0b rw vi.image=tftp://10.88.0.2/rootfs.tar.xz" \
	-netdev user,id=n0,net=10.99.0.0/24 -device virtio-net-pci,netdev=n0,$a \
	-netdev "user,id=n1,net=10.88.0.0/24,tftp=$WORK" -device e1000,netdev=n1,$b
expect_small_boot
expect 'eth. has 10.88.0.15/24'

boot netboot "ip=10.0.2.77::10.0.2.2:255.255.255.0:lab20:eth0:off:10.0.2.3 rw vi.mode=overlay vi.image=$url/root.sqfs" \
	-netdev user,id=n0 -device e1000,netdev=n0
expect_small_boot
expect '=== root overlay rw'
expect 'eth0 has 10.0.2.77/24, router 10.0.2.2'
expect '=== resolv nameserver 10.0.2.3'

# nothing but silence: clear words, and panic= reboots
check_all || return 0
boot netboot "ip=dhcp rw vi.timeout=3 panic=1 vi.image=$url/rootfs.tar.xz" \
	-netdev hubport,hubid=9,id=n0 -device virtio-net-pci,netdev=n0
expect 'needs the network, and there is none'
expect 'eth0: link is up, no DHCP answer'
[ "$(log | grep -c 'waiting for a DHCP answer on eth0 (.* of at most 60 s)')" -ge 5 ] ||
	fail 'the wait for DHCP was silent'
