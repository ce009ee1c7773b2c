# promise: an exporter whose process hangs in the kernel, and cannot even be killed, is named and
# left behind within seconds, and the next one serves the disk; with none left attach ends; nothing
# waits in silence
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
mkdir -p "$WORK/host"
qemu-img create -q -f vdi "$WORK/host/vdi" 64M
truncate -s 64M "$WORK/host/raw"
ext4 "$WORK/host.ext4" 256M stillhost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >"$WORK/freeze.c" <<'C'
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* freeze EXPORTER...: the supervisors of these, which ask the kernel, stand still as soon as they are seen; no signal
 * reaches them. "none": the process that asks for an exporter that has no supervisor. */
static int freeze(const char *pid)
{
	FILE *group = fopen("/run/freezer/still/cgroup.procs", "w");
	fprintf(group, "%s\n", pid);
	return fclose(group);
}
/* attach is found in time, since it reads the image first */
static int freeze_child(const char *attach)
{
	char path[300], child[16] = "";
	snprintf(path, sizeof(path), "/proc/%s/task/%s/children", attach, attach);
	while (!*child) {
		FILE *file = fopen(path, "r");
		if (!file)
			return 1;
		fscanf(file, "%15s", child);
		fclose(file);
	}
	return freeze(child);
}
static int is_supervisor(const char *pid, const char *line, const char *exporter)
{
	static const char begin[] = "@vdattach\0-e";
	return memcmp(line, begin, sizeof(begin)) == 0 && strcmp(line + sizeof(begin), exporter) == 0 && getsid(atoi(pid)) == atoi(pid);
}
int main(int argc, char **argv)
{
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; (entry = readdir(proc));) {
			char path[300], line[64] = "";
			snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
			FILE *file = fopen(path, "r");
			if (!file)
				continue;
			fread(line, 1, sizeof(line) - 1, file);
			fclose(file);
			for (int i = 1; i < argc; i++) {
				if (strcmp(argv[i], "none") == 0 && strcmp(line, "vdattach") == 0)
					return freeze_child(entry->d_name);
				/* nobody else asks within the 10 s that this one is given: to look on would be most of the case's time */
				if (is_supervisor(entry->d_name, line, argv[i]) && !freeze(entry->d_name)) {
					argv[i] = "caught";
					sleep(8);
				}
			}
		}
		closedir(proc);
	}
}
C
musl-gcc -static -Os -o "$WORK/freeze" "$WORK/freeze.c"
cat >"$WORK/test" <<'TEST'
#!/bin/busybox sh
. /common
coldplug
mkdir -p /host /run/freezer
mount -t ext4 /dev/vda /host || die mount host
mount -t cgroup -o freezer none /run/freezer && mkdir /run/freezer/still || die freezer
echo FROZEN >/run/freezer/still/freezer.state || die freeze
# try TEXT IMAGE VDATTACH-WORDS...: with a limit that is far from what is promised
try() {
	echo "=== $1"
	tried=$2
	shift 2
	timeout 150 vdattach "$@" "/host/$tried" >/run/device 2>/run/messages
	result=$?
	sed 's/^/=== says /' /run/messages
}
freeze dm ublk &
freezer=$!
try 'dm and ublk stand still' vdi
[ $result = 0 ] || die "no other exporter: $result"
device=$(cat /run/device)
case $device in /dev/nbd*) ;; *) die "attached as $device" ;; esac
dd if=/bin/busybox of="$device" bs=4096 count=100 conv=fsync 2>/dev/null || die "write to $device"
vdattach detach "$device" || die detach
kill $freezer
freeze nbd &
freezer=$!
try 'nbd alone is asked for, and hangs' vdi -e nbd
[ $result = 1 ] || die "attach ended with $result"
kill $freezer
device=$(timeout 100 vdattach -e nbd /host/vdi) && vdattach detach "$device" || die 'attach by nbd after that'
# the process that asks for a loop device has done so soon: until it is caught
for n in $(seq 20); do
	freeze none &
	freezer=$!
	try 'loop hangs' raw -r
	[ $result = 0 ] || die "no other exporter: $result"
	device=$(cat /run/device)
	dd if="$device" of=/dev/null bs=4096 count=100 2>/dev/null || die "read $device"
	vdattach detach "$device" || die detach
	kill $freezer 2>/dev/null
	wait $freezer && break
done
case $device in /dev/loop*) die "attached as $device" ;; esac
# what was left behind has been killed, and ends when it can
echo THAWED >/run/freezer/still/freezer.state
for n in $(seq 100); do
	[ -n "$(cat /run/freezer/still/cgroup.procs)" ] || break
	sleep 0.2
done
[ -z "$(cat /run/freezer/still/cgroup.procs)" ] || die "$(cat /run/freezer/still/cgroup.procs) continue"
# the kernel lets go of the file a little after the process
for n in $(seq 100); do
	! umount /host || break
	sleep 0.2
done
! grep -q ' /host ' /proc/mounts || die umount host
vdattach free /dev/vda || die free
echo '=== RESULT done'
poweroff -f
TEST
build still loop -s 'module ublk_drv nbd dm_mod' -s "file /common $WORK/common 644" \
	-s "file /test $WORK/test 755" \
	-s "file /bin/freeze $WORK/freeze 755"
BOOT_TIMEOUT=400 boot still 'rdinit=/test quiet' -smp 2 \
	-drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
for exporter in dm ublk loop; do
	expect "=== says .*: the kernel has not answered exporter $exporter yet: waiting for"
	expect "=== says .*: exporter $exporter is given up: the kernel has not answered within 10 s"
	expect "=== says .*: exporter $exporter: process [0-9]* does not end, it is left behind"
done
clean_ext4 "$WORK/host.ext4"
