# promise: a Debian root that stays on its web server (nginx), verified, boots to multi-user in 512 MiB and reads less than a quarter of its image until then
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day with the small root: lazy.
. "$TOP/tests/boot/netlab.sh"
in_lab "$0"
build netboot netboot
card='-nic user,model=virtio-net-pci'
debian_image root-zstd.sqfs
mkdir "$WORK/www"
cp "$DEBIAN" "$WORK/www/root.sqfs"
root_hash=$(veritysetup format "$WORK/www/root.sqfs" "$WORK/www/root.sqfs.verity" | sed -n 's/^Root hash:[[:space:]]*//p')
size=$(stat -c %s "$WORK/www/root.sqfs")
printf 'server { listen 127.0.0.1:80; root "%s"; }\n' "$WORK/www" >"$WORK/site"
serve_nginx "$WORK/site"

# sent: bytes and requests of the image until now
sent() {
	awk '$7 == "/root.sqfs" && $9 == 206 { sum += $10; n++ } END { print sum + 0, n + 0 }' "$WORK/nginx-access.log"
}

# at_login: notes them when the system is up
at_login() {
	for _ in $(seq 6000); do
		! grep -qs 'multi-user reached' "$WORK/serial-1.log" || break
		sleep 0.1
	done
	sent >"$WORK/at-login"
}

at_login &
lab_pids="$lab_pids $!"
MEMORY=512 BOOT_TIMEOUT=600
boot netboot "ip=dhcp vi.mode=overlay vi.lazy vi.image=http://10.0.2.2/root.sqfs vi.verify=verity:$root_hash" $card
expect_good_boot
read -r bytes requests <"$WORK/at-login"
read -r all_bytes all_requests <<ALL
$(sent)
ALL
echo "# of $size bytes $bytes in $requests requests to multi-user, $all_bytes in $all_requests to power-off"
[ "$bytes" -lt $((size / 4)) ] || fail "$bytes bytes of $size were sent"
