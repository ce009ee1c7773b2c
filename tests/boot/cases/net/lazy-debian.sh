# promise: a Debian root that stays on its web server (nginx), verified, boots to multi-user in 512
# MiB and reads less than a quarter of its image until then;
# packed in the order of that boot (vi.trace, pack --trace) less still, in few requests
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
# slow: 6.12
# Every day with the small root: lazy.
. "$TOP/tests/boot/lib/netlab.sh"
in_lab "$0"
# the names are printed when all has been started; the kernel must not drop any
cat >"$WORK/tell" <<'TELL'
#!/bin/sh
mkdir -p /run/systemd/system/multi-user.target.wants
cat >/run/systemd/system/tell-trace.service <<'UNIT'
[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'sed "s/^/<4>=== trace /" /run/initramfs/trace.files | while read -r line; do echo "$line"; done >/dev/kmsg'
UNIT
ln -s ../tell-trace.service /run/systemd/system/multi-user.target.wants/
TELL
chmod +x "$WORK/tell"
build netboot netboot -s "hook handover $WORK/tell"
card='-nic user,model=virtio-net-pci'
mkdir "$WORK/www"
printf 'server { listen 127.0.0.1:80; root "%s"; keepalive_requests 100000; }\n' "$WORK/www" \
	>"$WORK/site"
serve_nginx "$WORK/site"

# sent: bytes and requests of the image until now
sent() {
	awk '$7 == "/root.sqfs" && $9 == 206 { sum += $10; n++ } END { print sum + 0, n + 0 }' \
		"$WORK/nginx-access.log"
}

# at_login: notes them when the system is up
at_login() {
	for _ in $(seq 6000); do
		! grep -qs 'multi-user reached' "$WORK/serial-$1.log" || break
		sleep 0.1
	done
	sent >"$WORK/at-login"
}

# lazy_boot WHAT PARAMETER...: sets bytes
lazy_boot() {
	what=$1
	shift
	: >"$WORK/nginx-access.log"
	at_login "$((BOOTS + 1))" &
	lab_pids="$lab_pids $!"
	MEMORY=512 BOOT_TIMEOUT=600
	# shellcheck disable=SC2086 # options
	boot netboot "ip=dhcp vi.mode=overlay vi.lazy vi.image=http://10.0.2.2/root.sqfs vi.verify=verity:$(cat "$WORK/www/root.sqfs.roothash") printk.devkmsg=on $*" $card
	expect_good_boot
	read -r bytes requests <"$WORK/at-login"
	read -r all_bytes all_requests <<ALL
$(sent)
ALL
	size=$(stat -c %s "$WORK/www/root.sqfs")
	echo "# $what: of $size bytes $bytes in $requests requests to multi-user ($((bytes * 1000 / size)) per mille), $all_bytes in $all_requests to power-off"
}

debian_image root-zstd.sqfs
cp "$DEBIAN" "$WORK/www/root.sqfs"
veritysetup format --root-hash-file "$WORK/www/root.sqfs.roothash" "$WORK/www/root.sqfs" \
	"$WORK/www/root.sqfs.verity" >/dev/null
lazy_boot 'by name' vi.trace
[ "$bytes" -lt $((size / 4)) ] || fail "$bytes bytes of $size were sent"

log | sed -n 's/.*=== trace //p' >"$WORK/trace"
for file in usr/lib/systemd/systemd usr/local/sbin/boot-report; do
	grep -qx "$file" "$WORK/trace" ||
		fail "the trace of $(wc -l <"$WORK/trace") files has no $file"
done
debian_image rootfs.tar
"$TOP/scripts/pack" -q --level=3 --verity --trace="$WORK/trace" "$DEBIAN" "$WORK/www/root.sqfs"
# what is fetched in advance is whole files; the least number of bytes is without that
mv "$WORK/www/root.sqfs.trace" "$WORK/kept.trace"
lazy_boot 'by trace'
[ "$bytes" -lt $((size / 6)) ] ||
	fail "$bytes bytes of $size were sent of an image in the order of the boot"
slow=$requests
check_all || exit 0
mv "$WORK/kept.trace" "$WORK/www/root.sqfs.trace"
lazy_boot 'by trace, in advance'
[ "$requests" -lt $((slow / 2)) ] ||
	fail "$requests requests with what is fetched in advance, $slow without"
