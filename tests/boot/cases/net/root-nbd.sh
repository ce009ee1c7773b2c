# promise: a disk that an NBD server has is the root: a server that is killed and comes back while
# the guest writes costs nothing but time, and the end is clean; the root finds its link as none to
# configure
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
small_root "$WORK/small"
cat >"$WORK/small/etc/away" <<'AWAY'
echo '=== writing'
n=0 failed=''
until busybox dmesg | grep -q 'connected to nbd://'; do
	dd if=/bin/busybox of=/written-$((n % 8)) bs=64k conv=fsync 2>/dev/null || failed=1
	n=$((n + 1))
	[ $n -lt 3000 ] || failed=1
	[ -z "$failed" ] || break
done
dd if=/bin/busybox of=/written-last bs=64k conv=fsync 2>/dev/null || failed=1
echo "=== written failed=$failed"
while read -r line; do echo "=== interfaces $line"; done </etc/network/interfaces
AWAY
mkdir "$WORK/small/etc/network"
printf 'auto eth0\niface eth0 inet dhcp\n' >"$WORK/small/etc/network/interfaces"
ext4 "$WORK/root.ext4" 64M nbdroot "$root_uuid" "$WORK/small"
disk "$WORK/disk.img" 83 "$WORK/root.ext4"
nbd_port
build nbd disk -s "image nbd://10.0.2.2:$NBD_PORT/disk" -s 'partition 1'
serve_nbd disk "$WORK/disk.img"
nbd_away "$WORK/serial-1.log" '=== writing' disk "$WORK/disk.img"
boot nbd 'rw test.keep=first test.run=/etc/away' -nic user,model=virtio-net-pci
expect '=== root ext4 rw'
expect 'is suspended: the connection to nbd://10.0.2.2'
expect '=== written failed=$'
expect_not 'I/O error'
# the root's link is not the root's to configure; its file stays
expect '=== interfaces iface eth0 inet manual'
expect_not '=== interfaces auto'
expect_small_boot
end_nbd
part "$WORK/root.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R "dump /written-last $WORK/last" "$WORK/root.fs" 2>/dev/null
cmp "$WORK/last" /bin/busybox || fail 'what was written is not what is there'
debugfs -R 'cat /etc/network/interfaces' "$WORK/root.fs" 2>/dev/null |
	grep -qx 'iface eth0 inet dhcp' || fail 'a file of the root changed'
