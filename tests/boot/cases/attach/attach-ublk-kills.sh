# promise: whenever the processes of a disk through ublk are killed under load, one by one, at once
# and one right after the other, no kernel oopses, and whoever uses the disk sees no error
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
kills=12 limit=400
[ -z "${CHECK_ALL:-}" ] || kills=500 limit=3000
mkdir -p "$WORK/host"
qemu-img create -q -f vmdk "$WORK/host/vmdk" 96M
ext4 "$WORK/host.ext4" 512M killshost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
. /common
process() { vdattach list --json | sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" | head -n 1; }
# the driver walks over the commands of the dead; who asks it to recover meanwhile gets the oops
watch_driver() {
	# 24: where struct io_uring_cmd of Linux 6.12 has the command
	mount -t tracefs tracefs /sys/kernel/tracing || die tracefs
	cd /sys/kernel/tracing || die tracing
	echo 'p:asked ublk_ctrl_uring_cmd op=+24(%di):u32' >>kprobe_events || die 'watch the driver'
	# gone since Linux 6.15
	if grep -q ublk_quiesce_work_fn /proc/kallsyms; then
		echo 'p:walk ublk_quiesce_work_fn' >>kprobe_events && echo 'r:walked ublk_quiesce_work_fn' >>kprobe_events || die 'watch the walk'
	fi
	echo 1 >events/kprobes/enable
	cd / || die cd
}
# UBLK_CMD_START_USER_RECOVERY is 0x10
report_driver() {
	echo 0 >/sys/kernel/tracing/tracing_on # to disable a probe that is just being hit is an oops of 6.12
	awk '/ walk: / { walks++; walking++ } / walked: / { walking-- }
		/ asked: / && substr($NF, 4) % 256 == 16 { asked++; if (walking > 0) early++ }
		END { printf "=== driver: %d walks, %d times asked to recover, %d of them during a walk\n", walks, asked, early }' /sys/kernel/tracing/trace
}
load() {
	while [ ! -e /run/stop ]; do
		fio --name=v --filename="$device" --direct=1 --ioengine=libaio --iodepth=32 --bsrange=4k-64k --rw=randwrite --size=24m \
			--verify=crc32c --verify_fatal=1 --do_verify=1 >/run/fio 2>&1 || { touch /run/bad; return; }
	done
}
# On a machine that is busy the kernel's threads wait for a CPU, with what they do half done.
delay_kernel() {
	for directory in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$directory/comm" || :
		case $name in kworker/[0-9]*) busybox-more renice -n 19 -p "${directory#/proc/}" >/dev/null 2>&1 ;; esac
		name=
	done
}
# a worker that is another one than the last, as soon as there is one
next_worker() {
	for n in $(seq 1200); do
		worker=$(process worker)
		[ -z "$worker" ] || [ "$worker" = 0 ] || [ "$worker" = "$last" ] || return 0
		usleep 50000
	done
	die "nobody took over from $last"
}
coldplug
modprobe ublk_drv
watch_driver
mkdir -p /host
mount -t ext4 /dev/vda /host || die mount host
device=$(vdattach -e ublk /host/vmdk) || die attach
load &
load=$!
last=''
for i in $(seq KILLS); do
	next_worker
	[ $((i % 5)) != 1 ] || delay_kernel
	case $((i % 8)) in
	7) kill -9 "$worker" "$(process pid)" ;; # and its supervisor
	*) kill -9 "$worker" ;;
	esac
	last=$worker
	[ ! -e /run/bad ] || { cat /run/fio; die "fio, after $i kills"; }
	[ $((i % 50)) != 0 ] || echo "=== $i kills"
	# every other one is killed as soon as it is known
	[ $((i % 2)) = 0 ] || usleep $((i * 37 % 20 * 10000))
done
next_worker
touch /run/stop
wait $load
[ ! -e /run/bad ] || { cat /run/fio; die fio; }
report_driver
vdattach detach "$device" || die detach
umount /host || die umount host
vdattach free /dev/vda || die free
[ "$(cat /proc/sys/kernel/tainted)" = 0 ] || die tainted
echo '=== RESULT done'
poweroff -f
TEST
sed -i "s/KILLS/$kills/" "$WORK/test"
set --
for file in /usr/bin/fio $(ldd /usr/bin/fio | grep -o '/[^ :]* ' | sort -u); do
	set -- "$@" -s "file $file $file 755"
done
build kills loop -s 'module ublk_drv' -s "file /common $WORK/common 644" \
	-s "file /test $WORK/test 755" \
	-s 'file /bin/busybox-more /bin/busybox 755' "$@"
BOOT_TIMEOUT=$limit boot kills 'rdinit=/test quiet' -smp 2 \
	-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
case $KVER in
6.12.*) expect '=== driver: [1-9][0-9]* walks, [1-9][0-9]* times asked to recover, 0 of them during a walk' ;;
*) expect '=== driver: 0 walks' ;; # by which the kernel is known to have none
esac
clean_ext4 "$WORK/host.ext4"
debugfs -R "dump /vmdk $WORK/image" "$WORK/host.ext4" 2>/dev/null
# a killed worker may leave blocks that nobody uses
status=0
qemu-img check -q -f vmdk "$WORK/image" || status=$?
case $status in 0 | 3) ;; *) fail "qemu-img check: status $status" ;; esac
