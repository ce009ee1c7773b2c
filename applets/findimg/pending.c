// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/search.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "common/msg.h"

/* Disks that sleep answer after some seconds; what a disk that is in order needs is far less. */
#define ANSWER_MS 3000

int64_t search_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void pending_add(struct candidate *c, const struct request *rq)
{
	candidate_ask(c, rq);
	c->asked = search_now_ms();
}

bool pending_any(const struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].question.pid)
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

	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].question.pid)
			left = MAX(left, s->list[i].asked + ANSWER_MS - now);
	return left;
}

static void pending_hear(struct search *s)
{
	for (size_t i = 0; i < s->count; i++)
		candidate_hear(&s->list[i], s->request);
}

static void name_slow(struct search *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];

		if (!c->question.pid || c->slow)
			continue;
		c->slow = true;
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
