# promise: two cards are one link by bond=, with a VLAN on it; it has addresses of IPv4 by DHCP and
# of IPv6 by a router's announcements and from the command line; the root comes over IPv6
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
build netboot netboot
small_root "$WORK/small"
cat >"$WORK/small/etc/tell" <<'TELL'
for file in mode active_slave slaves miimon; do read -r line </sys/class/net/bond0/bonding/$file && echo "=== $file $line"; done
while read -r line; do echo "=== vlan $line"; done </proc/net/vlan/config
while read -r line; do echo "=== six $line"; done </proc/net/if_inet6
read -r mtu </sys/class/net/bond0/mtu && echo "=== mtu $mtu"
TELL
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
hub=''
for n in 0 1; do hub="$hub -netdev hubport,hubid=1,id=n$n -device virtio-net-pci,netdev=n$n,mac=52:54:00:00:00:0$n"; done
boot netboot "bond=bond0:eth0,eth1:mode=active-backup,miimon=100:1400 vlan=bond0.0005:bond0 ip=bond0:dhcp ip=bond0:auto6 ip=[fd05::5]::[fd05::1]:64:pc:bond0.0005:none rw vi.image=tftp://[fec0::2]/rootfs.tar.xz test.run=/etc/tell" \
	-netdev "user,id=u,tftp=$WORK" -netdev hubport,hubid=1,id=hu,netdev=u $hub
expect_small_boot
expect '=== root tmpfs rw'
expect '=== mode active-backup 1'
expect '=== active_slave eth[01]'
expect '=== slaves eth0 eth1'
expect '=== miimon 100'
expect '=== mtu 1400'
expect '=== vlan bond0.0005 *| 5 *| bond0'
expect '=== six fd050000000000000000000000000005 .* bond0.0005'
expect 'bond0 has 10.0.2.15/24'
expect 'bond0 has fec0:'
expect_not 'eth[01] has'
expect_not 'mkvinitrd: warning'
