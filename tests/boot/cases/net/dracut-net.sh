# promise: dracut's own network layouts boot with dracut's command lines: LIVENET (root=http), NFS
# (root=SERVER:/path, nfs4 under an overlay), NBD (netroot= with a root=, and by the DHCP server's
# root-path); a 404 names server, answer and parameter
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
build net disk -s 'applet overlayroot' -s 'module =net =netfs =fs overlay loop nbd'
mkdir "$WORK/tree"
small_root "$WORK/tree/small"
mksquashfs "$WORK/tree/small" "$WORK/root.squashfs" -quiet -no-progress -all-root
ext4 "$WORK/nbd.ext4" 32M dracut "$root_uuid" "$WORK/tree/small"
card='-nic user,model=virtio-net-pci'

serve_http "$WORK"
boot net "root=http://10.0.2.2:$HTTP_PORT/root.squashfs" $card
expect_small_boot
expect '=== root overlay rw'
boot net "root=live:http://10.0.2.2:$HTTP_PORT/absent.squashfs panic=1" $card
expect "the server 10.0.2.2:$HTTP_PORT answered: server returned error: HTTP/1.[01] 404"
expect "from:  root=live:http://10.0.2.2:$HTTP_PORT/absent.squashfs (kernel command line)"
expect_not 'more memory'
kill "$http_pid"

serve_nfs "$WORK/tree"
boot net "root=10.0.2.2:/export/small:port=$NFS_PORT ro" $card
expect_small_boot
expect '=== root nfs4* ro'
boot net "root=nfs4:10.0.2.2:/export/small:port=$NFS_PORT rd.live.image rd.overlay test.keep=ram" \
	$card
expect_small_boot
expect '=== root overlay rw'
[ ! -e "$WORK/tree/small/kept" ] || fail 'a change under rd.overlay reached the server'
kill "$nfs_pid"

nbd_port
serve_nbd '' "$WORK/nbd.ext4"
boot net "root=LABEL=dracut netroot=nbd:10.0.2.2:$NBD_PORT ip=dhcp rd.luks=0 rd.auto ro" $card
expect_small_boot
expect '=== root ext4 ro'
end_nbd

# a network of its own, whose DHCP server says where the root is
space=vi-dracut-$$
ip netns add "$space"
trap 'kill $dhcp_pid $nbd_pid 2>/dev/null; ip netns del $space' EXIT
inside="ip netns exec $space"
$inside ip tuntap add lan mode tap
$inside ip addr add 192.168.50.1/24 dev lan
$inside ip link set lan up
$inside dnsmasq -d --port=0 --user=root --bind-interfaces --conf-file=/dev/null \
	--dhcp-leasefile="$WORK/leases" -i lan \
	--dhcp-range=192.168.50.100,192.168.50.120,1h \
	--dhcp-option=option:root-path,nbd:192.168.50.1:raw::errors=panic \
	>"$WORK/dnsmasq.log" 2>&1 &
dhcp_pid=$!
$inside qemu-nbd -t -b 192.168.50.1 -f raw -x raw "$WORK/nbd.ext4" 2>>"$WORK/nbd.log" &
nbd_pid=$!
mkdir "$WORK/bin"
printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$space" "$(command -v qemu-system-x86_64)" \
	>"$WORK/bin/qemu-system-x86_64"
chmod +x "$WORK/bin/qemu-system-x86_64"
PATH=$WORK/bin:$PATH
boot net 'root=/dev/root netroot=dhcp ip=dhcp rd.luks=0 ro' \
	-netdev tap,id=n0,ifname=lan,script=no,downscript=no -device virtio-net-pci,netdev=n0
expect 'the DHCP server says that the root is nbd:192.168.50.1:raw::errors=panic'
expect_small_boot
expect '=== root ext4 ro.*errors=panic'
