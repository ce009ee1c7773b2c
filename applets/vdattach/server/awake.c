// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A timer of the kernel that sends SIGCONT continues a stopped process: whoever generates that
 * signal wakes all threads of the process, whether it is blocked or not (signal(7);
 * prepare_signal() in linux/kernel/signal.c). Requests themselves cannot: ublk leaves them as task
 * work, which does not wake what is stopped, and nothing on their way sends a signal.
 *
 * SIGSTOP drops a SIGCONT that is pending. The timer waits for that one to be taken and never
 * expires again. So there are several, one after the other, and a thread that does nothing but take
 * them at once and set those again that are missing. All are lost only when that thread does not
 * get to run for a whole period (seen with half a second on a loaded machine). The thread that
 * serves may be in the middle of a disk's I/O for longer. The signal is blocked and waited for,
 * since Linux 6.13 does not repeat a timer whose signal is ignored.
 */
#include "applets/vdattach/server/awake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/msg.h"

#define TIMERS	16u
#define STEP_NS 250000000L
#define STACK	MAX(16 * KIB, (uint64_t)PTHREAD_STACK_MIN)

/* Lives as long as the process. */
struct awake {
	timer_t timers[TIMERS];
	sigset_t signals; /* SIGCONT */
};

/* Lets the timer expire after so many steps, and then once in a period. */
static void expire(timer_t timer, unsigned int steps)
{
	const struct itimerspec spec = {
		.it_interval.tv_sec = TIMERS * STEP_NS / 1000000000L,
		.it_value = { .tv_sec = steps * STEP_NS / 1000000000L,
			      .tv_nsec = steps * STEP_NS % 1000000000L },
	};

	timer_settime(timer, 0, &spec, NULL);
}

static void expire_all(const struct awake *awake)
{
	for (unsigned int i = 0; i < TIMERS; i++)
		expire(awake->timers[i], i + 1);
}

static void *take_signals(void *arg)
{
	const struct awake *awake = arg;
	unsigned int due = 0;
	siginfo_t info;

	for (;;) {
		unsigned int i;

		if (sigwaitinfo(&awake->signals, &info) < 0)
			continue;
		if (info.si_code != SI_TIMER) {
			expire_all(awake);
			due = 0;
			continue;
		}
		i = (unsigned int)info.si_value.sival_int;
		for (; due != i; due = (due + 1) % TIMERS)
			expire(awake->timers[due], (due + TIMERS - i) % TIMERS);
		due = (i + 1) % TIMERS;
	}
	return NULL;
}

static int make_timers(struct awake *awake)
{
	for (int i = 0; i < (int)ARRAY_SIZE(awake->timers); i++) {
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
					  .sigev_signo = SIGCONT,
					  .sigev_value.sival_int = i };

		if (timer_create(CLOCK_MONOTONIC, &event, awake->timers + i) < 0)
			return -errno;
	}
	return 0;
}

static int awake_start_thread(struct awake *awake)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, take_signals, awake);
	pthread_attr_destroy(&attr);
	return -r;
}

int awake_start(struct error **err)
{
	struct awake *awake = calloc(1, sizeof(*awake));
	int r = -ENOMEM;

	if (awake) {
		sigemptyset(&awake->signals);
		sigaddset(&awake->signals, SIGCONT);
		pthread_sigmask(SIG_BLOCK, &awake->signals, NULL);
		r = make_timers(awake);
	}
	if (r == 0)
		r = awake_start_thread(awake);
	if (r < 0) {
		free(awake);
		return error_sys(err, r, "timers that continue a stopped server");
	}
	expire_all(awake);
	return 0;
}

/* SIGCONT works on a stopped process whatever its disposition. */
void awake_by(int fd, const char *lost)
{
	if (fcntl(fd, F_SETOWN, getpid()) < 0 || fcntl(fd, F_SETSIG, SIGCONT) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC) < 0)
		msg(MSG_WARNING, "stopping this process would stop %s: %s", lost, strerror(errno));
}
