// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that an initramfs can do, as a yardstick: load the modules of /modules.list in order,
 * mount /dev/vda1, the squashfs in it and an overlay, and switch. No looking, no messages, no way
 * back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load_modules(void)
{
	FILE *list = fopen("/modules.list", "r");
	char line[512];

	while (list && fgets(line, sizeof(line), list)) {
		int fd;

		line[strcspn(line, "\n")] = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && syscall(SYS_finit_module, fd, "", 4) < 0 && errno != EEXIST)
			perror(line);
		close(fd);
	}
}

static int attach(const char *path)
{
	int file = open(path, O_RDONLY), loop = open("/dev/loop0", O_RDWR);
	struct loop_config config = { .fd = (unsigned)file, .info.lo_flags = LO_FLAGS_READ_ONLY };

	return file < 0 || loop < 0 ? -1 : ioctl(loop, LOOP_CONFIGURE, &config);
}

int main(void)
{
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	load_modules();
	mkdir("/host", 0755);
	mkdir("/lower", 0755);
	mkdir("/ram", 0755);
	mkdir("/new", 0755);
	while (mount("/dev/vda1", "/host", "ext4", MS_RDONLY, "noload"))
		usleep(1000);
	if (attach("/host/live/root.sqfs") ||
	    mount("/dev/loop0", "/lower", "squashfs", MS_RDONLY, NULL) ||
	    mount("ram", "/ram", "tmpfs", 0, NULL) || mkdir("/ram/u", 0755) ||
	    mkdir("/ram/w", 0755) ||
	    mount("root", "/new", "overlay", 0, "lowerdir=/lower,upperdir=/ram/u,workdir=/ram/w")) {
		perror("assemble");
		return 1;
	}
	mount("/dev", "/new/dev", NULL, MS_MOVE, NULL);
	if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		perror("switch");
	execl("/sbin/init", "/sbin/init", NULL);
	return 1;
}
