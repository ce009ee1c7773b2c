# promise: an image stays on its web server (nginx): only what is touched travels; a killed daemon
# and a server that is away cost time and no error;
# fetched in advance it needs no server; a cache on a disk, verified, makes the next boot fetch
# nothing again
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/netlab.sh"
in_lab "$0"
# two of the daemon's processes are killed before the root starts, whose processes do not see them
cat >"$WORK/kill" <<'KILL'
#!/bin/sh
n=0
for dir in /proc/[0-9]*; do
	line=''
	read -r line <"$dir/cmdline" 2>/dev/null
	case $n$line in [01]@vdattach*) kill -9 "${dir#/proc/}" && n=$((n + 1)) ;; esac
done
[ $n = 0 ] || echo "=== killed $n" >/dev/console
KILL
chmod +x "$WORK/kill"
build netboot netboot -s 'module =block ext4' -s "hook handover $WORK/kill"
card='-nic user,model=virtio-net-pci'
small_root "$WORK/small"
for n in 1 2 3; do
	dd if=/dev/urandom of="$WORK/small/data$n" bs=64k count=8 status=none
done
dd if=/dev/urandom of="$WORK/small/untouched" bs=1M count=12 status=none
cat >"$WORK/small/etc/lazy" <<'LAZY'
cat /data1 >/dev/null && echo '=== data1'
cat /data2 >/dev/null && echo '=== data2'
echo '=== server, go away'
sleep 4
cat /data3 >/dev/null && echo '=== data3'
LAZY
cat >"$WORK/small/etc/all" <<'ALL'
n=0
until grep -q 'whole image has been fetched' /run/kmsg || [ $n = 60 ]; do
	dd if=/dev/kmsg of=/run/kmsg bs=8k iflag=nonblock 2>/dev/null
	n=$((n + 1))
	sleep 1
done
echo '=== server, go away'
sleep 4
cat /untouched /data1 >/dev/null && echo '=== all'
ALL
mkdir "$WORK/www"
"$TOP/scripts/pack" -q --verity "$WORK/small" "$WORK/www/root.sqfs"
root_hash=$(cat "$WORK/www/root.sqfs.roothash")
size=$(stat -c %s "$WORK/www/root.sqfs")
printf 'server { listen 127.0.0.1:80; root "%s"; }\n' "$WORK/www" >"$WORK/site"
serve_nginx "$WORK/site"

# sent: bytes of the image that nginx has sent since the last time
sent() {
	awk '$7 == "/root.sqfs" && $9 == 206 { sum += $10 } END { print sum + 0 }' \
		"$WORK/nginx-access.log"
	: >"$WORK/nginx-access.log"
}

# away SECONDS|ever: when the root says so
away() {
	for _ in $(seq 1500); do
		! grep -qs 'server, go away' "$WORK/serial-$((BOOTS + 1)).log" || break
		sleep 0.1
	done
	end_server "$nginx_pid"
	rm -f "$WORK/nginx/pid"
	[ "$1" = ever ] || { sleep "$1" &&
		exec "$TOP/tests/lib/servers" nginx -e stderr -p "$WORK/nginx" \
			-c "$WORK/nginx/conf"; }
}

mke2fs -q -t ext4 -L cache "$WORK/cache.ext4" 64M
disk "$WORK/disk.img" 83 "$WORK/cache.ext4"
cached="ip=dhcp vi.mode=overlay vi.cache=LABEL=cache vi.image=http://10.0.2.2/root.sqfs vi.verify=verity:$root_hash"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
away 12 >"$WORK/away.log" 2>&1 &
back_pid=$!
lab_pids="$lab_pids $back_pid"
boot netboot "$cached vi.lazy test.run=/etc/lazy" $card $medium
expect 'is read when needed, as /dev/'
for n in 'killed 2' data1 data2 data3; do expect "=== $n"; done
expect 'I/O is suspended until the server answers'
expect 'the server of the root answers again'
expect 'what is read of the image is kept on /dev/vda1'
expect_small_boot
bytes=$(sent)
echo "# $bytes of $size bytes were sent"
[ "$bytes" -lt $((size / 3)) ] || fail "$bytes bytes of $size were sent for a quarter of the image"

nginx_pid=$back_pid
# mode loop, without verity: all of it in the background
mke2fs -q -t ext4 -d "$WORK/small" "$WORK/www/root.ext4" 32M
away ever >"$WORK/away.log" 2>&1 &
lab_pids="$lab_pids $!"
boot netboot 'ip=dhcp vi.mode=loop vi.prefetch=all vi.image=http://10.0.2.2/root.ext4 test.run=/etc/all' $card
expect 'is not verified'
expect '=== all'
expect_small_boot

! kill -0 "$nginx_pid" 2>/dev/null || fail 'the server has not gone'
serve_nginx "$WORK/site"
sent >/dev/null
boot netboot "$cached" $card $medium
expect_small_boot
expect 'what is read of the image is kept on /dev/vda1'
bytes=$(sent)
# each process that opens it asks for its beginning
[ "$bytes" -le 65536 ] || fail "the second boot fetched $bytes bytes"
part "$WORK/cache.ext4" "$WORK/disk.img" 1
clean_ext4 "$WORK/cache.ext4"
