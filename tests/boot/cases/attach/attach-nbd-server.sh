# promise: a disk of an NBD server works while all of its processes are stopped; any two of them may
# be killed, and a server that then goes and comes back is found again; with --patience requests
# fail in the end; it comes out clean
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
mkdir "$WORK/empty"
ext4 "$WORK/fs" 64M served "$host_uuid" "$WORK/empty"
disk "$WORK/disk.img" 83 "$WORK/fs"
nbd_port
{
	echo '#!/bin/busybox sh'
	bare_guest
	echo "URI=nbd://10.0.2.2:$NBD_PORT/disk"
	cat <<'TEST'
dmesg() { busybox-more dmesg; }
dd() { busybox-more dd "$@"; }
coldplug
modprobe -a virtio_net ext4 nbd || die modprobe
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
mkdir -p /mnt
# daemons: the ids of all three
daemons() {
	pids=''
	for dir in /proc/[0-9]*; do
		line=''
		read -r line <"$dir/comm"
		[ "$line" != vdattach ] || pids="$pids ${dir##*/}"
	done
	set -- $pids
	[ $# = 3 ]
}
await() {
	for n in $(seq 300); do
		"$@" && return 0
		sleep 0.1
	done
	die "never: $*"
}
said() { dmesg | grep -q "$1"; }
device=$(vdattach --state /run/state -p 1 "$URI") || die attach
[ "$device" = /dev/nbd0p1 ] || die "it is $device"
[ "$(cat /run/state)" = 'vdattach /dev/nbd0' ] || die 'state file'
vdattach list | grep -q "^/dev/nbd0 rw nbd-client .* $URI\$" || die "list: $(vdattach list)"
mount -t ext4 "$device" /mnt || die mount
vdattach detach /dev/nbd0 && die 'detached while it is mounted'
await daemons
kill -STOP $pids
dd if=/bin/busybox of=/mnt/stopped bs=64k conv=fsync 2>/dev/null || die 'a write while all are stopped'
for pid in $pids; do grep -q '^State:	T' "/proc/$pid/status" || die 'it is not stopped'; done
echo '=== works while all are stopped'
kill -CONT $pids
for which in '1 2' '2 3' '1 3'; do
	await daemons
	before=$pids
	set -- $pids
	eval "kill -9 \$${which% *} \$${which#* }"
	all_new() { daemons && [ "$pids" != "$before" ]; }
	await all_new
done
echo '=== any two were killed'
echo '=== server may go'
n=0
until said 'connected to nbd://'; do
	dd if=/bin/busybox of=/mnt/away-$((n % 8)) bs=64k conv=fsync 2>/dev/null || die 'a write while the server was away'
	n=$((n + 1))
	[ $n -lt 3000 ] || die 'the server was never away'
done
echo '=== server is back'
umount /mnt
vdattach detach /dev/nbd0 || die detach
[ -z "$(vdattach list)" ] || die 'still in the list'
daemons && die 'daemons are left'
device=$(vdattach --patience 5 "$URI") || die 'attach again'
[ "$device" = /dev/nbd0 ] || die "now it is $device"
exec 9<$device # somebody uses it: else it is not there at all when it has failed
dd if=$device of=/dev/null bs=64k count=4 2>/dev/null || die read
echo '=== server goes for good'
await said 'I/O on .*nbd0 is suspended.*refused'
await said 'nbd0: no server for 5 s'
dd if=$device of=/dev/null bs=64k skip=64 count=4 2>/dev/null && die 'read without a server'
echo '=== reads fail'
exec 9<&-
vdattach detach $device 2>/run/detach && die 'a disk whose server is away is said to be written'
grep -q 'is detached, but not all is written: the server was away for more than 5 s' /run/detach || die "$(cat /run/detach)"
[ -z "$(vdattach list)" ] || die 'the second is still in the list'
echo '=== RESULT done'
poweroff -f
TEST
} >"$WORK/test"
build nbd disk -s 'module =net' -s "file /test $WORK/test 755" \
	-s 'file /bin/busybox-more /bin/busybox 755'
serve_nbd disk "$WORK/disk.img"
nbd_away "$WORK/serial-1.log" '=== server may go' disk "$WORK/disk.img"
nbd_away "$WORK/serial-1.log" '=== server goes for good'
boot nbd 'rdinit=/test quiet' -nic user,model=virtio-net-pci
expect '=== RESULT done'
part "$WORK/root.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/root.fs"
