# promise: an exporter whose process stands still in the kernel, and cannot even be killed, is named and left behind within seconds, and the next one serves the disk; with none left attach ends; nothing waits in silence
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
mkdir -p "$WORK/host"
qemu-img create -q -f vdi "$WORK/host/vdi" 64M
ext4 "$WORK/host.ext4" 256M stillhost "$host_uuid" "$WORK/host"
bare_guest >"$WORK/common"
cat >"$WORK/freeze.c" <<'C'
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* freeze EXPORTER...: the supervisors of these, which ask the kernel, stand still as soon as they are seen; no signal
 * reaches them. */
int main(int argc, char **argv)
{
	static const char begin[] = "@vdattach\0-e";
	for (;;) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; (entry = readdir(proc));) {
			char path[300], line[64] = "";
			snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
			FILE *file = fopen(path, "r"), *group;
			if (!file)
				continue;
			fread(line, 1, sizeof(line) - 1, file);
			fclose(file);
			for (int i = 1; i < argc; i++) {
				if (memcmp(line, begin, sizeof(begin)) || strcmp(line + sizeof(begin), argv[i]) ||
				    getsid(atoi(entry->d_name)) != atoi(entry->d_name))
					continue;
				group = fopen("/run/freezer/still/cgroup.procs", "w");
				fprintf(group, "%s\n", entry->d_name);
				fclose(group);
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
# try TEXT VDATTACH-WORDS...: with a limit that is far from what is promised
try() {
	echo "=== $1"
	shift
	timeout 150 vdattach "$@" /host/vdi >/run/device 2>/run/messages
	result=$?
	sed 's/^/=== says /' /run/messages
}
freeze dm ublk &
freezer=$!
try 'dm and ublk stand still'
[ $result = 0 ] || die "no other exporter: $result"
device=$(cat /run/device)
case $device in /dev/nbd*) ;; *) die "attached as $device" ;; esac
dd if=/bin/busybox of="$device" bs=4096 count=100 conv=fsync 2>/dev/null || die "write to $device"
vdattach detach "$device" || die detach
kill $freezer
freeze nbd &
freezer=$!
try 'nbd alone is asked for, and stands still' -e nbd
[ $result = 1 ] || die "attach ended with $result"
kill $freezer
device=$(timeout 100 vdattach -e nbd /host/vdi) && vdattach detach "$device" || die 'attach by nbd after that'
# what was left behind has been killed, and dies when it can
echo THAWED >/run/freezer/still/freezer.state
for n in $(seq 100); do
	[ -n "$(cat /run/freezer/still/cgroup.procs)" ] || break
	sleep 0.2
done
[ -z "$(cat /run/freezer/still/cgroup.procs)" ] || die "$(cat /run/freezer/still/cgroup.procs) go on"
umount /host || die umount host
vdattach free /dev/vda || die free
echo '=== RESULT done'
poweroff -f
TEST
build still loop -s 'module ublk_drv nbd dm_mod' -s "file /common $WORK/common 644" -s "file /test $WORK/test 755" \
	-s "file /bin/freeze $WORK/freeze 755"
BOOT_TIMEOUT=400 boot still 'rdinit=/test quiet' -smp 2 -drive "file=$WORK/host.ext4,format=raw,if=virtio,cache=unsafe"
log | grep '^==='
expect '=== RESULT done'
for exporter in dm ublk; do
	expect "=== says .*: the kernel has not answered exporter $exporter yet: waiting for"
	expect "=== says .*: exporter $exporter is given up: the kernel has not answered within 10 s"
	expect "=== says .*: exporter $exporter: process [0-9]* does not end, it is left behind"
done
clean_ext4 "$WORK/host.ext4"
