# promise: an unmount that never comes back, because the program that serves the file system is
# stuck, does not keep the machine from going off, nor does a process that waits for it and cannot
# be killed: both are named, all else is taken down; who sits in the root is named, too
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1 6.12
cat >"$WORK/stuck.c" <<'STUCK'
/* A FUSE file system on a block device that answers INIT, and then nothing: its unmount waits for it for ever, and so does
 * whoever asked for a file, since requests are taken. */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	static char request[1 << 18];
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = { { .len = sizeof(answer) }, { .major = 7, .minor = 31, .max_write = 4096 } };
	char options[128];
	int fd, ready[2];

	if (argv[0][0] != '@')
		return execl("/bin/stuck", "@stuck", argv[1], argv[2], NULL);
	if (argv[2])
		return chdir(argv[2]) || daemon(1, 0) || pause();
	fd = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,blksize=512", fd);
	if (fd < 0 || pipe(ready) || mount("/dev/vdb", argv[1], "fuseblk", 0, options)) {
		perror("stuck");
		return 1;
	}
	if (fork() > 0)
		return read(ready[0], options, 1) != 1;
	if (read(fd, request, sizeof(request)) < 0)
		return 1;
	answer.head.unique = ((struct fuse_in_header *)request)->unique;
	if (write(fd, &answer, sizeof(answer)) < 0 || write(ready[1], "", 1) != 1)
		perror("stuck");
	for (;;)
		if (read(fd, request, sizeof(request)) < 0)
			pause();
}
STUCK
gcc -static -o "$WORK/stuck" "$WORK/stuck.c"
cat >"$WORK/hook" <<'HOOK'
#!/bin/sh
case $(cat /proc/cmdline) in
*test.sit*) exec stuck sit "$NEWROOT/tmp" ;;
*test.stuck*) modprobe fuse && exec stuck "$NEWROOT/mnt" ;;
esac
HOOK
chmod +x "$WORK/hook"
build overlay overlay -s 'image /live/root.sqfs' -s 'module fuse' \
	-s "file /bin/stuck $WORK/stuck 755" -s "hook handover $WORK/hook"
small_root "$WORK/small"
mkdir "$WORK/small/mnt"
echo 'cat /mnt/file &' >"$WORK/small/etc/wait"
small_image "$WORK/root.sqfs"
mkdir -p "$WORK/host/live"
mv "$WORK/root.sqfs" "$WORK/host/live/root.sqfs"
ext4 "$WORK/host.ext4" 16M hunghost "$host_uuid" "$WORK/host"
disk "$WORK/disk.img" 83 "$WORK/host.ext4"
truncate -s 1M "$WORK/other.img"

medium="-drive file=$WORK/disk.img,format=raw,if=virtio"
boot overlay 'vi.persist=dir:/changes test.keep=one test.stuck' $medium \
	-drive "file=$WORK/other.img,format=raw,if=virtio"
expect '=== busybox init reached'
expect '=== wrote one'
expect 'mkvinitrd: busy: /oldroot/mnt (fuseblk) was not unmounted within 20 s'
expect 'processes left: .*stuck ('
expect_not 'mkvinitrd: clean'
expect_not 'mkvinitrd: busy: .*vda1'
part "$WORK/after" "$WORK/disk.img" 1
clean_ext4 "$WORK/after"

boot overlay 'vi.persist=dir:/changes test.sit' $medium
expect '=== kept one'
expect 'mkvinitrd: busy: /oldroot (overlay) stays mounted, held by stuck ([0-9]*: cwd /oldroot/tmp)'
expect_not 'mkvinitrd: clean'

boot overlay 'vi.persist=dir:/changes test.stuck test.run=/etc/wait' $medium \
	-drive "file=$WORK/other.img,format=raw,if=virtio"
expect 'exitrd: .*/sbin/init has ended, but these processes cannot be killed: cat ([0-9]*);'
expect 'mkvinitrd: busy: /oldroot/mnt (fuseblk)'
expect_not 'mkvinitrd: clean'
