// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/reason.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "common/url.h"

bool reason_is_final(long status)
{
	return (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429) ||
	       status == 501 || status == 505;
}

static const char *advice_of_status(long status)
{
	if (status == 404 || status == 410)
		return "correct the address: the server has no such file";
	if (status == 401 || status == 403 || status == 407)
		return "let the server give the file to this machine, or put user and password "
		       "into the address";
	if (status == 416)
		return "fetch again: the file on the server is another one now";
	if (status >= 500)
		return "look at the log of the server";
	return "look at the server and its log";
}

/* What libcurl's codes mean here; all others may pass with time. */
static const struct {
	CURLcode code;
	bool final;
	const char *advice;
} kinds[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, false,
	  "is the name right, and is there a name server? (nameserver=, or the number of the "
	  "server)" },
	{ CURLE_COULDNT_RESOLVE_PROXY, false, "is the name of the proxy right? (proxy=)" },
	{ CURLE_COULDNT_CONNECT, false,
	  "does the server run, and is there a route to it? (ip route)" },
	{ CURLE_OPERATION_TIMEDOUT, false,
	  "does the server run, and is there a route to it? (ip route)" },
	{ CURLE_UNSUPPORTED_PROTOCOL, true, "use http, https, ftp or tftp" },
	{ CURLE_URL_MALFORMAT, true, "correct the address" },
	{ CURLE_TOO_MANY_REDIRECTS, true, "correct the redirections of the server" },
	{ CURLE_REMOTE_FILE_NOT_FOUND, true, "correct the address: the server has no such file" },
	{ CURLE_TFTP_NOTFOUND, true, "correct the address: the server has no such file" },
	{ CURLE_REMOTE_ACCESS_DENIED, true, "let the server give the file to this machine" },
	{ CURLE_TFTP_PERM, true, "let the server give the file to this machine" },
	{ CURLE_LOGIN_DENIED, true, "correct user and password in the address" },
	{ CURLE_SSL_CACERT_BADFILE, true,
	  "correct the certificates: certificate FILE in the profile" },
	{ CURLE_SSL_CONNECT_ERROR, false, "does the server speak TLS 1.2 on this port?" },
	{ CURLE_PEER_FAILED_VERIFICATION, true, "look at the certificate of the server" },
};

/* What speaks there is no web server. */
static bool is_other_protocol(CURLcode code, const char *detail)
{
	return code == CURLE_WEIRD_SERVER_REPLY ||
	       (code == CURLE_UNSUPPORTED_PROTOCOL && strstr(detail, "HTTP/0.9"));
}

static void find_kind(CURLcode code, struct outcome *ret)
{
	ret->verdict = VERDICT_AGAIN;
	snprintf(ret->advice, sizeof(ret->advice), "look at the server and its log");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].code == code) {
			ret->verdict = kinds[i].final ? VERDICT_FINAL : VERDICT_AGAIN;
			snprintf(ret->advice, sizeof(ret->advice), "%s", kinds[i].advice);
		}
}

static void name_server(const struct attempt *attempt, char *buf, size_t size)
{
	char *address = NULL, *effective = NULL, name[200];

	curl_easy_getinfo(attempt->transfer->curl, CURLINFO_PRIMARY_IP, &address);
	curl_easy_getinfo(attempt->transfer->curl, CURLINFO_EFFECTIVE_URL, &effective);
	url_server(effective ? effective : attempt->url, name, sizeof(name));
	if (address && *address && !strstr(name, address))
		snprintf(buf, size, "%s (%s)", name, address);
	else
		snprintf(buf, size, "%s", name);
}

/* What we stopped ourselves */
static void find_stop(const struct attempt *attempt, const char *server, struct outcome *ret)
{
	ret->verdict = attempt->verdict;
	if (attempt->verdict == VERDICT_CHANGED) {
		snprintf(ret->reason, sizeof(ret->reason),
			 "the server %s has another file now than the one of which %llu bytes came",
			 server, (unsigned long long)attempt->transfer->sink->offset);
		snprintf(ret->advice, sizeof(ret->advice),
			 "boot again; a new version should have a new name");
	} else if (attempt->verdict == VERDICT_OUTPUT) {
		snprintf(ret->reason, sizeof(ret->reason), "cannot write what came: %s",
			 strerror(attempt->write_error));
		snprintf(ret->advice, sizeof(ret->advice), "make room for the file");
	} else if (attempt->verdict == VERDICT_READER) {
		snprintf(ret->reason, sizeof(ret->reason), "whoever reads the file has ended");
		snprintf(ret->advice, sizeof(ret->advice), "see its messages");
	} else {
		snprintf(ret->reason, sizeof(ret->reason), "the server %s answered nonsense: %s",
			 server, attempt->problem);
		snprintf(ret->advice, sizeof(ret->advice),
			 "look at the server, or at a proxy before it");
	}
}

/* libcurl counts bytes in its words. */
static const char *plain_detail(const struct attempt *attempt, CURLcode code, const char *detail,
				char *buf, size_t size)
{
	if (code != CURLE_OPERATION_TIMEDOUT || !has_prefix(detail, "Operation too slow"))
		return *detail ? detail : curl_easy_strerror(code);
	snprintf(buf, size, "sent nothing for %u s", attempt->transfer->settings->stall);
	return buf;
}

void reason_find(const struct attempt *attempt, CURLcode code, const char *detail,
		 const struct tls_check *check, struct outcome *ret)
{
	char server[256], plain[64];
	long status = 0;
	curl_off_t wait = 0;

	curl_easy_getinfo(attempt->transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(attempt->transfer->curl, CURLINFO_RETRY_AFTER, &wait);
	name_server(attempt, server, sizeof(server));
	if (attempt->verdict != VERDICT_DONE) {
		find_stop(attempt, server, ret);
	} else if (code == CURLE_HTTP_RETURNED_ERROR) {
		ret->verdict = reason_is_final(status) ? VERDICT_FINAL : VERDICT_AGAIN;
		ret->retry_after = wait > 0 ? (unsigned int)MIN(wait, 86400) : 0;
		snprintf(ret->reason, sizeof(ret->reason), "the server %s answered: %s", server,
			 attempt->status_line);
		snprintf(ret->advice, sizeof(ret->advice), "%s", advice_of_status(status));
	} else {
		find_kind(code, ret);
		if (is_other_protocol(code, detail))
			snprintf(ret->advice, sizeof(ret->advice),
				 "does a web server listen on this port?");
		if (*check->reason)
			snprintf(ret->advice, sizeof(ret->advice), "%s", check->advice);
		snprintf(ret->reason, sizeof(ret->reason), "the server %s: %s", server,
			 *check->reason
				 ? check->reason
				 : plain_detail(attempt, code, detail, plain, sizeof(plain)));
	}
}
