# promise: whichever process of the daemon is killed while a disk is being attached, attach ends,
# nothing of it continues, and the image can be attached again
# SPDX-License-Identifier: GPL-2.0-or-later
# also: current
# slow: 6.1 6.12 current
case $KVER in
6.1.*) exporters='nbd dm' modules='nbd dm_mod' ;;
*) exporters='ublk nbd dm' modules='ublk_drv nbd dm_mod' ;;
esac
mkdir -p "$WORK/host"
qemu-img create -q -f vdi "$WORK/host/vdi" 96M
ext4 "$WORK/host.ext4" 1G killhost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
. /common
daemon() { # its processes, the oldest first
	for directory in /proc/[0-9]*; do
		read -r words 2>/dev/null <"$directory/cmdline" || :
		case $words in @vdattach*) echo "${directory#/proc/}" ;; esac
		words=
	done | sort -n
}
await_end() {
	for n in $(seq 300); do
		[ -n "$(daemon)" ] || return 0
		sleep 0.1
	done
	die "after $1: $(daemon) continues"
}
# attach EXPORTER MILLISECONDS PLACE: kills one of the processes that there are after so long
attach() {
	timeout 60 vdattach -e "$1" /host/vdi >/run/device 2>/run/messages &
	attach=$!
	usleep $(($2 * 1000))
	victim=$(daemon | "$3" -n 1)
	[ -z "$victim" ] || kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
	wait $attach || {
		[ $? = 1 ] || die "$1, killed after $2 ms: attach did not end"
		await_end "$1, $2 ms"
		return
	}
	attached=$((attached + 1))
	device=$(cat /run/device)
	timeout 60 dd if="$device" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null || die "read $device"
	timeout 60 vdattach detach "$device" || die "detach $device"
}
coldplug
mkdir -p /host
mount -t ext4 /dev/vda /host || die mount host
for exporter in EXPORTERS; do
	killed=0 attached=0
	for i in $(seq 16); do
		attach $exporter $((i * 6)) head
		attach $exporter $((i * 6)) tail
	done
	echo "=== $exporter: $killed killed, $attached of 32 attached"
	[ $killed -gt 0 ] || die 'nobody was killed'
	device=$(vdattach -e $exporter /host/vdi) && vdattach detach "$device" || die "attach by $exporter after that"
done
umount /host || die umount host
vdattach free /dev/vda || die free
echo '=== RESULT done'
poweroff -f
TEST
sed -i "s/EXPORTERS/$exporters/" "$WORK/test"
build killed loop -s "module $modules" -s "file /common $WORK/common 644" \
	-s "file /test $WORK/test 755"
BOOT_TIMEOUT=600 boot killed 'rdinit=/test quiet' -smp 2 \
	-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
clean_ext4 "$WORK/host.ext4"
