// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/http/link.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/print.h"
#include "common/url.h"

enum {
	CONNECT_SECONDS = 10,
	STALL_SECONDS = 15, /* a server that sends nothing for so long is tried again */
	REDIRECTIONS = 5,
};

enum { HTTP_PARTIAL = 206, HTTP_OK = 200, HTTP_RANGE = 416, HTTP_TIMEOUT = 408, HTTP_MANY = 429 };

static void take_text(char *ret, size_t size, const char *value, size_t n)
{
	while (n > 0 && isspace((unsigned char)value[n - 1]))
		n--;
	if (n >= size)
		n = 0;
	memcpy(ret, value, n);
	ret[n] = '\0';
}

/* "bytes 0-99/1234", of status 416 with * for the range */
static void take_range(struct http_link *link, const char *value, size_t n)
{
	char text[80];
	uint64_t start, end, size;

	take_text(text, sizeof(text), value, n);
	if (sscanf(text, "bytes */%" SCNu64, &size) == 1)
		link->found.size = size;
	if (sscanf(text, "bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64, &start, &end, &size) != 3)
		return;
	link->start = start;
	link->found.size = size;
}

/* value of the header called name, or NULL */
static const char *header_value(const char *line, size_t n, const char *name)
{
	size_t length = strlen(name);

	if (n < length || strncasecmp(line, name, length) != 0)
		return NULL;
	while (length < n && isspace((unsigned char)line[length]))
		length++;
	return line + length;
}

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_link *link = arg;
	const char *value;

	/* of each answer, as those of redirections */
	if (n > 5 && strncmp(line, "HTTP/", 5) == 0) {
		memset(&link->found, 0, sizeof(link->found));
		link->start = UINT64_MAX;
		*link->coding = '\0';
	}
	if ((value = header_value(line, n, "content-range:")))
		take_range(link, value, n - (size_t)(value - line));
	else if ((value = header_value(line, n, "etag:")) && *value == '"')
		take_text(link->found.etag, LINK_ETAG_MAX, value, n - (size_t)(value - line));
	else if ((value = header_value(line, n, "last-modified:")))
		take_text(link->found.date, LINK_DATE_MAX, value, n - (size_t)(value - line));
	else if ((value = header_value(line, n, "content-encoding:")))
		take_text(link->coding, sizeof(link->coding), value, n - (size_t)(value - line));
	return size * n;
}

/* What is no part, or more than was asked for, ends the transfer. */
static size_t take_data(char *data, size_t size, size_t n, void *arg)
{
	struct http_link *link = arg;

	if (link->status == 0)
		curl_easy_getinfo(link->easy, CURLINFO_RESPONSE_CODE, &link->status);
	if (link->status != HTTP_PARTIAL || n > link->want - link->have)
		return 0;
	memcpy(link->to + link->have, data, n);
	link->have += n;
	return size * n;
}

static struct curl_slist *resolve_list(const char *text)
{
	struct curl_slist *list = NULL;
	char *copy = strdup(text), *rest = NULL;

	for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; word;
	     word = strtok_r(NULL, " ", &rest)) {
		struct curl_slist *more = curl_slist_append(list, word);

		list = more ? more : list;
	}
	free(copy);
	return list;
}

int link_open(struct http_link *link, const struct url_request *request, struct error **err)
{
	CURL *easy = curl_easy_init();

	memset(link, 0, sizeof(*link));
	if (!easy)
		return error_no_memory(err);
	link->easy = easy;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTIONS);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mkvinitrd/" VERSION);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, link->why);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, link);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, link);
	tls_watch(easy, &link->certificate);
	if (request->authority)
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->authority);
	if (request->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy);
	if (request->resolve)
		link->resolve = resolve_list(request->resolve);
	if (link->resolve)
		curl_easy_setopt(easy, CURLOPT_RESOLVE, link->resolve);
	return 0;
}

void link_close(struct http_link *link)
{
	if (link->easy)
		curl_easy_cleanup(link->easy);
	curl_slist_free_all(link->resolve);
	memset(link, 0, sizeof(*link));
}

/* RFC 9110: a strong ETag, else the date */
static const char *identity_text(const struct file_identity *file)
{
	return *file->etag ? file->etag : file->date;
}

/* Without a word about it any coding would be welcome. */
static struct curl_slist *make_headers(const struct file_identity *expected)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
	char line[LINK_ETAG_MAX + 16];

	if (!expected || !*identity_text(expected))
		return headers;
	snprintf(line, sizeof(line), "If-Range: %s", identity_text(expected));
	return curl_slist_append(headers, line);
}

static bool is_same_file(const struct file_identity *expected, const struct file_identity *found)
{
	return expected->size == found->size && strcmp(expected->etag, found->etag) == 0 &&
	       strcmp(expected->date, found->date) == 0;
}

/* Text of a server, for the console. */
static void keep_reason(struct http_link *link, const char *text)
{
	char copy[sizeof(link->why)];

	snprintf(copy, sizeof(copy), "%s", text);
	print_to_buffer(link->why, sizeof(link->why), copy);
}

static int judge_failure(struct http_link *link, CURLcode code)
{
	keep_reason(link, *link->certificate.reason ? link->certificate.reason
			  : *link->why		    ? link->why
						    : curl_easy_strerror(code));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
	    code == CURLE_SSL_ISSUER_ERROR)
		return -EKEYREJECTED;
	return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EAGAIN;
}

/*
 * The whole file: that is what is sent when it was replaced, by servers without ranges, and by a
 * cache that has to fetch it first, which will have ranges later.
 */
static int judge_whole(struct http_link *link, const struct file_identity *expected)
{
	curl_off_t size = -1;

	curl_easy_getinfo(link->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	link->found.size = size < 0 ? 0 : (uint64_t)size;
	if (expected && !(is_same_file(expected, &link->found) && *identity_text(expected))) {
		snprintf(link->why, sizeof(link->why), "the file was replaced");
		return -ESTALE;
	}
	snprintf(link->why, sizeof(link->why), "it does not answer requests for ranges");
	return expected ? -EAGAIN : -EOPNOTSUPP;
}

static int judge_status(struct http_link *link, CURLcode code, const struct file_identity *expected)
{
	if (link->status == HTTP_OK)
		return judge_whole(link, expected);
	if (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL)
		return judge_failure(link, code);
	snprintf(link->why, sizeof(link->why), "it answered with status %ld", link->status);
	if (link->status == HTTP_RANGE && expected)
		return expected->size == link->found.size ? -EAGAIN : -ESTALE;
	if (link->status == HTTP_RANGE)
		return -ENODATA;
	if (link->status == HTTP_TIMEOUT || link->status == HTTP_MANY || link->status < 400 ||
	    link->status >= 500)
		return -EAGAIN;
	return -ENOENT;
}

static int judge_part(struct http_link *link, const char *url, const struct file_identity *expected,
		      uint64_t offset)
{
	if (url_is_encoded(url, link->coding)) {
		snprintf(link->why, sizeof(link->why),
			 "it sent a part with a Content-Encoding that was not asked for");
		return -EAGAIN;
	}
	if (link->start != offset) {
		snprintf(link->why, sizeof(link->why), "%s",
			 link->start == UINT64_MAX ? "it did not say which range it sent"
						   : "it answered with another range");
		return -EAGAIN;
	}
	if (expected && !is_same_file(expected, &link->found)) {
		snprintf(link->why, sizeof(link->why), "the file was replaced");
		return -ESTALE;
	}
	if (link->have == link->want || (!expected && link->have == link->found.size - offset))
		return 0;
	snprintf(link->why, sizeof(link->why), "the answer was cut off");
	return -EAGAIN;
}

int link_read(struct http_link *link, const char *url, const struct file_identity *expected,
	      void *buf, size_t n, uint64_t offset)
{
	struct curl_slist *headers = make_headers(expected);
	char range[48];
	CURLcode code;

	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, offset, offset + n - 1);
	link->to = buf;
	link->want = n;
	link->have = 0;
	link->status = 0;
	*link->why = *link->certificate.reason = '\0';
	curl_easy_setopt(link->easy, CURLOPT_URL, url);
	curl_easy_setopt(link->easy, CURLOPT_RANGE, range);
	curl_easy_setopt(link->easy, CURLOPT_HTTPHEADER, headers);
	/* who asked for a verified server is not sent to one that nobody verifies */
	curl_easy_setopt(link->easy, CURLOPT_REDIR_PROTOCOLS_STR,
			 strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https");
	code = curl_easy_perform(link->easy);
	curl_slist_free_all(headers);
	link->status = 0;
	curl_easy_getinfo(link->easy, CURLINFO_RESPONSE_CODE, &link->status);
	if (link->status && link->status != HTTP_PARTIAL)
		return judge_status(link, code, expected);
	if (code != CURLE_OK)
		return judge_failure(link, code);
	return judge_part(link, url, expected, offset);
}
