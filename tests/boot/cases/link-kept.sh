# promise: a root on an NBD server keeps its link: ifupdown, systemd-networkd, NetworkManager, dhcpcd and connman of Debian, each set to configure it, leave it alone, and the shutdown is clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day tests/skel/keep.bats covers what each of them is told.
root=$("$TOP/tests/boot/manager-root") || fail 'there is no root with the managers'
cp --sparse=always "$root" "$WORK/root.ext4"
nbd_port
build nbd disk -s "image nbd://10.0.2.2:$NBD_PORT/root" -s 'partition whole'
for manager in ${MANAGERS:-networking systemd-networkd NetworkManager dhcpcd connman}; do
	masks=''
	for other in networking systemd-networkd NetworkManager dhcpcd connman; do
		[ $other = "$manager" ] || masks="$masks systemd.mask=$other.service"
	done
	[ "$manager" = systemd-networkd ] || masks="$masks systemd.mask=systemd-networkd-wait-online.service systemd.mask=systemd-networkd.socket"
	[ "$manager" = NetworkManager ] || masks="$masks systemd.mask=NetworkManager-wait-online.service"
	serve_nbd root "$WORK/root.ext4"
	BOOT_TIMEOUT=400
	boot nbd "rw net.ifnames=0 $masks" -nic user,model=virtio-net-pci
	expect '=== multi-user reached'
	expect "=== active $manager *$"
	expect '=== addresses eth0 10.0.2.15/24 *$'
	log | grep -q -e '=== failed-units *$' || fail "$manager: failed units: $(log | grep 'failed-units')"
	expect 'mkvinitrd: clean'
	expect_not 'mkvinitrd: .*busy'
	expect_not 'is suspended'
	expect_not 'Failed unmounting'
	end_nbd
	cp "$WORK/root.ext4" "$WORK/look.ext4"
	clean_ext4 "$WORK/look.ext4"
done
