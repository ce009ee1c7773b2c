// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "applets/netfetch/attempt.h"
#include "applets/netfetch/reason.h"

#define CONNECT_SECONDS 15L
#define REDIRECTIONS	10L
#define TFTP_BLOCK	1428L /* the largest that fits into a frame with options of IP */

int transfer_init(struct transfer *transfer, const struct transfer_settings *settings,
		  struct sink *sink, struct progress *progress, struct error **err)
{
	*transfer = (struct transfer){ .settings = settings, .sink = sink, .progress = progress };
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return error_make(err, EIO, "libcurl cannot be started");
	transfer->curl = curl_easy_init();
	return transfer->curl ? 0 : error_no_memory(err);
}

void transfer_release(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->curl);
	curl_global_cleanup();
}

static int note_progress(void *data, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
			 curl_off_t up)
{
	progress_idle(((struct attempt *)data)->transfer->progress);
	return 0;
}

static void set_protocols(CURL *curl, const char *url)
{
	const bool secure = strncasecmp(url, "https:", 6) == 0;

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,ftp,ftps,tftp");
	/* who asked for a verified server is not sent to one that nobody verifies */
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTIONS);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_DIGEST));
	curl_easy_setopt(curl, CURLOPT_TFTP_BLKSIZE, TFTP_BLOCK);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "netfetch/" VERSION);
}

static void set_limits(CURL *curl, const struct transfer_settings *settings)
{
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, MIN(CONNECT_SECONDS, (long)settings->stall));
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)settings->stall);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)settings->stall);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
}

static void set_trust(CURL *curl, const struct transfer_settings *settings, struct tls_check *check)
{
	struct stat st;

	if (settings->ca && stat(settings->ca, &st) == 0 && S_ISDIR(st.st_mode))
		curl_easy_setopt(curl, CURLOPT_CAPATH, settings->ca);
	else if (settings->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca);
	tls_watch(curl, check);
}

/* Asks for the rest, and a little before it. The list is the caller's. */
static struct curl_slist *set_range(struct attempt *a)
{
	const struct transfer *t = a->transfer;
	const char *validator = version_validator(&t->version);
	struct curl_slist *headers = NULL;
	char text[VERSION_TEXT + 16];

	a->asked = t->sink->offset > SINK_TAIL ? t->sink->offset - SINK_TAIL : 0;
	if (strncasecmp(a->url, "tftp:", 5) == 0 || t->rangeless == a->url)
		a->asked = 0;
	if (a->http)
		headers = curl_slist_append(NULL, "Accept-Encoding: identity");
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	if (!a->asked)
		return headers;
	snprintf(text, sizeof(text), "%llu-", (unsigned long long)a->asked);
	curl_easy_setopt(t->curl, CURLOPT_RANGE, text);
	if (a->http && validator) {
		snprintf(text, sizeof(text), "If-Range: %s", validator);
		headers = curl_slist_append(headers, text);
	}
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	return headers;
}

static void set_callbacks(struct attempt *a, char *detail)
{
	CURL *curl = a->transfer->curl;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, attempt_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, attempt_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, note_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
}

/* A server that cannot give the rest may still have the file, longer than what came or not. */
static void check_range(struct attempt *a)
{
	long status = 0;

	curl_easy_getinfo(a->transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 416 && a->asked)
		attempt_without_range(a, a->status_line);
}

void transfer_run(struct transfer *transfer, const char *url, struct outcome *ret)
{
	struct attempt a = { .transfer = transfer,
			     .url = url,
			     .http = strncasecmp(url, "http", 4) == 0 };
	char detail[CURL_ERROR_SIZE] = "";
	struct tls_check check = { 0 };
	struct curl_slist *headers;
	CURLcode code;

	*ret = (struct outcome){ .verdict = VERDICT_DONE };
	curl_easy_reset(transfer->curl);
	curl_easy_setopt(transfer->curl, CURLOPT_URL, url);
	if (transfer->settings->proxy && strncasecmp(url, "tftp:", 5) != 0)
		curl_easy_setopt(transfer->curl, CURLOPT_PROXY, transfer->settings->proxy);
	set_protocols(transfer->curl, url);
	set_limits(transfer->curl, transfer->settings);
	set_trust(transfer->curl, transfer->settings, &check);
	set_callbacks(&a, detail);
	headers = set_range(&a);
	code = curl_easy_perform(transfer->curl);
	if (code == CURLE_OK)
		attempt_end(&a);
	else if (a.verdict == VERDICT_DONE)
		check_range(&a);
	if (code != CURLE_OK || a.verdict != VERDICT_DONE)
		reason_find(&a, code, detail, &check, ret);
	curl_slist_free_all(headers);
}
