// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/http/mirrors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/msg.h"
#include "common/print.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_LAST_MS = 8000, TELL_AFTER_ROUNDS = 2 };

int mirrors_init(struct mirrors *mirrors, const struct url_request *request, struct error **err)
{
	char *rest = NULL;

	memset(mirrors, 0, sizeof(*mirrors));
	mirrors->text = strdup(request->urls);
	if (!mirrors->text)
		return error_no_memory(err);
	for (char *url = strtok_r(mirrors->text, "|", &rest); url;
	     url = strtok_r(NULL, "|", &rest)) {
		if (mirrors->n == MIRRORS_MAX || !source_is_url(url)) {
			free(mirrors->text);
			return error_make(err, EINVAL,
					  "expected up to %u addresses http:// or https:// with | "
					  "between",
					  MIRRORS_MAX);
		}
		mirrors->urls[mirrors->n++] = url;
	}
	mirrors->patience = request->patience;
	mirrors->serves = request->serves;
	pthread_mutex_init(&mirrors->lock, NULL);
	return 0;
}

void mirrors_release(struct mirrors *mirrors)
{
	pthread_mutex_destroy(&mirrors->lock);
	free(mirrors->text);
}

void url_for_people(const char *url, char *ret, size_t size)
{
	const char *host = strstr(url, "://");
	size_t n = host ? strcspn(host + 3, "/") : 0;
	const char *at = host ? memrchr(host + 3, '@', n) : NULL;
	char copy[1024];

	if (at)
		snprintf(copy, sizeof(copy), "%.*s%s", (int)(host + 3 - url), url, at + 1);
	else
		snprintf(copy, sizeof(copy), "%s", url);
	print_to_buffer(ret, size, copy);
}

static void identify(const struct file_identity *file, char *ret)
{
	snprintf(ret, URL_IDENTITY_MAX, "%s", *file->etag ? file->etag : file->date);
}

/* A mirror has other dates and tags; with verity its content is proven, else its date has to be the
 * same. */
static bool is_copy(const struct mirrors *mirrors, const struct file_identity *file)
{
	if (file->size != mirrors->size)
		return false;
	for (size_t i = 0; i < mirrors->n; i++) {
		const struct file_identity *other = &mirrors->files[i];

		if (other->size && *other->date && strcmp(other->date, file->date) == 0)
			return true;
	}
	return false;
}

static int ask_one(struct mirrors *mirrors, struct http_link *link, size_t i, const char *identity,
		   void *buf, size_t n)
{
	char found[URL_IDENTITY_MAX];
	int r = link_read(link, mirrors->urls[i], NULL, buf, n, 0);

	if (r < 0)
		return r;
	identify(&link->found, found);
	if (identity && strcmp(identity, found) != 0) {
		snprintf(link->why, sizeof(link->why), "the file was replaced");
		return -ESTALE;
	}
	mirrors->files[i] = link->found;
	mirrors->size = link->found.size;
	mirrors->current = i;
	memcpy(mirrors->identity, found, sizeof(found));
	return 0;
}

static int report_failure(const struct mirrors *mirrors, const struct http_link *link, size_t i,
			  int r, struct error **err)
{
	char url[1100];

	url_for_people(mirrors->urls[i], url, sizeof(url));
	return error_make(err, r == -EAGAIN ? EIO : r, "%s: %s", url, link->why);
}

int mirrors_ask(struct mirrors *mirrors, struct http_link *link, const char *identity, void *buf,
		size_t n, struct error **err)
{
	int r = -ENOENT;

	for (size_t i = 0; i < mirrors->n; i++) {
		r = ask_one(mirrors, link, i, identity, buf, n);
		if (r == 0) {
			error_release(err);
			return 0;
		}
		r = report_failure(mirrors, link, i, r, err);
	}
	return r;
}

/* A mirror that was not asked yet tells first what it has. */
static int read_from(struct mirrors *mirrors, struct http_link *link, size_t i, void *buf, size_t n,
		     uint64_t offset)
{
	struct file_identity known;
	uint8_t byte;
	int r = 0;

	pthread_mutex_lock(&mirrors->lock);
	known = mirrors->files[i];
	pthread_mutex_unlock(&mirrors->lock);
	if (!known.size) {
		r = link_read(link, mirrors->urls[i], NULL, &byte, 1, 0);
		known = link->found;
		if (r == 0 && !is_copy(mirrors, &known)) {
			snprintf(link->why, sizeof(link->why), "it has another file");
			return -ESTALE;
		}
	}
	if (r == 0)
		r = link_read(link, mirrors->urls[i], &known, buf, n, offset);
	if (r < 0)
		return r;
	pthread_mutex_lock(&mirrors->lock);
	mirrors->files[i] = known;
	mirrors->current = i;
	pthread_mutex_unlock(&mirrors->lock);
	return 0;
}

/* All of them once, the one that answered last first. -ESTALE only when none has the file any more.
 */
static int read_round(struct mirrors *mirrors, struct http_link *link, void *buf, size_t n,
		      uint64_t offset, struct error **err)
{
	size_t first = __atomic_load_n(&mirrors->current, __ATOMIC_RELAXED);
	bool all_replaced = true;
	int r;

	for (size_t k = 0; k < mirrors->n; k++) {
		size_t i = (first + k) % mirrors->n;

		if (mirrors->replaced[i])
			continue;
		r = read_from(mirrors, link, i, buf, n, offset);
		if (r == 0)
			return 0;
		report_failure(mirrors, link, i, r, err);
		if (r == -ESTALE)
			mirrors->replaced[i] = true;
		else
			all_replaced = false;
	}
	if (!all_replaced)
		return -EAGAIN;
	if (err && !*err)
		error_make(err, ESTALE, "the file was replaced on the server");
	return -ESTALE;
}

/* A half to the whole of ms, so that a lab full of machines does not ask at once. */
static void pause_about(unsigned int ms)
{
	uint32_t noise = 0;
	struct timespec pause;

	(void)!getrandom(&noise, sizeof(noise), GRND_NONBLOCK);
	ms = ms / 2 + noise % (ms / 2 + 1);
	pause.tv_sec = ms / 1000;
	pause.tv_nsec = (long)(ms % 1000) * 1000000L;
	nanosleep(&pause, NULL);
}

/* True for the first who says so. */
static bool mark_away(struct mirrors *mirrors, bool away)
{
	bool before;

	pthread_mutex_lock(&mirrors->lock);
	before = mirrors->away;
	mirrors->away = away;
	pthread_mutex_unlock(&mirrors->lock);
	return before != away;
}

static int64_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

int mirrors_read(struct mirrors *mirrors, struct http_link *link, void *buf, size_t n,
		 uint64_t offset, struct error **err)
{
	const int64_t begin = now_seconds();
	unsigned int pause = PAUSE_FIRST_MS, rounds = 0;

	for (;;) {
		_cleanup_error_ struct error *why = NULL;
		int r = read_round(mirrors, link, buf, n, offset, &why);

		if (r == 0) {
			if (mark_away(mirrors, false))
				msg(MSG_WARNING, "the server of the root answers again");
			return 0;
		}
		if (r == -ESTALE)
			return error_move(err, steal_ptr(&why));
		if (mirrors->patience && now_seconds() - begin >= mirrors->patience) {
			error_move(err, steal_ptr(&why));
			return -EIO;
		}
		if (++rounds == TELL_AFTER_ROUNDS && mirrors->serves && mark_away(mirrors, true))
			msg(MSG_WARNING, "%s; I/O is suspended until the server answers",
			    error_msg(why));
		pause_about(pause);
		pause = MIN(pause * 2, (unsigned int)PAUSE_LAST_MS);
	}
}
