// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/attempt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/netfetch/kept.h"
#include "common/text.h"
#include "common/url.h"

/* Remembers why; returns 0, which stops curl. */
static size_t attempt_stop(struct attempt *a, enum verdict verdict, const char *problem)
{
	a->verdict = verdict;
	snprintf(a->problem, sizeof(a->problem), "%s", problem);
	return 0;
}

static void copy_header(struct attempt *a, const char *name, char *buf, size_t size)
{
	struct curl_header *header;

	*buf = '\0';
	if (curl_easy_header(a->transfer->curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	    strlen(header->value) < size)
		snprintf(buf, size, "%s", header->value);
}

void attempt_without_range(struct attempt *a, const char *problem)
{
	if (a->asked)
		a->transfer->rangeless = a->url;
	attempt_stop(a, a->asked ? VERDICT_AGAIN : VERDICT_FINAL, problem);
}

static bool read_http(struct attempt *a, struct version *ret)
{
	char text[VERSION_TEXT];
	long status = 0;

	curl_easy_getinfo(a->transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	copy_header(a, "ETag", ret->etag, sizeof(ret->etag));
	copy_header(a, "Last-Modified", ret->modified, sizeof(ret->modified));
	copy_header(a, "Content-Encoding", text, sizeof(text));
	if (url_is_encoded(a->url, text)) {
		attempt_stop(a, VERDICT_FINAL,
			     "it sent the file with a Content-Encoding that was not asked for");
		return false;
	}
	if (status == 200)
		return true;
	if (status != 206) {
		attempt_stop(a, VERDICT_FINAL, a->status_line);
		return false;
	}
	copy_header(a, "Content-Range", text, sizeof(text));
	if (version_parse_range(text, &a->start, &ret->size) && a->start == a->asked)
		return true;
	attempt_without_range(a, "it sent another part than the one asked for");
	return false;
}

/* Sets where the answer begins, and which version of the file it is of. False for nonsense. */
static bool read_answer(struct attempt *a, struct version *ret)
{
	curl_off_t length = -1;

	curl_easy_getinfo(a->transfer->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	ret->size = length;
	if (a->http)
		return read_http(a, ret);
	if (a->asked) {
		a->start = a->asked;
		ret->size = length < 0 ? -1 : length + (curl_off_t)a->asked;
	}
	return true;
}

/* The first bytes of an answer: is it of the file that was begun? */
static bool begin_answer(struct attempt *a)
{
	struct transfer *t = a->transfer;
	struct version seen = { .size = -1 };

	a->began = true;
	SHA256Init(&a->again);
	if (!read_answer(a, &seen))
		return false;
	a->pos = a->start;
	if (t->sink->offset == 0) {
		t->version = seen;
		kept_note(t->sink, &seen);
		progress_total(t->progress, seen.size);
		return true;
	}
	/* what comes from its beginning is compared by its hash: mirrors have validators of their
	 * own */
	if (a->start == 0)
		*seen.etag = *seen.modified = '\0';
	if (!version_same(&t->version, &seen))
		return attempt_stop(a, VERDICT_CHANGED, "");
	if (a->start > 0 && seen.size >= 0)
		t->version.size = seen.size;
	return true;
}

/* What came before comes again: a part has to be the same, from the beginning its hash has to be.
 */
static bool compare_again(struct attempt *a, const uint8_t *data, size_t len)
{
	char now[SHA256_DIGEST_STRING_LENGTH], before[SHA256_DIGEST_STRING_LENGTH];
	const struct sink *sink = a->transfer->sink;
	const uint64_t pos = a->pos;

	a->pos += len;
	if (a->start > 0)
		return sink_matches(sink, pos, data, len);
	SHA256Update(&a->again, data, len);
	if (a->pos < sink->offset)
		return true;
	SHA256End(&a->again, now);
	sink_digest(sink, before);
	return strcmp(now, before) == 0;
}

size_t attempt_body(char *data, size_t size, size_t count, void *arg)
{
	struct attempt *a = arg;
	struct sink *sink = a->transfer->sink;
	const uint8_t *bytes = (const uint8_t *)data;
	size_t left = size * count, old;
	int r;

	if (!a->began && !begin_answer(a))
		return 0;
	old = a->pos < sink->offset ? MIN(left, sink->offset - a->pos) : 0;
	if (old && !compare_again(a, bytes, old))
		return attempt_stop(a, VERDICT_CHANGED, "");
	left -= old;
	r = left ? sink_write(sink, bytes + old, left) : 0;
	if (r < 0) {
		a->write_error = -r;
		return attempt_stop(a, r == -EPIPE ? VERDICT_READER : VERDICT_OUTPUT, "");
	}
	a->pos += left;
	progress_bytes(a->transfer->progress, sink->offset);
	return size * count;
}

size_t attempt_header(char *data, size_t size, size_t count, void *arg)
{
	struct attempt *a = arg;
	int n = (int)MIN(size * count, sizeof(a->status_line) - 1);

	if (n > 5 && strncmp(data, "HTTP/", 5) == 0) {
		while (n > 0 && (data[n - 1] == '\r' || data[n - 1] == '\n' || data[n - 1] == ' '))
			n--;
		snprintf(a->status_line, sizeof(a->status_line), "%.*s", n, data);
	}
	return size * count;
}

void attempt_end(struct attempt *a)
{
	const struct transfer *t = a->transfer;
	struct version seen = { .size = -1 };

	if (!a->began && a->http && !read_answer(a, &seen))
		return;
	if (!a->began ? t->sink->offset > 0 : a->pos < t->sink->offset)
		a->verdict = VERDICT_CHANGED;
	else if (a->http && a->began && t->version.size >= 0 && a->pos < (uint64_t)t->version.size)
		attempt_stop(a, VERDICT_AGAIN, "it sent less than was asked for");
}
