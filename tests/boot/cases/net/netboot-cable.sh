# promise: a network card without a cable does not hold the boot up when another has one; when none
# has, that is said
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# Every day skel/net/net.bats has a machine without any cable.
build netboot netboot
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
serve_http "$WORK"
url=http://10.0.2.2:$HTTP_PORT
a=mac=52:54:00:00:00:0a b=mac=52:54:00:00:00:0b
# unplugged N...: QEMU arguments in RET, for a monitor that takes the cables of the netdevs out
# before the guest looks
unplugged() {
	rm -f "$WORK/monitor.in" "$WORK/monitor.out"
	mkfifo "$WORK/monitor.in" "$WORK/monitor.out"
	printf 'set_link %s off\n' "$@" >"$WORK/monitor.in" &
	RET="-chardev pipe,id=monitor,path=$WORK/monitor -mon chardev=monitor,mode=readline"
}

# the first card has no cable
unplugged n0
boot netboot "ip=dhcp rw vi.image=$url/rootfs.tar.xz" $RET \
	-netdev user,id=n0 -device virtio-net-pci,netdev=n0,$a -netdev user,id=n1 \
	-device e1000,netdev=n1,$b
expect_small_boot
expect 'eth. has 10.0.2.15/24, router 10.0.2.2'

# none has
if check_all; then
	unplugged n0 n1
	boot netboot "ip=dhcp rw vi.timeout=3 panic=1 vi.image=$url/rootfs.tar.xz" $RET \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,$a -netdev user,id=n1 \
		-device e1000,netdev=n1,$b
	expect 'needs the network, and there is none'
	expect 'eth0: no carrier'
	expect 'eth1: no carrier'
	expect_not '=== '
fi
