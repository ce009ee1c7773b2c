# promise: mkvinitrd pxe --serve alone boots a room: a machine writes the list of its hardware,
# boots an initramfs with just these drivers and reports that it is up; one that cannot boot reports
# why
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12
. "$TOP/tests/boot/lib/netlab.sh"
in_lab "$0"
export MKVINITRD
few_modules e1000
small_root "$WORK/small"
tar -C "$WORK/small" --owner=0 --group=0 --numeric-owner -cJf "$WORK/rootfs.tar.xz" .
mkdir "$WORK/bin"
printf '#!/bin/sh\nexec "%s/tests/lib/servers" nginx "$@"\n' "$TOP" >"$WORK/bin/nginx"
chmod +x "$WORK/bin/nginx"
PATH=$WORK/bin:$PATH
# where the servers' users may go
public=$(mktemp -d /tmp/pxe-serve.XXXXXX)
chmod 755 "$public"
trap 'kill $lab_pids 2>/dev/null || :; wait; rm -rf "$public"' EXIT
a=52:54:00:00:00:0a b=52:54:00:00:00:0b

lab_pxe() {
	"$TOP/scripts/pxe" -o "$public/srv" -r "$KDIR" -k "$KVER" \
		-a 'console=ttyS0 no_timer_check printk.devkmsg=on panic=1' "$@"
}

start_serving() {
	lab_server serve "$TOP/scripts/pxe" -o "$public/srv" --serve lan
	serve_pid=$server_pid
	for _ in $(seq 300); do
		! grep -q serving "$WORK/serve.log" || return 0
		sleep 0.1
	done
	fail "pxe --serve does not serve: $(cat "$WORK/serve.log")"
}

# step MAC TEXT: a line of the server about this machine
step() {
	grep -q -e "$1 $2" "$WORK/serve.log" ||
		fail "no line '$2' about $1: $(cat "$WORK/serve.log")"
}

lab_pxe -t 1 --hardware --default hardware "$WORK/rootfs.tar.xz" || fail 'mkvinitrd pxe'
start_serving
lab_machine -boot n -device e1000,netdev=card0,mac=$a
step $a 'booting: has an address'
step $a 'listed its hardware: hardware/52-54-00-00-00-0a.hw'
end_server "$serve_pid"
grep -qx 'pci:v00008086d0000100E.*' "$public/srv/hardware/52-54-00-00-00-0a.hw" ||
	fail 'the network card is not in the list of hardware'

lab_pxe --default diskless -s "hardware $public/srv/hardware/*.hw" "$WORK/rootfs.tar.xz" ||
	fail 'mkvinitrd pxe'
lab_pxe --name full --host $b=full -s 'size 100k' "$WORK/rootfs.tar.xz" || fail 'mkvinitrd pxe'
[ "$(find "$public/srv" -name 'initramfs-*' -size -4000000c | wc -l)" -ge 1 ] ||
	fail 'no initramfs is smaller than 4 MB'
start_serving
lab_machine -boot n -device e1000,netdev=card0,mac=$a
expect_small_boot
step $a 'fetching the root: rootfs-'
step $a up
lab_machine -boot n -device e1000,netdev=card0,mac=$b
step $b 'failed: assemble: '
