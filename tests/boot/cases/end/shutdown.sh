# promise: systemd's reboot shuts down as power-off does; a host partition that a process still
# holds is named instead of 'clean'
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels: 6.12 current
# slow: current
# Every day overlay-squashfs-zstd ends systemd on the current kernel, and disk-label reboots it.
cat >"$WORK/holder.c" <<'HOLDER'
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	if (argv[0][0] != '@')
		return execl("/bin/holder", "@holder", NULL);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/dev/vda1", "/mnt", "ext4", MS_RDONLY, NULL) || daemon(0, 0))
		return 1;
	for (;;)
		pause();
}
HOLDER
gcc -static -o "$WORK/holder" "$WORK/holder.c"
printf '#!/bin/sh\nmkdir -p /mnt\ncase $(cat /proc/cmdline) in *test.hold*) holder ;; esac\n' \
	>"$WORK/hold"
chmod +x "$WORK/hold"
build overlay overlay -s 'image /live/root.sqfs' -s "file /bin/holder $WORK/holder 755" \
	-s "hook handover $WORK/hold"
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/host/live"
cp "$WORK/root.sqfs" "$WORK/host/live/root.sqfs"
if check_all; then
	debian_image root-zstd.sqfs
	cp "$DEBIAN" "$WORK/host/live/debian.sqfs"
fi
ext4 "$WORK/host.ext4" 160M holdhost "$host_uuid" "$WORK/host"
medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"

boot overlay test.hold $medium
expect '=== busybox init reached'
expect 'mkvinitrd: busy: .*/dev/vda1 is not free, held by holder ([0-9]*: mounted at /mnt)'
expect 'processes left: holder ('
expect_not 'mkvinitrd: clean'

check_all || return 0
boot overlay 'vi.image=/live/debian.sqfs systemd.run=/bin/true systemd.run_success_action=reboot' \
	$medium
expect 'mkvinitrd: clean'
expect 'reboot: Restarting system'
