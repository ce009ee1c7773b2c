// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/asleep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/msg.h"

#define TRIES	 3
#define IDLE_MS	 5000
#define SYNC_MS	 60000 /* while all others run, and may write more */
#define QUIET_MS 20000 /* in which nothing is written any more */

void asleep_harden(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 || (fd >= 0 && write_all(fd, "-1000", 5) < 0))
		msg(MSG_DEBUG, "memory cannot be locked");
}

int asleep_check(const char *word, struct error **err)
{
	char text[128];
	size_t n = strlen(word);

	if (read_start(AT_FDCWD, ASLEEP_FILE, text, sizeof(text)) <= 0)
		return error_make(err, EOPNOTSUPP, "this kernel cannot sleep (no " ASLEEP_FILE ")");
	text[strcspn(text, "\n")] = '\0';
	for (const char *at = text; *at; at += strspn(at, " ")) {
		if (n && strncmp(at, word, n) == 0 && (at[n] == ' ' || at[n] == '\0'))
			return 0;
		at += strcspn(at, " ");
	}
	return error_make(err, EINVAL, "expected one of '%s', found '%s'", text, word);
}

/* The first disk with requests that have not been answered, "" for none. */
static void find_busy_disk(char *ret, size_t size)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *entry;
	unsigned long reads, writes;
	char path[300], text[64];

	*ret = '\0';
	while (dir && !*ret && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/inflight", entry->d_name);
		if (read_start(AT_FDCWD, path, text, sizeof(text)) > 0 &&
		    sscanf(text, "%lu %lu", &reads, &writes) == 2 && reads + writes > 0)
			snprintf(ret, size, "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Pages that were written to disks and servers since the machine was started. */
static unsigned long long count_written(void)
{
	char text[8192];
	const char *at = NULL;

	if (read_start(AT_FDCWD, "/proc/vmstat", text, sizeof(text)) > 0)
		at = strstr(text, "\nnr_written ");
	return at ? strtoull(at + strlen("\nnr_written "), NULL, 10) : 0;
}

static long long asleep_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* false: it has not ended QUIET_MS after the last page was written. */
static bool wait_for_sync(pid_t pid, long long limit)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned long long written, last = count_written();
	long long now = asleep_now(), since = now, end = now + limit;

	while (now < end && now - since < QUIET_MS) {
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return true;
		nanosleep(&pause, NULL);
		now = asleep_now();
		written = count_written();
		if (written != last)
			since = now;
		last = written;
	}
	return now - since < QUIET_MS;
}

/*
 * sync(2), which has no limit itself, by a process that is left behind. It waits for servers that
 * are not there, and for file systems of processes that have been stopped.
 */
static int asleep_sync(long long limit, struct error **err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid == 0) {
		sync();
		_exit(0);
	}
	return wait_for_sync(pid, limit)
		       ? 0
		       : error_make(err, ETIMEDOUT,
				    "a disk or a server has not taken anything of what is to be "
				    "written out for %d s",
				    QUIET_MS / 1000);
}

/* With nobody there to ask for more, all that the kernel has to write is on the disks. */
static int wait_until_idle(struct error **err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char name[256];
	int r = asleep_sync(INT_MAX, err);

	if (r < 0)
		return r;
	find_busy_disk(name, sizeof(name));
	for (unsigned int ms = 0; *name && ms < IDLE_MS; ms += 5) {
		nanosleep(&pause, NULL);
		find_busy_disk(name, sizeof(name));
	}
	return *name ? error_make(err, EBUSY, "/dev/%s does not answer", name) : 0;
}

static int asleep_try(const char *word, struct error **err)
{
	_cleanup_close_ int fd = -1;
	int r = wait_until_idle(err);

	if (r < 0)
		return r;
	fd = open(ASLEEP_FILE, O_WRONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : write_all(fd, word, strlen(word));
	return r < 0 ? error_sys(err, r, "the kernel does not sleep (%s; dmesg tells why)", word)
		     : 0;
}

int asleep_enter(struct freezer *freezer, const char *word, struct error **err)
{
	/* first while those run who serve file systems and networks */
	int r = asleep_sync(SYNC_MS, err);

	r = r < 0 ? r : -EBUSY;
	for (int i = 1; r == -EBUSY && i <= TRIES; i++) {
		if (i > 1) {
			msg(MSG_WARNING, "%s; trying again", err ? error_msg(*err) : word);
			error_release(err);
		}
		r = freezer_freeze(freezer, err);
		if (r == 0)
			r = asleep_try(word, err);
		freezer_thaw(freezer);
	}
	return r;
}
