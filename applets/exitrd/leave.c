// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>

#include "common/msg.h"

#define SYNC_SECONDS	20
#define REMOUNT_SECONDS 10

/* What waits for a disk that is gone cannot be killed: it is left behind. */
static bool sync_limited(void)
{
	const struct timespec second = { .tv_sec = 1 };
	sigset_t child;
	pid_t pid = fork();

	if (pid == 0) {
		sync();
		_exit(0);
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	/* other children may end, too: those that ask servers */
	for (unsigned int i = 0; pid > 0 && i < SYNC_SECONDS;
	     i += sigtimedwait(&child, NULL, &second) < 0)
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
	return false;
}

/* Until the kernel says that it has done it (fs/super.c, do_emergency_remount()). */
static void await_remount(int kmsg)
{
	struct pollfd p = { .fd = kmsg, .events = POLLIN };
	struct timespec start, now;
	char line[1024];

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		ssize_t n;

		if (poll(&p, 1, 1000) > 0) {
			n = read(kmsg, line, sizeof(line) - 1);
			line[n < 0 ? 0 : n] = '\0';
			if (strstr(line, "Emergency Remount complete"))
				return;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < REMOUNT_SECONDS);
}

/* All file systems of the machine, as SysRq-U does. */
static void remount_read_only(int proc, int kmsg)
{
	_cleanup_close_ int trigger = openat(proc, "sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (trigger < 0 || write(trigger, "u", 1) != 1)
		msg(MSG_WARNING, "file systems are not made read-only: %s", strerror(errno));
	else if (kmsg >= 0)
		await_remount(kmsg);
}

_Noreturn void leave_machine(int proc, int dev, bool poweroff)
{
	int kmsg = openat(dev, "kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
	msg(MSG_ERROR, "%s the machine", poweroff ? "powering off" : "restarting");
	if (!sync_limited())
		msg(MSG_WARNING, "not all could be written to the other disks within %d s",
		    SYNC_SECONDS);
	remount_read_only(proc, kmsg);
	reboot(poweroff ? RB_POWER_OFF : RB_AUTOBOOT);
	for (;;)
		pause();
}
