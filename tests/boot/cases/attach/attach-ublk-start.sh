# promise: a worker that is killed while the kernel makes its ublk disk takes nothing along: no
# kernel oopses, attach ends within seconds, and another exporter serves the image
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: 6.12 current
# The moment is hit by luck, so the machine is booted until it is; every day the unit test
# test_guard kills the worker then.
mkdir -p "$WORK/host"
qemu-img create -q -f vmdk "$WORK/host/vmdk" 64M
ext4 "$WORK/host.ext4" 256M starthost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >"$WORK/ambush.c" <<'C'
#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
/* ambush: the supervisor that asks for a device gets little time as soon as it has a worker; as soon as it is about to make
 * the disk the worker is killed. */
#define START_DEV  0xc0207506u
#define SET_PARAMS 0xc0207508u
static int of_daemon(const char *pid, int *ret_parent)
{
	char path[300], line[16] = "";
	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return 0;
	fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	*ret_parent = 0;
	if (file) {
		fscanf(file, "%*d %*s %*c %d", ret_parent);
		fclose(file);
	}
	return strcmp(line, "@vdattach") == 0;
}
/* worker: the daemon's process whose parent is the daemon's, too */
static int find(int worker)
{
	DIR *proc = opendir("/proc");
	int found = 0, parent, unused;
	for (struct dirent *entry; (entry = readdir(proc));) {
		char name[16];
		if (!isdigit((unsigned char)*entry->d_name) || !of_daemon(entry->d_name, &parent))
			continue;
		snprintf(name, sizeof(name), "%d", parent);
		/* the latest: those of earlier rounds may not be able to end */
		if (of_daemon(name, &unused) == worker && atoi(entry->d_name) > found)
			found = atoi(entry->d_name);
	}
	closedir(proc);
	return found;
}
static void make_slow(int pid)
{
	char path[64];
	int priority = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	for (struct dirent *entry; tasks && (entry = readdir(tasks));)
		if (isdigit((unsigned char)*entry->d_name))
			syscall(SYS_sched_setscheduler, atoi(entry->d_name), 5 /* SCHED_IDLE */, &priority);
}
static size_t disks(void)
{
	glob_t found;
	return glob("/sys/block/ublkb*", 0, NULL, &found) ? 0 : found.gl_pathc;
}
int main(void)
{
	size_t before = disks();
	FILE *trace = fopen("/sys/kernel/tracing/trace_pipe", "r");
	char line[512];
	int worker = 0;
	alarm(60);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), trace)) {
		unsigned int a = 0, b = 0;
		char *at = strstr(line, " a=");
		if (!at || sscanf(at, " a=%u b=%u", &a, &b) != 2)
			continue;
		if (a == SET_PARAMS || b == SET_PARAMS) {
			int supervisor = find(0);
			while (!(worker = find(1)) || worker < supervisor)
				;
			make_slow(supervisor);
		}
		if (a != START_DEV && b != START_DEV)
			continue;
		kill(worker, SIGKILL);
		printf("%d killed, %s disk\n", worker, disks() > before ? "with a" : "before the");
		return 0;
	}
	return 1;
}
C
musl-gcc -static -Os -o "$WORK/ambush" "$WORK/ambush.c"
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
. /common
coldplug
modprobe ublk_drv
mkdir -p /host
mount -t ext4 /dev/vda /host || die mount host
mount -t tracefs tracefs /sys/kernel/tracing || die tracefs
# where struct io_uring_cmd has the command: Linux 6.12, later
echo 'p:asked ublk_ctrl_uring_cmd a=+24(%di):u32 b=+16(%di):u32' >/sys/kernel/tracing/kprobe_events || die 'watch the driver'
echo 'p:command ublk_ch_uring_cmd flags=%si:u32' >>/sys/kernel/tracing/kprobe_events || die 'watch the commands'
echo 'p:disk add_disk_fwnode' >>/sys/kernel/tracing/kprobe_events 2>/dev/null ||
	echo 'p:disk device_add_disk' >>/sys/kernel/tracing/kprobe_events || die 'watch the disks'
echo 1 >/sys/kernel/tracing/events/kprobes/enable
ambush >/run/ambush &
ambush=$!
until grep -q ready /run/ambush 2>/dev/null; do usleep 10000; done
while :; do :; done &
hog1=$!
while :; do :; done &
hog2=$!
timeout 60 vdattach -e ublk /host/vmdk >/run/device 2>/run/messages
result=$?
kill $hog1 $hog2
wait $ambush
echo "=== $(tail -n 1 /run/ambush), attach ended with $result: $(tail -n 1 /run/messages)"
case $result in
0)
	# the disk was there when the worker ended, and has another one
	device=$(cat /run/device)
	dd if="$device" of=/dev/null bs=64k count=4 2>/dev/null || die "read $device"
	vdattach detach "$device" || die "detach $device"
	;;
1) ;;
*) die "attach ended with $result" ;;
esac
# the worker's commands, called off (IO_URING_F_CANCEL) and freed, and the new disk, which sends requests to them
! grep -q 'before the disk' /run/ambush ||
	awk '/ disk: / { disk++ } / command: / && int(substr($NF, 7) / 2048) % 2 && !disk { early++ }
		END { printf "=== %d disks made, %d commands called off before\n", disk, early }' /sys/kernel/tracing/trace
device=$(timeout 60 vdattach -e nbd /host/vmdk) || die 'attach by nbd after that'
dd if=/bin/busybox of="$device" bs=4096 count=100 conv=fsync 2>/dev/null || die "write to $device"
vdattach detach "$device" || die "detach $device"
umount /host || die umount host
[ "$(cat /proc/sys/kernel/tainted)" = 0 ] || die tainted
echo '=== RESULT done'
# what the kernel does for the disk waits for ever for the dead worker, and keeps the devices from being shut down
sleep 1
echo b >/proc/sysrq-trigger
sleep 100
TEST
build start loop -s 'module ublk_drv nbd' -s "file /common $WORK/common 644" \
	-s "file /test $WORK/test 755" -s "file /bin/ambush $WORK/ambush 755"
for round in 1 2 3 4 5 6 7 8; do
	BOOT_TIMEOUT=240 boot start 'rdinit=/test quiet' -smp 2 \
		-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
	log | grep '^==='
	expect '=== RESULT done'
	clean_ext4 "$WORK/host.ext4"
	! log | grep -q 'before the disk' || break
done
expect '=== [0-9]* disks made, 0 commands called off before'
