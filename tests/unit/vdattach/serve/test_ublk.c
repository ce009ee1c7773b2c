// SPDX-License-Identifier: GPL-2.0-or-later
/* What of the ublk transport needs no ublk: the ring, the description of the disk, staying awake.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "applets/vdattach/server/awake.h"
#include "applets/vdattach/server/ublk.h"
#include "applets/vdattach/server/uring.h"

static void take_all(struct uring *uring, unsigned int n, uint64_t *sum)
{
	struct io_uring_cqe cqe;

	for (unsigned int i = 0; i < n;) {
		if (uring_result(uring, &cqe)) {
			assert_int_equal(cqe.res, 0);
			*sum += cqe.user_data;
			i++;
		} else {
			assert_int_equal(uring_enter(uring, 1), 0);
		}
	}
	assert_false(uring_result(uring, &cqe));
}

/* Every entry is answered once, also after the indexes have wrapped around. */
static void ring_answers_every_entry(void **state)
{
	bool wide = *(bool *)*state;
	struct uring uring;
	uint64_t sum = 0, want = 0;

	assert_int_equal(uring_open(&uring, 8, wide, NULL), 0);
	for (unsigned int round = 0; round < 100; round++) {
		unsigned int n = 1 + round % 8;

		for (unsigned int i = 0; i < n; i++) {
			struct io_uring_sqe *sqe = uring_next(&uring);

			sqe->opcode = IORING_OP_NOP;
			sqe->user_data = round * 8 + i;
			want += sqe->user_data;
		}
		take_all(&uring, n, &sum);
	}
	assert_int_equal(sum, want);
	uring_close(&uring);
}

static void interrupt(int signal_number)
{
	(void)signal_number;
}

/* A signal in the middle of the waiting is no failure: the caller looks and waits on. */
static void ring_survives_signals(void **state)
{
	const struct sigaction action = { .sa_handler = interrupt };
	const struct itimerspec soon = { .it_value.tv_nsec = 20000000 };
	struct __kernel_timespec wait = { .tv_nsec = 100000000 };
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	struct uring uring;
	timer_t timer;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
	assert_int_equal(uring_open(&uring, 1, false, NULL), 0);
	sqe = uring_next(&uring);
	sqe->opcode = IORING_OP_TIMEOUT;
	sqe->addr = (uintptr_t)&wait;
	sqe->len = 1;
	timer_settime(timer, 0, &soon, NULL);
	while (!uring_result(&uring, &cqe))
		assert_int_equal(uring_enter(&uring, 1), 0);
	assert_int_equal(cqe.res, -ETIME);
	timer_delete(timer);
	uring_close(&uring);
}

/* Waiting has a limit, and a result that comes meanwhile ends it, whatever the ring's flags are. */
static void ring_waits_with_a_limit(void **state)
{
	struct __kernel_timespec wait = { .tv_nsec = 50000000 };
	struct io_uring_cqe cqe;
	struct io_uring_sqe *sqe;
	struct uring uring;

	(void)state;
	assert_int_equal(uring_open(&uring, 1, true, NULL), 0);
	assert_int_equal(uring_wait(&uring, 10), 0);
	assert_false(uring_result(&uring, &cqe));
	sqe = uring_next(&uring);
	sqe->opcode = IORING_OP_TIMEOUT;
	sqe->addr = (uintptr_t)&wait;
	sqe->len = 1;
	assert_int_equal(uring_enter(&uring, 0), 0);
	while (!uring_result(&uring, &cqe))
		assert_int_equal(uring_wait(&uring, 1000000), 0);
	assert_int_equal(cqe.res, -ETIME);
	uring_close(&uring);
}

/* Which threads of the kernel may still do something for a dead server. */
static void kernel_threads_are_told_apart(void **state)
{
	static const struct {
		const char *stat;
		enum ublk_thread thread;
		unsigned int cpu;
	} cases[] = {
		{ "9 (kworker/0:0-events) I 2 0", UBLK_THREAD_IDLE, 0 },
		{ "9 (kworker/12:3) I 2 0", UBLK_THREAD_IDLE, 12 },
		{ "9 (kworker/1:0-events) R 2 0", UBLK_THREAD_BUSY, 1 },
		{ "9 (kworker/1:0) D 2 0", UBLK_THREAD_BUSY, 1 },
		{ "9 (kworker/3:2+events) R 2 0", UBLK_THREAD_BUSY, 3 },
		{ "9 (kworker/3:2+events) D 2 0", UBLK_THREAD_SLEEPS, 3 },
		{ "9 (kworker/3:2+events) I 2 0", UBLK_THREAD_SLEEPS, 3 },
		/* another queue's, asleep: its pool has other threads */
		{ "9 (kworker/3:2+events_long) D 2 0", UBLK_THREAD_IDLE, 3 },
		{ "9 (kworker/3:2+mm_percpu_wq) R 2 0", UBLK_THREAD_BUSY, 3 },
		{ "9 (kworker/3:2H+kblockd) R 2 0", UBLK_THREAD_OTHER, 0 },
		{ "9 (kworker/u8:1+flush-254:0) R 2 0", UBLK_THREAD_OTHER, 0 },
		{ "9 (kworker/R-rcu_g) I 2 0", UBLK_THREAD_OTHER, 0 },
		{ "9 (vdattach) S 2 0", UBLK_THREAD_OTHER, 0 },
		{ "9 (kworker/3:2+ev", UBLK_THREAD_OTHER, 0 },
		{ "9 (kworker/3) R 2", UBLK_THREAD_OTHER, 0 },
		{ "", UBLK_THREAD_OTHER, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int cpu = 0;

		assert_int_equal(ublk_thread_of(cases[i].stat, &cpu), cases[i].thread);
		if (cases[i].thread != UBLK_THREAD_OTHER)
			assert_int_equal(cpu, cases[i].cpu);
	}
}

static void plain_disk(void **state)
{
	const struct vd_server srv = { .size = 1000 * 512, .sector_size = 512, .discard = true };
	struct ublk_params params;

	(void)state;
	ublk_fill_params(&srv, 128 * 1024, &params);
	assert_int_equal(params.len, sizeof(params));
	assert_int_equal(params.types, UBLK_PARAM_TYPE_BASIC | UBLK_PARAM_TYPE_DISCARD);
	/* flush, but no FUA: whoever stacks devices on it counts on that */
	assert_int_equal(params.basic.attrs, UBLK_ATTR_VOLATILE_CACHE);
	assert_int_equal(params.basic.logical_bs_shift, 9);
	assert_int_equal(params.basic.physical_bs_shift, 12);
	assert_int_equal(params.basic.dev_sectors, 1000);
	assert_int_equal(params.basic.max_sectors, 256);
	assert_int_equal(params.discard.max_discard_segments, 1);
	assert_true(params.discard.max_write_zeroes_sectors > 0);
}

static void large_sectors_read_only(void **state)
{
	const struct vd_server srv = {
		.size = 3 * 4096 + 512, .sector_size = 4096, .discard = true, .read_only = true
	};
	struct ublk_params params;

	(void)state;
	ublk_fill_params(&srv, 64 * 1024, &params);
	assert_int_equal(params.types, UBLK_PARAM_TYPE_BASIC);
	assert_true(params.basic.attrs & UBLK_ATTR_READ_ONLY);
	assert_int_equal(params.basic.logical_bs_shift, 12);
	/* the driver knows sectors of 512 bytes only; a piece of a sector cannot be reached */
	assert_int_equal(params.basic.dev_sectors, 3 * 8);
	assert_int_equal(params.basic.max_sectors, 128);
}

/* Counts in *ticks until it is killed. */
static void tick(volatile unsigned int *ticks)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	if (awake_start(NULL) < 0)
		_exit(1);
	for (;;) {
		++*ticks;
		nanosleep(&pause, NULL);
	}
}

static unsigned int wait_for_tick(const volatile unsigned int *ticks, unsigned int seconds)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int before = *ticks;

	for (unsigned int i = 0; i < seconds * 1000 && *ticks == before; i++)
		nanosleep(&pause, NULL);
	return *ticks - before;
}

/* Stopped again and again, also in the moment in which it is continued, it always comes back. */
static void stopped_server_goes_on(void **state)
{
	volatile unsigned int *ticks = mmap(NULL, sizeof(*ticks), PROT_READ | PROT_WRITE,
					    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	(void)state;
	assert_true(ticks != MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		tick(ticks);
	assert_true(wait_for_tick(ticks, 10) > 0);
	for (unsigned int i = 0; i < 16; i++) {
		int status = 0;

		/* a burst drops what is pending: the timers must not be lost by it */
		for (unsigned int burst = 0; burst < i; burst++)
			kill(pid, SIGSTOP);
		kill(pid, SIGSTOP);
		assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
		assert_true(WIFSTOPPED(status));
		assert_true(wait_for_tick(ticks, 10) > 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap((void *)(uintptr_t)ticks, sizeof(*ticks));
}

int main(void)
{
	static bool narrow = false, wide = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(ring_answers_every_entry, &narrow),
		cmocka_unit_test_prestate(ring_answers_every_entry, &wide),
		cmocka_unit_test(ring_survives_signals),
		cmocka_unit_test(ring_waits_with_a_limit),
		cmocka_unit_test(kernel_threads_are_told_apart),
		cmocka_unit_test(plain_disk),
		cmocka_unit_test(large_sectors_read_only),
		cmocka_unit_test(stopped_server_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
