// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits until the driver has done with a dead worker.
 *
 * Before Linux 6.15 ublk_quiesce_work_fn(), in a worker thread of the kernel, marks the device as
 * quiesced and only then walks over the commands of the dead worker. UBLK_CMD_START_USER_RECOVERY
 * looks at the mark alone: issued in between it forgets the commands that are being walked over
 * (io_uring_cmd_done() of NULL, and the kernel is down), or the walk calls off those of the next
 * worker. Nothing in the driver tells when the walk is over. But it is queued before /dev/ublkcN
 * can be opened again, on the workqueue "events", and /proc/PID/stat tells what each thread of the
 * workqueues does: when all threads of a CPU's pool have been seen idle, whatever was queued there
 * before has been done.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applets/vdattach/server/ublk.h"
#include "common/file.h"

#define CPUS	1024u /* more share a bit */
#define TRIES	400u  /* of 25 ms at most: 10 s */
#define ROUNDS	2u    /* the thread that is to take the work may change during one look */
#define SLEEPER 120u  /* tries after which a sleeping one counts no more: the walk never sleeps */

typedef uint8_t cpu_set[CPUS / 8];

enum ublk_thread ublk_thread_of(const char *stat, unsigned int *ret_cpu)
{
	const char *at = strstr(stat, "(kworker/"), *state = strrchr(stat, ')');
	char *end;
	bool works, sleeps;

	/* those of no CPU ("u8:1", "R-name") and of high priority ("0:1H") are of other pools */
	if (!at || !state || strlen(state) < 3 || !isdigit((unsigned char)at[9]))
		return UBLK_THREAD_OTHER;
	*ret_cpu = (unsigned int)strtoul(at + 9, &end, 10);
	if (*end != ':')
		return UBLK_THREAD_OTHER;
	strtoul(end + 1, &end, 10);
	if (*end == 'H')
		return UBLK_THREAD_OTHER;
	works = *end == '+';
	sleeps = state[2] == 'S' || state[2] == 'D' || state[2] == 'I';
	if (!works)
		return state[2] == 'I' ? UBLK_THREAD_IDLE : UBLK_THREAD_BUSY;
	if (!sleeps)
		return UBLK_THREAD_BUSY;
	/* its pool has another one for what waits */
	return strncmp(end, "+events)", 8) == 0 ? UBLK_THREAD_SLEEPS : UBLK_THREAD_IDLE;
}

static bool read_stat(int proc, const char *pid, char *ret, size_t size)
{
	char path[32];

	snprintf(path, sizeof(path), "%.16s/stat", pid);
	return read_start(proc, path, ret, size) > 0;
}

/* The CPUs whose pools may have something to do. Returns the number of threads, or -errno. */
static int ublk_settle_look(cpu_set *ret, bool sleepers)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	memset(*ret, 0, sizeof(*ret));
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		enum ublk_thread thread;
		unsigned int cpu = 0;
		char stat[160];

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !read_stat(dirfd(proc), entry->d_name, stat, sizeof(stat)))
			continue;
		thread = ublk_thread_of(stat, &cpu);
		n += thread != UBLK_THREAD_OTHER;
		if (thread == UBLK_THREAD_BUSY || (thread == UBLK_THREAD_SLEEPS && sleepers))
			(*ret)[cpu % CPUS / 8] |= (uint8_t)(1u << cpu % 8);
	}
	closedir(proc);
	return n;
}

/* Whether a pool is left that was busy at every look. */
static bool any_left(cpu_set *left, const cpu_set *busy)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(*left); i++) {
		(*left)[i] &= (*busy)[i];
		any |= (*left)[i] != 0;
	}
	return any;
}

bool ublk_can_settle(void)
{
	cpu_set busy;

	return ublk_settle_look(&busy, true) > 0;
}

int ublk_settle(void)
{
	unsigned int rounds = 0;
	cpu_set left, busy;

	memset(left, 0xff, sizeof(left));
	for (unsigned int i = 0; i < TRIES; i++) {
		const struct timespec pause = { .tv_nsec = MIN(i + 1, 25u) * 1000000L };
		int n = ublk_settle_look(&busy, i < SLEEPER);

		if (n <= 0)
			return n < 0 ? n : -ESRCH;
		if (!any_left(&left, &busy)) {
			if (++rounds == ROUNDS)
				return 0;
			memset(left, 0xff, sizeof(left));
		}
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}
