// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/mapper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "applets/vdattach/dm/loops.h"
#include "common/msg.h"

#define REGIONS_MAX 32768u
#define REGION_MIN  MIB
#define STACK_SIZE  (64 * KIB)
#define BITS	    (8 * sizeof(unsigned long))

/*
 * Before Linux 6.12 a flush of the disk is one of each segment, and a device takes about a hundred
 * at a time; since then it is one of each device ("dm: optimize flushes").
 */
enum { SEGMENTS_MAX = 4096, SEGMENTS_MAX_OLD = 256 };

/* A swap holds up the disk for a moment: at most a tenth of the time, in milliseconds. */
enum { GATHER_MS = 40, BUSY_SHARE = 10, IDLE_MS_MAX = 2000 };

struct dm_mapper {
	struct backend *backend;
	const struct dm_link *link;
	int control, wake;
	pthread_t thread;
	atomic_bool stop, pending; /* pending: wake was written, or need not be */
	/* parts of the disk where something was written: a bit for each region */
	uint64_t region_size;
	size_t n_regions;
	atomic_ulong *dirty;
	/* the thread's own */
	struct dm_map map;
	struct dm_table table;
	struct dm_loops loops;
	bool changed; /* the map has more than the table */
	bool told;    /* that it does not work */
	int delay_ms;
};

static void wake_up(struct dm_mapper *m)
{
	const uint64_t one = 1;

	if (write(m->wake, &one, sizeof(one)) < 0)
		msg(MSG_DEBUG, "cannot wake the mapper: %s", strerror(errno));
}

/* Called for each write that reaches the worker. */
static void written(void *arg, uint64_t offset, uint64_t n)
{
	struct dm_mapper *m = arg;
	size_t last = (size_t)((offset + MAX(n, 1ULL) - 1) / m->region_size);

	for (size_t i = (size_t)(offset / m->region_size); i <= last && i < m->n_regions; i++)
		atomic_fetch_or(m->dirty + i / BITS, 1UL << i % BITS);
	if (!atomic_exchange(&m->pending, true))
		wake_up(m);
}

static bool take_region(struct dm_mapper *m, size_t i)
{
	unsigned long bit = 1UL << i % BITS;

	return atomic_load(m->dirty + i / BITS) & bit &&
	       atomic_fetch_and(m->dirty + i / BITS, ~bit) & bit;
}

static int mapper_walk(struct dm_mapper *m, size_t i, struct error **err)
{
	struct vd_image *image = m->backend->image;
	uint64_t start = i * m->region_size;
	uint64_t end = MIN(start + m->region_size, image->size);
	int r;

	pthread_mutex_lock(&m->backend->lock);
	r = dm_map_add(&m->map, image, start, end, &m->changed, err);
	pthread_mutex_unlock(&m->backend->lock);
	return r;
}

/* The longer part of the work is done before the lock is taken, which holds up the disk. */
static int make_durable(struct dm_mapper *m, struct error **err)
{
	int r;

	dm_loops_write_out(&m->loops);
	pthread_mutex_lock(&m->backend->lock);
	r = source_flush(m->backend->disk, err);
	pthread_mutex_unlock(&m->backend->lock);
	return r;
}

static int mapper_load(struct dm_mapper *m, struct error **err)
{
	int r = dm_loops_update(&m->loops, &m->map, false, err);

	if (r < 0)
		return r;
	if (!dm_map_build(&m->map, m->loops.devices, m->link->server, &m->table))
		return error_make(err, ENOSPC, "no room for a table of %zu segments", m->map.n);
	return dm_swap(m->control, m->link->name, &m->table, false, err);
}

/* Looks where something was written, and swaps the table when there is more to map. */
static int update(struct dm_mapper *m, struct error **err)
{
	bool pruned;
	int r = 0;

	for (size_t i = 0; i < m->n_regions && r == 0 && !m->stop; i++) {
		if (take_region(m, i))
			r = mapper_walk(m, i, err);
	}
	if (r < 0 || !m->changed || m->stop)
		return r;
	pruned = dm_map_prune(&m->map);
	r = make_durable(m, err);
	if (r == 0)
		r = mapper_load(m, err);
	if (r == 0)
		m->changed = false;
	/* a loop device that lost its last segment gets no flush any more */
	if (pruned)
		dm_loops_write_out(&m->loops);
	return r;
}

static int elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((now.tv_sec - since->tv_sec) * 1000 +
		     (now.tv_nsec - since->tv_nsec) / 1000000);
}

/* Waits, for so long or (-1) until something is written. */
static void wait_for(struct dm_mapper *m, int ms)
{
	struct pollfd fd = { m->wake, POLLIN, 0 };
	uint64_t count;

	if (poll(&fd, 1, ms) > 0 && read(m->wake, &count, sizeof(count)) < 0)
		msg(MSG_DEBUG, "mapper: %s", strerror(errno));
}

/* Waits so long, but for stop. */
static void hold_back(struct dm_mapper *m, int ms)
{
	struct timespec start;
	int left = ms;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!m->stop && left > 0) {
		wait_for(m, left);
		left = ms - elapsed_ms(&start);
	}
}

static void run_once(struct dm_mapper *m)
{
	_cleanup_error_ struct error *err = NULL;
	struct timespec start;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &start);
	r = update(m, &err);
	m->delay_ms = MIN(MAX(elapsed_ms(&start) * BUSY_SHARE, GATHER_MS), IDLE_MS_MAX);
	if (r == 0 || r == -EINTR || m->stop)
		return;
	/* the server continues to serve all */
	m->delay_ms = IDLE_MS_MAX;
	if (!m->told)
		msg(MSG_WARNING, "%s stays slow where it is new: %s", m->link->name,
		    error_msg(err));
	m->told = true;
}

static void *mapper_run(void *arg)
{
	struct dm_mapper *m = arg;
	_cleanup_error_ struct error *err = NULL;

	while (!m->stop && !m->link->live)
		wait_for(m, -1);
	if (!m->stop && dm_resume(m->control, m->link->name, &err) < 0)
		msg(MSG_WARNING, "%s", error_msg(err));
	while (!m->stop) {
		atomic_store(&m->pending, false);
		run_once(m);
		while (!m->stop && !m->changed && !atomic_load(&m->pending))
			wait_for(m, -1);
		hold_back(m, m->delay_ms);
	}
	return NULL;
}

static size_t segments_max(void)
{
	unsigned int major_version = 0, minor_version = 0;
	struct utsname u;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major_version, &minor_version) != 2)
		return SEGMENTS_MAX_OLD;
	return major_version > 6 || (major_version == 6 && minor_version >= 12) ? SEGMENTS_MAX
										: SEGMENTS_MAX_OLD;
}

static int mapper_allocate(struct dm_mapper *m, uint64_t size)
{
	size_t limit = segments_max();
	int r;

	m->region_size = REGION_MIN;
	while (size / m->region_size >= REGIONS_MAX)
		m->region_size *= 2;
	m->n_regions = (size_t)((size + m->region_size - 1) / m->region_size);
	m->dirty = malloc((m->n_regions / BITS + 1) * sizeof(*m->dirty));
	if (!m->dirty)
		return -ENOMEM;
	/* at first all is to be looked at */
	for (size_t i = 0; i <= m->n_regions / BITS; i++)
		atomic_init(m->dirty + i, ~0UL);
	r = dm_map_new(size, m->link->sector_size, limit, &m->map);
	return r < 0 ? r : dm_table_new(2 * limit + 3, &m->table);
}

static void release(struct dm_mapper *m)
{
	dm_loops_release(&m->loops);
	dm_table_release(&m->table);
	dm_map_release(&m->map);
	free(m->dirty);
	free(m);
}

/* No signal shall interrupt a swap: those that there are meant to be are the other thread's. */
static int mapper_start_thread(struct dm_mapper *m)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&m->thread, &attr, mapper_run, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

int dm_mapper_start(int control, const struct dm_link *link, int wake, struct backend *backend,
		    struct dm_mapper **ret, struct error **err)
{
	struct dm_mapper *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return error_sys(err, ENOMEM, "mapper");
	m->backend = backend;
	m->link = link;
	m->control = control;
	m->wake = wake;
	atomic_init(&m->pending, true);
	r = mapper_allocate(m, backend->image->size);
	if (r == 0)
		r = mapper_start_thread(m);
	if (r < 0) {
		release(m);
		return error_sys(err, r, "cannot start the mapper of '%s'", backend->disk->name);
	}
	backend->written = written;
	backend->arg = m;
	*ret = m;
	return 0;
}

void dm_mapper_stop(struct dm_mapper **mapper)
{
	struct dm_mapper *m = *mapper;

	*mapper = NULL;
	if (!m)
		return;
	m->backend->written = NULL;
	atomic_store(&m->stop, true);
	wake_up(m);
	pthread_join(m->thread, NULL);
	release(m);
}
