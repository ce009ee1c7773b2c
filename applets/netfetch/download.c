// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/download.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "applets/netfetch/backoff.h"
#include "applets/netfetch/kept.h"
#include "common/msg.h"
#include "common/url.h"

#define RESTARTS 3U /* so often a file may change while it is fetched */

struct mirrors {
	char *const *urls;
	size_t count, current;
	size_t round; /* tries since the last wait */
	bool *gone;   /* those that will not give the file */
	bool changed; /* one had another file than the one begun */
};

struct download {
	const struct download_settings *settings;
	struct transfer transfer;
	struct sink sink;
	struct mirrors mirrors;
	struct backoff backoff;
	unsigned int restarts;
};

/* Goes to the next server that may have the file; false when there is none. */
static bool next_mirror(struct mirrors *m)
{
	for (size_t i = 1; i <= m->count; i++) {
		const size_t at = (m->current + i) % m->count;

		if (!m->gone[at]) {
			m->current = at;
			return true;
		}
	}
	return false;
}

static size_t mirrors_left(const struct mirrors *m)
{
	size_t left = 0;

	for (size_t i = 0; i < m->count; i++)
		left += !m->gone[i];
	return left;
}

static void sleep_ms(struct progress *progress, unsigned int ms)
{
	for (; ms > 0; ms -= MIN(ms, 1000U)) {
		const unsigned int n = MIN(ms, 1000U);

		nanosleep(&(struct timespec){ n / 1000, (long)(n % 1000) * 1000000 }, NULL);
		progress_idle(progress);
	}
}

static int time_is_over(struct download *d, const char *shown, const struct outcome *last,
			struct error **err)
{
	return error_make(err, ETIMEDOUT, "%s: %s; nothing new for %u s", shown, last->reason,
			  d->settings->patience);
}

/* Waits as long as the server or the back-off says; fails when that is longer than our patience. */
static int wait_for_try(struct download *d, const char *shown, const struct outcome *last,
			struct error **err)
{
	const uint64_t silent = progress_now() - d->transfer.progress->last_byte;
	uint32_t random = 0;
	unsigned int ms;

	if (mirrors_left(&d->mirrors) > 1 && ++d->mirrors.round < mirrors_left(&d->mirrors)) {
		msg(MSG_WARNING, "%s: %s; trying the next server", shown, last->reason);
		return 0;
	}
	d->mirrors.round = 0;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint32_t)getpid() * 2654435761U;
	ms = MAX(backoff_take(&d->backoff, random), last->retry_after * 1000);
	if (last->retry_after && silent + last->retry_after > d->settings->patience)
		return error_make(err, ETIMEDOUT,
				  "%s: %s, and asks to wait %u s, longer than the limit of %u s",
				  shown, last->reason, last->retry_after, d->settings->patience);
	if (silent >= d->settings->patience)
		return time_is_over(d, shown, last, err);
	ms = (unsigned int)MIN((uint64_t)ms, (d->settings->patience - silent) * 1000);
	msg(MSG_WARNING, "%s: %s; trying again in %u.%u s", shown, last->reason, ms / 1000,
	    ms % 1000 / 100);
	sleep_ms(d->transfer.progress, ms);
	return 0;
}

/* This server will not give the file: is there another? */
static int give_up_mirror(struct download *d, const char *shown, const struct outcome *last,
			  struct error **err)
{
	d->mirrors.gone[d->mirrors.current] = true;
	d->mirrors.changed |= last->verdict == VERDICT_CHANGED;
	if (!next_mirror(&d->mirrors))
		return error_make(err, d->mirrors.changed ? ESTALE : ENOENT, "%s: %s", shown,
				  last->reason);
	msg(MSG_WARNING, "%s: %s; trying the next server", shown, last->reason);
	return 0;
}

/* Another file is there now: a file of ours begins again, what was handed on cannot. */
static int take_change(struct download *d, const char *shown, const struct outcome *last,
		       struct error **err)
{
	if (!d->settings->output || ++d->restarts > RESTARTS)
		return give_up_mirror(d, shown, last, err);
	msg(MSG_WARNING, "%s: %s; beginning again", shown, last->reason);
	return sink_restart(&d->sink, err);
}

static int after_failure(struct download *d, const struct outcome *last, struct error **err)
{
	char shown[URL_SHOWN];
	int r = 0;

	url_shown(d->mirrors.urls[d->mirrors.current], shown, sizeof(shown));
	switch (last->verdict) {
	case VERDICT_DONE:
		break;
	case VERDICT_AGAIN:
		r = wait_for_try(d, shown, last, err);
		if (r == 0)
			next_mirror(&d->mirrors);
		break;
	case VERDICT_FINAL:
		r = give_up_mirror(d, shown, last, err);
		break;
	case VERDICT_CHANGED:
		r = take_change(d, shown, last, err);
		break;
	case VERDICT_OUTPUT:
		r = error_make(err, ENOSPC, "%s: %s", shown, last->reason);
		break;
	case VERDICT_READER:
		r = error_make(err, EPIPE, "%s: %s", shown, last->reason);
		break;
	}
	return r;
}

static int prove_hash(const struct download *d, struct outcome *last, struct error **err)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];

	if (!d->settings->sha256)
		return 0;
	sink_digest(&d->sink, hex);
	if (strcasecmp(hex, d->settings->sha256) == 0)
		return 0;
	snprintf(last->reason, sizeof(last->reason), "sha256 expected %s, found %s",
		 d->settings->sha256, hex);
	snprintf(last->advice, sizeof(last->advice),
		 "put the right file on the server, or correct the checksum");
	return error_make(err, EBADMSG, "%s: %s", d->transfer.progress->what, last->reason);
}

static int run_tries(struct download *d, struct outcome *last, struct error **err)
{
	int r = 0;

	backoff_reset(&d->backoff);
	do {
		const uint64_t before = d->sink.offset;

		transfer_run(&d->transfer, d->mirrors.urls[d->mirrors.current], last);
		if (d->sink.offset > before)
			backoff_reset(&d->backoff);
		r = after_failure(d, last, err);
	} while (r == 0 && last->verdict != VERDICT_DONE);
	return r;
}

/* After a failure both can be closed. */
static int open_output(struct download *d, struct progress *progress, struct error **err)
{
	const struct download_settings *settings = d->settings;
	int r = transfer_init(&d->transfer, &settings->transfer, &d->sink, progress, err);

	if (r < 0)
		return r;
	r = sink_open(&d->sink, settings->output, settings->resume, err);
	if (r == 0 && settings->resume) {
		r = kept_load(&d->sink, &d->transfer.version, err);
		progress_total(progress, d->transfer.version.size);
	}
	return r;
}

int download(const struct download_settings *settings, char *const *urls, size_t count,
	     struct progress *progress, struct outcome *ret_last, struct error **err)
{
	_cleanup_free_ bool *gone = calloc(count, sizeof(*gone));
	struct download d = { .settings = settings, .mirrors = { .urls = urls, .count = count } };
	int r;

	if (!gone)
		return error_no_memory(err);
	d.mirrors.gone = gone;
	r = open_output(&d, progress, err);
	if (r == 0)
		r = run_tries(&d, ret_last, err);
	if (r == 0)
		r = prove_hash(&d, ret_last, err);
	if (r == 0)
		r = sink_finish(&d.sink, err);
	/* to continue these would end in the same way */
	if (r == -EBADMSG || r == -ESTALE)
		d.sink.kept = false;
	transfer_release(&d.transfer);
	sink_close(&d.sink);
	return r;
}
