# promise: a disk that an NBD server has is a root: one that is killed and comes back while the guest writes costs nothing but time; what was written is there at the next boot, by dracut's words; an exported squashfs is the root of an overlay
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
. "$TOP/tests/boot/hosts.sh"
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
AWAY
cat >"$WORK/small/etc/stopped" <<'STOPPED'
# all processes are stopped, as systemd does at the end: the disk goes on
kill -STOP $(busybox pgrep -f @vdattach)
echo 3 >/proc/sys/vm/drop_caches
cat /bin/busybox >/dev/null && dd if=/bin/busybox of=/written-stopped bs=64k conv=fsync 2>/dev/null && echo '=== works without its processes'
kill -CONT $(busybox pgrep -f @vdattach)
STOPPED
cp -r "$WORK/small" "$WORK/live"
ext4 "$WORK/root.ext4" 64M nbdroot "$root_uuid" "$WORK/small"
disk "$WORK/disk.img" 83 "$WORK/root.ext4"
mksquashfs "$WORK/live" "$WORK/live.sfs" -quiet -no-progress -comp zstd -all-root
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# serve NAME FILE [OPTION..]: an NBD server in place of the one before
serve() {
	serve_name=$1 serve_file=$2
	shift 2
	qemu-nbd -t -b 127.0.0.1 -p "$port" -f raw -x "$serve_name" --pid-file "$WORK/nbd.pid" "$@" "$serve_file" 2>>"$WORK/nbd.log" &
	nbd_pid=$!
	trap 'kill $nbd_pid 2>/dev/null' EXIT
	for _ in $(seq 300); do
		[ ! -s "$WORK/nbd.pid" ] || break
		sleep 0.1
	done
	rm "$WORK/nbd.pid"
}

stop_serving() {
	kill "$nbd_pid"
	wait "$nbd_pid" || :
}

card='-nic user,model=virtio-net-pci'
build nbd disk -s "image nbd://10.0.2.2:$port/disk" -s 'partition 1'

# The server is killed when the guest writes, and is there again three seconds later.
serve disk "$WORK/disk.img"
(
	trap - EXIT
	for _ in $(seq 1200); do
		! grep -q '=== writing' "$WORK/serial-1.log" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 "$nbd_pid"
	sleep 3
	exec qemu-nbd -t -b 127.0.0.1 -p "$port" -f raw -x disk "$WORK/disk.img" 2>>"$WORK/nbd.log"
) &
next_pid=$!
trap 'kill $nbd_pid $next_pid 2>/dev/null' EXIT
boot nbd 'rw test.keep=first test.run=/etc/away' $card
nbd_pid=$next_pid
expect '=== root ext4 rw'
expect 'stands still: the connection to nbd://10.0.2.2'
expect '=== written failed=$'
expect_not 'I/O error'
expect_small_boot
stop_serving
part "$WORK/root.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/root.fs"
debugfs -R "dump /written-last $WORK/last" "$WORK/root.fs" 2>/dev/null
cmp "$WORK/last" /bin/busybox || fail 'what was written is not what is there'

# The same disk by dracut's words, which know a port or a name; without the processes for a while.
serve '' "$WORK/disk.img"
boot nbd "root=nbd:10.0.2.2:$port:ext4 rw test.run=/etc/stopped" $card
expect '=== kept first'
expect '=== works without its processes'
expect_not 'I/O error'
expect_small_boot
stop_serving
part "$WORK/root.fs" "$WORK/disk.img" 1
clean_ext4 "$WORK/root.fs"

serve live "$WORK/live.sfs" -r
boot nbd "vi.mode=overlay vi.image=nbd://10.0.2.2:$port/live vi.part=whole rw test.keep=ram" $card
expect '=== root overlay rw'
expect '=== wrote ram'
expect_small_boot
stop_serving
