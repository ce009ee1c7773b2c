// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/search.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "applets/findimg/members.h"
#include "applets/findimg/raid.h"
#include "applets/lib/uevent.h"
#include "common/msg.h"

/* After so long a message says what is awaited. */
#define NARRATE_AFTER_MS 3000
/* Devices of a file system that may be used without some of them are waited for so long: this
 * part of the timeout. */
#define DEGRADED_SHARE 3
/* An array that was started is there by then. */
#define STARTED_MS 3000
/* Without a timeout devices that are slow to answer are waited for so long. */
#define ANSWERS_MS 10000

int search_open(struct search *s, const struct request *request, struct error **err)
{
	sigset_t set;

	*s = (struct search){ .request = request, .uevents = -1, .signals = -1 };
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	silent_read(&s->silent, request->state);
	silent_read(&s->before, request->state);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return error_sys(err, errno, "cannot wait for signals");
	s->uevents = uevent_open(err);
	return s->uevents < 0 ? s->uevents : 0;
}

void search_close(struct search *s)
{
	int r = silent_write(&s->silent, s->request ? s->request->state : NULL);

	if (r < 0)
		msg(MSG_WARNING, "which disks did not answer cannot be recorded: %s", strerror(-r));
	silent_free(&s->silent);
	silent_free(&s->before);
	for (size_t i = 0; i < s->count; i++) {
		blockdev_watch_media(s->request->sysfs, &s->list[i].dev, false);
		candidate_clear(&s->list[i]);
	}
	free(s->list);
	closep(&s->uevents);
	closep(&s->signals);
	*s = (struct search){ .uevents = -1, .signals = -1 };
}

static struct candidate *search_find(struct search *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].dev.name, name) == 0)
			return &s->list[i];
	return NULL;
}

/* Adds the device, or takes note that it changed. */
static int search_put(struct search *s, const struct blockdev *dev)
{
	struct candidate *c = search_find(s, dev->name), *bigger;

	if (!c) {
		bigger = reallocarray(s->list, s->count + 1, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		s->list = bigger;
		c = &bigger[s->count++];
		*c = (struct candidate){ 0 };
	}
	candidate_clear(c);
	c->dev = *dev;
	c->fresh = true;
	return 0;
}

static void drop(struct search *s, const char *name)
{
	struct candidate *c = search_find(s, name);

	if (!c)
		return;
	/* what was left out as another path to it counts now */
	for (size_t i = 0; i < s->count; i++)
		if (blockdev_same_disk(&c->dev, &s->list[i].dev))
			s->list[i].fresh = true;
	candidate_clear(c);
	s->count--;
	memmove(c, c + 1, (size_t)(&s->list[s->count] - c) * sizeof(*c));
}

/* What has its name later is another device. */
static void forget(struct search *s, const char *name)
{
	const struct candidate *c = search_find(s, name);

	if (c)
		silent_remove(&s->silent, c->dev.path);
	drop(s, name);
}

static void sort(struct search *s)
{
	if (s->count)
		qsort(s->list, s->count, sizeof(*s->list), blockdev_compare);
}

static int scan(struct search *s, struct error **err)
{
	_cleanup_free_ struct blockdev *devices = NULL;
	size_t count = 0;
	int r = blockdev_scan(s->request->sysfs, &devices, &count, err);

	if (r < 0)
		return r;
	while (s->count)
		drop(s, s->list[s->count - 1].dev.name);
	for (size_t i = 0; i < count; i++)
		if (search_put(s, &devices[i]) < 0)
			return error_no_memory(err);
	sort(s);
	return 0;
}

static int take_note(struct search *s, const struct uevent *ev)
{
	const char *name = strrchr(ev->devpath, '/');
	struct blockdev dev;

	if (strcmp(ev->subsystem, "block") != 0 || !name)
		return 0;
	name++;
	if (strcmp(ev->action, "remove") == 0 || blockdev_read(s->request->sysfs, name, &dev) < 0) {
		forget(s, name);
		return 0;
	}
	return search_put(s, &dev);
}

/* Everything that the socket holds. */
static int drain(struct search *s, struct error **err)
{
	_cleanup_free_ struct uevent *ev = malloc(sizeof(*ev));
	int r;

	if (!ev)
		return error_no_memory(err);
	while ((r = uevent_read(s->uevents, ev)) == 0)
		if (take_note(s, ev) < 0)
			return error_no_memory(err);
	if (r == -ENOBUFS) {
		msg(MSG_DEBUG, "events were lost: examining all devices again");
		return scan(s, err);
	}
	sort(s);
	return r == -EAGAIN ? 0 : error_sys(err, r, "cannot read the kernel's events");
}

/* In milliseconds from the start; never without a reason. */
static int64_t patience_of(const struct request *rq)
{
	if (!rq->degraded && !rq->raid)
		return INT64_MAX / 2;
	if (rq->patience >= 0)
		return (int64_t)rq->patience * 1000;
	return (int64_t)rq->timeout * 1000 / DEGRADED_SHARE;
}

static int probe_fresh(struct search *s)
{
	struct members all = { s->list, s->count };
	int r;

	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].fresh && !s->list[i].question.pid)
			pending_add(s, &s->list[i]);
	r = pending_gather(s);
	for (size_t i = 0; i < s->count && r == 0; i++)
		if (s->list[i].fresh && !s->list[i].question.pid &&
		    !members_first_path(&all, &s->list[i]))
			raid_add(&s->list[i], s->request);
	return r;
}

static int examine_fresh(struct search *s, bool *ret_any)
{
	struct members all = { s->list, s->count };
	const struct candidate *first;
	int r = probe_fresh(s);

	*ret_any = false;
	if (r < 0)
		return r;
	if (patience_of(s->request) == 0 && !pending_any(s))
		s->impatient = true;
	members_wake(&all);
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];

		if (!c->fresh || c->question.pid)
			continue;
		if (pending_poll(s, false, 0) == -EINTR)
			return -EINTR;
		c->fresh = c->woken = false;
		*ret_any = true;
		first = members_first_path(&all, c);
		if (first && first->eligible)
			candidate_no(c, "another path to %s", first->dev.name);
		else if (members_gather(&all, c, NULL) < 0)
			candidate_no(c, "out of memory");
		else if (c->eligible &&
			 members_usable(&all, c, s->impatient && s->request->degraded,
					s->request->dry_run))
			candidate_examine(c, s->request);
		msg(MSG_DEBUG, "%s %s: %s", c->dev.path, c->fs.type,
		    c->matches ? "matches" : c->why);
		if (strcmp(c->why, "no medium") == 0 && s->request->timeout)
			blockdev_watch_media(s->request->sysfs, &c->dev, true);
	}
	return 0;
}

/*
 * A host that the user named and wants to write to, and that was not unmounted properly: what was
 * last written to it may be in its journal only, the image among it.
 */
static void examine_journals(struct search *s)
{
	const struct request *rq = s->request;

	if (!rq->write || !rq->mountpoint || rq->dry_run || rq->host.kind <= HOST_USB)
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];
		_cleanup_free_ char *refusal = NULL;

		if (c->matches || !c->unclean)
			continue;
		refusal = search_write_refusal(s, c);
		if (!refusal)
			candidate_examine_replayed(c, rq);
	}
}

/* From now on what lacks devices is used without them. */
static void lose_patience(struct search *s)
{
	s->impatient = true;
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];

		/* without time, arrays are started by a patience of 0 alone */
		if ((s->request->timeout || s->request->patience == 0) && raid_start(c, s->request))
			s->until = search_now_ms() + STARTED_MS;
		c->fresh = c->fresh || (c->devices.incomplete && s->request->degraded);
	}
}

/* All devices are there that there will be. */
static int start_arrays(struct search *s)
{
	if (probe_fresh(s) < 0)
		return -EINTR;
	for (size_t i = 0; i < s->count && !pending_any(s); i++)
		raid_start(&s->list[i], s->request);
	return 0;
}

static int64_t deadline_of(const struct search *s, int64_t start)
{
	int64_t limit = s->request->timeout ? (int64_t)s->request->timeout * 1000 : ANSWERS_MS;

	/* what did not answer an earlier search is not waited for again, nor anything that is only
	 * listed */
	if (!s->request->timeout && !(s->held && pending_any(s)) &&
	    (!pending_anew(s) || s->request->dry_run))
		limit = 0;
	return MAX(start + limit, s->until);
}

/* Nothing came so far: says so, once, and returns the time of the next thing to do. */
static int64_t narrate(struct search *s, int64_t start, int64_t now, int64_t deadline)
{
	if (!s->narrated && now - start >= NARRATE_AFTER_MS) {
		s->narrated = true;
		if (s->report)
			s->report(s, (unsigned int)((deadline - now) / 1000));
	}
	return s->narrated ? deadline : MIN(deadline, start + NARRATE_AFTER_MS);
}

/* Sleeps in the kernel until an event, an answer, a signal or the deadline. 0, -ETIMEDOUT, -EINTR.
 */
static int wait_event(struct search *s, int64_t start)
{
	const int64_t patience = start + patience_of(s->request);

	for (;;) {
		int64_t now = search_now_ms(), deadline = deadline_of(s, start), until;
		bool over = now >= deadline, late = !s->impatient && now >= patience;
		int r;

		if (late && (over || !pending_lacked(s, (deadline - now) / 1000))) {
			lose_patience(s);
			return 0;
		}
		if (over)
			return -ETIMEDOUT;
		until = narrate(s, start, now, deadline);
		if (!s->impatient && !late)
			until = MIN(until, patience);
		/* one more millisecond: poll must not return just before the time */
		r = pending_poll(s, true, until - now + 1);
		if (r)
			return MIN(r, 0);
	}
}

/* 0, with *ret_winner if there is one; -EPERM. */
static int search_decide(struct search *s, const struct candidate **ret_winner, struct error **err)
{
	_cleanup_free_ char *refusal = NULL;

	*ret_winner = search_choose(s, &refusal);
	if (!*ret_winner && !refusal) {
		examine_journals(s);
		*ret_winner = search_choose(s, &refusal);
	}
	if (!*ret_winner && refusal)
		return error_make(err, EPERM, "%s", refusal);
	return 0;
}

/* One look at what is new, and the choice. */
static int search_step(struct search *s, const struct candidate **ret_winner, struct error **err)
{
	bool any = false;
	int r = examine_fresh(s, &any);

	*ret_winner = NULL;
	if (r < 0)
		return error_make(err, -r, r == -EINTR ? "interrupted" : "cannot examine disks");
	if (any)
		search_seek_swapfiles(s);
	any = any || s->held;
	s->held = pending_any(s) && search_writes_unclean(s);
	return any && !s->held ? search_decide(s, ret_winner, err) : 0;
}

int search_run(struct search *s, const struct candidate **ret_winner, struct error **err)
{
	int64_t start = search_now_ms();
	int r = scan(s, err);

	if (r == 0 && s->request->raid && s->request->patience == 0)
		r = start_arrays(s) < 0 ? error_make(err, EINTR, "interrupted") : scan(s, err);
	while (r == 0) {
		r = search_step(s, ret_winner, err);
		if (r < 0 || *ret_winner)
			return r;
		r = wait_event(s, start);
		if (r == -ETIMEDOUT) {
			pending_name(s);
			r = s->held ? search_decide(s, ret_winner, err) : 0;
			return r < 0 || *ret_winner ? r : -ENOENT;
		}
		if (r < 0)
			return error_make(err, r,
					  r == -EINTR ? "interrupted" : "cannot wait for events");
		r = drain(s, err);
	}
	return r;
}
