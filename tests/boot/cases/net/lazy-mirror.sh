# promise: an image that stays on its web servers is read by https with a certificate of the
# profile; when one server is gone for good the other takes over; a cache whose partition is not
# there costs time and no error
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day by http, with a server that comes back: lazy. Mirrors without a kernel:
# tests/cli/applets/vdattach-http.bats.
. "$TOP/tests/boot/lib/netlab.sh"
in_lab "$0"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/lab.key" -out "$WORK/lab.pem" -days 3650 \
	-subj /CN=lab \
	-addext subjectAltName=IP:10.0.2.2 2>/dev/null
build netboot netboot -s "certificate $WORK/lab.pem"
small_root "$WORK/small"
for n in 1 2; do
	dd if=/dev/urandom of="$WORK/small/data$n" bs=64k count=8 status=none
done
cat >"$WORK/small/etc/lazy" <<'LAZY'
cat /data1 >/dev/null && echo '=== data1'
echo '=== server, go away'
sleep 4
cat /data2 >/dev/null && echo '=== data2'
LAZY
mkdir "$WORK/www"
"$TOP/scripts/pack" -q --verity "$WORK/small" "$WORK/www/root.sqfs"

# site PORT
site() {
	printf 'server { listen 127.0.0.1:%s ssl; root "%s"; ssl_certificate "%s/lab.pem"; ssl_certificate_key "%s/lab.key"; }\n' \
		"$1" "$WORK/www" "$WORK" "$WORK" >"$WORK/site"
	serve_nginx "$WORK/site"
}

# the second one has its files and its log elsewhere
site 443
first_pid=$nginx_pid
mv "$WORK/nginx" "$WORK/nginx-1"
mv "$WORK/nginx-access.log" "$WORK/access-1.log"
site 8443

first_goes_away() {
	for _ in $(seq 1500); do
		! grep -qs 'server, go away' "$WORK/serial-1.log" || break
		sleep 0.1
	done
	kill "$first_pid"
}

first_goes_away &
lab_pids="$lab_pids $!"
boot netboot "ip=dhcp vi.mode=overlay vi.cache=LABEL=absent vi.image=https://10.0.2.2/root.sqfs|https://10.0.2.2:8443/root.sqfs \
	vi.verify=verity:$(cat "$WORK/www/root.sqfs.roothash") test.run=/etc/lazy" -nic user,model=virtio-net-pci
expect 'vi.cache=LABEL=absent cannot be written; what is read is kept in memory'
expect '=== data1'
expect '=== data2'
expect_not 'I/O error'
expect_small_boot
! kill -0 "$first_pid" 2>/dev/null || fail 'the first server has not gone'
grep -q '"GET /root.sqfs HTTP/1.1" 206' "$WORK/access-1.log" ||
	fail 'the first server was not asked'
grep -q '"GET /root.sqfs HTTP/1.1" 206' "$WORK/nginx-access.log" || fail 'the mirror was not asked'
