// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/search.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "applets/findimg/raid.h"
#include "common/msg.h"

/* Disks that sleep answer after some seconds; what a disk that is in order needs is far less. */
#define ANSWER_MS 3000
/* One that was slow before may answer at once by now. */
#define KNOWN_MS 500

int64_t search_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void pending_add(struct search *s, struct candidate *c)
{
	candidate_ask(c, s->request);
	c->asked = search_now_ms();
	c->slow = c->known = silent_has(&s->before, c->dev.path);
}

bool pending_any(const struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].question.pid)
			return true;
	return false;
}

bool pending_anew(const struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].question.pid && !s->list[i].known)
			return true;
	return false;
}

int pending_poll(struct search *s, bool events, int64_t milliseconds)
{
	_cleanup_free_ struct pollfd *p = calloc(s->count + 2, sizeof(*p));
	int n;

	if (!p)
		return -ENOMEM;
	p[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = events ? s->uevents : -1, .events = POLLIN };
	for (size_t i = 0; i < s->count; i++)
		p[i + 2] = (struct pollfd){ .fd = s->list[i].question.pid ? s->list[i].question.fd
									  : -1,
					    .events = POLLIN };
	n = poll(p, s->count + 2, (int)milliseconds);
	if (n < 0 && errno != EINTR)
		return -errno;
	return p[0].revents ? -EINTR : n > 0;
}

/* Milliseconds until the last of them is slow; 0: none is waited for. */
static int64_t time_left(const struct search *s)
{
	int64_t left = 0, now = search_now_ms();

	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];

		if (c->question.pid && (c->known || !c->slow))
			left = MAX(left, c->asked + (c->known ? KNOWN_MS : ANSWER_MS) - now);
	}
	return left;
}

static void pending_hear(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];
		bool asked = c->question.pid;

		candidate_hear(c, s->request);
		if (asked && !c->question.pid)
			silent_remove(&s->silent, c->dev.path);
	}
}

static void name_slow(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];

		if (!c->question.pid || c->slow)
			continue;
		c->slow = true;
		if (silent_add(&s->silent, c->dev.path) < 0)
			msg(MSG_DEBUG, "%s: out of memory", c->dev.path);
		msg(MSG_WARNING,
		    "'%s' has not answered for %d s: the search continues without waiting for it",
		    c->dev.path, ANSWER_MS / 1000);
	}
}

int pending_gather(struct search *s)
{
	int64_t left;

	pending_hear(s);
	while ((left = time_left(s)) > 0) {
		int r = pending_poll(s, false, left);

		if (r < 0)
			return r;
		pending_hear(s);
	}
	name_slow(s);
	return 0;
}

void pending_name(struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].question.pid)
			candidate_no(&s->list[i], "has not answered for %d s",
				     (int)((search_now_ms() - s->list[i].asked) / 1000));
}

static void list_pending(const struct search *s, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < s->count && used < size; i++)
		if (s->list[i].question.pid)
			used += (size_t)snprintf(text + used, size - used, "%s'%s'",
						 used ? ", " : "", s->list[i].dev.path);
}

/* What lacks devices, by its path in text. */
static bool find_lacking(const struct search *s, char *text, size_t size)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];

		if (raid_lacks(c, s->request, text, size))
			return true;
		if (c->devices.incomplete && s->request->degraded) {
			snprintf(text, size, "%s", c->dev.path);
			return true;
		}
	}
	return false;
}

bool pending_lacked(struct search *s, int64_t seconds)
{
	char lacking[80], silent[300];

	if (!pending_any(s))
		return false;
	if (s->named || !find_lacking(s, lacking, sizeof(lacking)))
		return true;
	s->named = true;
	list_pending(s, silent, sizeof(silent));
	msg(MSG_WARNING,
	    "'%s' lacks disks: %d more seconds are waited for what has not answered: %s", lacking,
	    (int)seconds, silent);
	return true;
}
