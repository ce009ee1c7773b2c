/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: all candidates, waiting for new ones, and the choice. */
#ifndef APPLETS_FINDIMG_SEARCH_H
#define APPLETS_FINDIMG_SEARCH_H

#include "applets/findimg/candidate.h"
#include "applets/findimg/silent.h"

struct search {
	const struct request *request;
	struct candidate *list; /* in the order in which they are tried */
	size_t count;
	int uevents; /* descriptors; -1 when closed */
	int signals;
	/* Tells, once, when nothing was found at once, what is waited for; NULL: nobody. */
	void (*report)(const struct search *s, unsigned int seconds_left);
	bool narrated;
	bool impatient; /* what lacks devices is no longer waited for */
	bool held;	/* devices that have not answered are waited for before anything is
			   written to: search_writes_unclean() */
	bool named;	/* it was said which of them may be what something lacks */
	int64_t until;	/* not before that the search is over; by search_now_ms() */
	struct silent silent;
	struct silent before; /* of the searches before this one */
};

/* Opens the event sources; must come before everything else. SIGINT, SIGTERM and SIGHUP are held
 * back from now on. */
int search_open(struct search *s, const struct request *request, struct error **err) _must_check_;

/* Milliseconds of the monotonic clock. */
int64_t search_now_ms(void);

/* Closes and frees everything; media polling that was switched on is off again. */
void search_close(struct search *s);

/*
 * Examines what is there and, until the time is up, whatever appears or changes. *ret_winner points
 * into s->list. 0; -ENOENT: not found in time; -EPERM: found, but it must not be written to (err
 * tells why); -EINTR: a signal ended the search; other -errno. Several matches at the same moment
 * are reported by a warning.
 */
int search_run(struct search *s, const struct candidate **ret_winner,
	       struct error **err) _must_check_;

/*
 * When something unclean is to be written to: looks for hibernated Linux systems whose memory is in
 * a swap file, so that search_write_refusal() knows of them.
 */
void search_seek_swapfiles(struct search *s);

/*
 * The choice among the candidates as examined: pure. Returns the winner or NULL; *ret_refusal
 * (caller frees; may stay NULL) says why the first match cannot be written to.
 */
const struct candidate *search_choose(const struct search *s, char **ret_refusal);

/* Something that matches, or whose journal may be replayed, is to be written to and was not
 * unmounted, so that it matters whether any other disk has the memory of a hibernated Linux. */
bool search_writes_unclean(const struct search *s);

/* Why c must not be mounted for writing (caller frees); NULL: it may, or that is not wanted. */
char *search_write_refusal(const struct search *s, const struct candidate *c);

/* Devices that were asked what is on them and have not answered yet: pending.c. */
void pending_add(struct search *s, struct candidate *c);

bool pending_any(const struct search *s);

/* There are some that had answered in the searches before this one. */
bool pending_anew(const struct search *s);

/*
 * Waits until all have answered, each for a few seconds at most, and hardly for those that were
 * slow before: then a message names it, and its answer counts whenever it comes. 0, -EINTR when a
 * signal ended that, or other -errno.
 */
int pending_gather(struct search *s) _must_check_;

/*
 * Sleeps in the kernel until a device answers, with events also until one comes, for so many
 * milliseconds. 1; 0 when that time is up; -EINTR on a signal, or other -errno.
 */
int pending_poll(struct search *s, bool events, int64_t milliseconds) _must_check_;

/* Says of each why it was not found there. */
void pending_name(struct search *s);

/* Whether one of them may be what an array or a file system lacks: it is not missing. Once a
 * message says so, and that it is waited for so many more seconds. */
bool pending_lacked(struct search *s, int64_t seconds);

#endif
