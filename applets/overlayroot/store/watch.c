// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "applets/overlayroot/store/growth.h"
#include "common/msg.h"

#define FAST_DISK      (256 * KIB) /* bytes a millisecond */
#define SHORTEST_PAUSE 500
#define LONGEST_PAUSE  60000

struct watch {
	int base;
	const char *what;
	struct growth growth;
	enum fill told;
};

static uint64_t nearly_full(uint64_t total)
{
	return total / 10;
}

static uint64_t almost_full(uint64_t total)
{
	return total / 33;
}

static uint64_t full(uint64_t total)
{
	return total / 1000;
}

enum fill watch_fill(uint64_t room, uint64_t total)
{
	return room <= full(total)	   ? FILL_FULL
	       : room < almost_full(total) ? FILL_ALMOST
	       : room < nearly_full(total) ? FILL_NEARLY
					   : FILL_FINE;
}

unsigned int watch_pause(uint64_t margin)
{
	uint64_t ms = margin / FAST_DISK;

	return ms < SHORTEST_PAUSE ? SHORTEST_PAUSE : (unsigned int)MIN(ms, LONGEST_PAUSE);
}

/* Where the next thing has to be done: bytes of room. */
static uint64_t next_mark(const struct watch *watch, uint64_t total)
{
	if (watch->growth.file >= 0)
		return total / 8;
	return watch->told == FILL_FINE	    ? nearly_full(total)
	       : watch->told == FILL_NEARLY ? almost_full(total)
					    : full(total);
}

/* Once for each step down; a store that was emptied may fill up again. */
static void watch_report(struct watch *watch, uint64_t room, uint64_t total)
{
	enum fill fill = watch_fill(room, total);

	if (fill < watch->told && watch_fill(room - room / 5, total) < watch->told)
		watch->told = fill;
	if (fill <= watch->told)
		return;
	watch->told = fill;
	if (fill == FILL_FULL)
		msg(MSG_ERROR,
		    "%s is full: nothing can be written to the root until files are removed",
		    watch->what);
	else
		msg(MSG_ERROR, "%s is %s full: %llu of %llu MiB are free", watch->what,
		    fill == FILL_NEARLY ? "nearly" : "all but", (unsigned long long)(room / MIB),
		    (unsigned long long)(total / MIB));
}

static int watch_look(const struct watch *watch, uint64_t *ret_room, uint64_t *ret_total)
{
	struct statvfs fs;

	if (fstatvfs(watch->base, &fs) < 0)
		return -errno;
	*ret_room = (uint64_t)fs.f_bavail * fs.f_frsize;
	*ret_total = (uint64_t)fs.f_blocks * fs.f_frsize;
	return 0;
}

/* Until an eighth is free again, or nothing more can be had: then that is how it stays. */
static void watch_grow(struct watch *watch, uint64_t *room, uint64_t *total)
{
	_cleanup_error_ struct error *err = NULL;
	uint64_t before = *total;
	int r = 1;

	while (r > 0 && watch->growth.file >= 0 && *room < *total / 8) {
		r = growth_step(&watch->growth, watch->base, &err);
		if (r < 0)
			msg(MSG_WARNING, "%s: %s stays as large as it is", error_msg(err),
			    watch->what);
		if (r <= 0)
			growth_close(&watch->growth);
		r = watch_look(watch, room, total) < 0 ? -EIO : r;
	}
	if (*total > before)
		msg(MSG_INFO, "%s has grown from %llu to %llu MiB", watch->what,
		    (unsigned long long)(before / MIB), (unsigned long long)(*total / MIB));
}

static void watch_on(struct watch *watch)
{
	uint64_t room = 0, total = 0;

	while (watch_look(watch, &room, &total) == 0 && total > 0) {
		struct timespec pause;
		unsigned int ms;

		watch_grow(watch, &room, &total);
		watch_report(watch, room, total);
		ms = watch_pause(room - MIN(room, next_mark(watch, total)));
		if (watch->told == FILL_FULL)
			ms = LONGEST_PAUSE / 6;
		pause = (struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 };
		nanosleep(&pause, NULL);
	}
}

static int go_to_background(struct error **err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	if (pid > 0)
		return 0;
	setsid();
	msg_to_kmsg();
	return chdir("/") < 0 ? -errno : 1;
}

int watch_start(const struct watch_options *options, struct error **err)
{
	_cleanup_free_ char *base = NULL;
	struct watch watch = { .what = options->upper.path ? options->upper.path
							   : "the memory for changes" };
	int r;

	if (asprintf(&base, "%s/upper", options->run) < 0) {
		base = NULL;
		return error_sys(err, ENOMEM, "watch");
	}
	watch.base = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (watch.base < 0)
		return error_sys(err, errno, "the store at '%s'", base);
	growth_open(&options->upper, base, options->file_limit, &watch.growth);
	r = options->foreground ? 1 : go_to_background(err);
	if (r > 0) {
		watch_on(&watch);
		_exit(0);
	}
	growth_close(&watch.growth);
	close(watch.base);
	return r;
}
