# promise: a root on an NBD, NFS or web server keeps its link: ifupdown, systemd-networkd,
# NetworkManager, dhcpcd and connman of Debian, each set to configure it, leave it alone, and the
# shutdown is clean
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day tests/skel/net/keep.bats covers what each of them is told. Here each of them has a root
# by NBD, and ifupdown, which takes links down when it ends, one of every kind; KINDS and MANAGERS
# choose others.
. "$TOP/tests/boot/lib/netlab.sh"
# all that may have to be downloaded
root=$("$TOP/tests/boot/manager-root") || fail 'there is no root with the managers'
{ "$TOP/tests/boot/nfs-server" && "$TOP/tests/lib/servers" >/dev/null; } ||
	fail 'there are no servers'
in_lab "$0"
mkdir "$WORK/www" "$WORK/tree"

# masked MANAGER: parameters that leave it alone of all, in RET
masked() {
	RET=''
	for other in networking systemd-networkd NetworkManager dhcpcd connman; do
		[ $other = "$1" ] || RET="$RET systemd.mask=$other.service"
	done
	[ "$1" = systemd-networkd ] ||
		RET="$RET systemd.mask=systemd-networkd-wait-online.service systemd.mask=systemd-networkd.socket"
	[ "$1" = NetworkManager ] || RET="$RET systemd.mask=NetworkManager-wait-online.service"
}

# managed KIND MANAGER PARAMETERS: such a root boots and ends
managed() {
	masked "$2"
	BOOT_TIMEOUT=400
	boot "$1" "rw net.ifnames=0 $3 $RET" -nic user,model=virtio-net-pci
	expect '=== multi-user reached'
	expect "=== active $2 *$"
	expect '=== addresses eth0 10.0.2.15/24 *$'
	log | grep -q -e '=== failed-units *$' ||
		fail "$1, $2: failed units: $(log | grep 'failed-units')"
	expect 'mkvinitrd: clean'
	expect_not 'mkvinitrd: .*busy'
	expect_not 'is suspended'
	expect_not 'Failed unmounting'
}

# begin_KIND: sets parameters
begin_nbd() {
	cp --sparse=always "$root" "$WORK/root.ext4"
	nbd_port
	parameters=''
	build nbd disk -s "image nbd://10.0.2.2:$NBD_PORT/root" -s 'partition whole'
}

unpack_tree() {
	[ -e "$WORK/tree/etc" ] || debugfs -R "rdump / $WORK/tree" "$root" >"$WORK/rdump.log" \
		2>&1 || fail "debugfs: $(cat "$WORK/rdump.log")"
}

begin_nfs() {
	unpack_tree
	serve_nfs "$WORK/tree"
	lab_pids="$lab_pids $nfs_pid"
	trap 'kill $lab_pids 2>/dev/null || :; wait' EXIT
	parameters="vi.mode=share vi.image=nfs:10.0.2.2:/export:port=$NFS_PORT ip=dhcp"
	build nfs share -s 'module =net =netfs'
}

begin_web() {
	unpack_tree
	mksquashfs "$WORK/tree" "$WORK/www/root.sqfs" -quiet -no-progress -comp zstd \
		-Xcompression-level 3
	printf 'server { listen 127.0.0.1:80; root "%s"; keepalive_requests 100000; }\n' \
		"$WORK/www" >"$WORK/site"
	serve_nginx "$WORK/site"
	parameters='vi.mode=overlay vi.lazy vi.image=http://10.0.2.2/root.sqfs ip=dhcp'
	build web netboot
}

for kind in ${KINDS:-nbd nfs web}; do
	begin_"$kind"
	managers=networking
	[ "$kind" != nbd ] || managers='networking systemd-networkd NetworkManager dhcpcd connman'
	for manager in ${MANAGERS:-$managers}; do
		[ "$kind" != nbd ] || serve_nbd root "$WORK/root.ext4"
		managed "$kind" "$manager" "$parameters"
		[ "$kind" = nbd ] || continue
		end_nbd
		cp "$WORK/root.ext4" "$WORK/look.ext4"
		clean_ext4 "$WORK/look.ext4"
	done
done
