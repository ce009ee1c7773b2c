// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/tls/tls.h"

#include <arpa/inet.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "common/text.h"
#include "common/url.h"

/* A clock before this was never set: this program is younger. */
#define OLDEST_CLOCK 1767225600 /* 2026-01-01 */

/* Context tags of GeneralName (RFC 5280, 4.2.1.6) */
enum { NAME_DNS = 2, NAME_ADDRESS = 7 };

static void tls_date(const mbedtls_x509_time *time, char *buf, size_t size)
{
	snprintf(buf, size, "%04d-%02d-%02d", time->year, time->mon, time->day);
}

static void explain_time(struct tls_check *check, bool expired, const struct tls_facts *facts,
			 time_t now)
{
	char clock[32] = "an impossible time";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M UTC", &tm);
	if (expired && now >= OLDEST_CLOCK)
		snprintf(check->reason, sizeof(check->reason),
			 "the certificate of '%s' expired on %s; this machine's clock says %s",
			 facts->subject, facts->to, clock);
	else
		snprintf(check->reason, sizeof(check->reason),
			 "the certificate of '%s' is valid from %s to %s, and this machine's clock "
			 "says %s",
			 facts->subject, facts->from, facts->to, clock);
	if (now < OLDEST_CLOCK || !expired)
		snprintf(check->advice, sizeof(check->advice),
			 "set this machine's clock (firmware setup; an empty battery loses the "
			 "time)");
	else
		snprintf(check->advice, sizeof(check->advice), "renew the server's certificate");
}

void tls_explain(struct tls_check *check, uint32_t flags, const struct tls_facts *facts, time_t now)
{
	if (flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) {
		explain_time(check, flags & MBEDTLS_X509_BADCERT_EXPIRED, facts, now);
	} else if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) {
		snprintf(check->reason, sizeof(check->reason),
			 "unknown issuer: the certificate of '%s' was issued by '%s', which is "
			 "none of the trusted ones",
			 facts->subject, facts->issuer);
		snprintf(check->advice, sizeof(check->advice),
			 "add the issuer's certificate to the profile: certificate FILE, or "
			 "include tls for public ones");
	} else if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) {
		snprintf(check->reason, sizeof(check->reason),
			 "wrong name: the certificate of '%s' is for %s, not for '%s'",
			 facts->subject, *facts->names ? facts->names : "no name", facts->host);
		snprintf(check->advice, sizeof(check->advice),
			 "use the name of the certificate in the address, or a certificate with "
			 "this name");
	} else {
		snprintf(check->reason, sizeof(check->reason),
			 "the certificate of '%s' is not acceptable (0x%x: key, hash or use)",
			 facts->subject, (unsigned int)flags);
		snprintf(check->advice, sizeof(check->advice),
			 "give the server a certificate for servers, with SHA-256 and a key that "
			 "is long enough");
	}
}

/* mbed TLS 2.28 compares only names. True if the certificate has host, a number, as an address. */
static bool has_address(const mbedtls_x509_crt *crt, const char *host)
{
	unsigned char address[16];
	size_t len = 4;

	if (inet_pton(AF_INET, host, address) != 1) {
		len = 16;
		if (inet_pton(AF_INET6, host, address) != 1)
			return false;
	}
	for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s && s->buf.p; s = s->next)
		if ((s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK) == NAME_ADDRESS &&
		    s->buf.len == len && memcmp(s->buf.p, address, len) == 0)
			return true;
	return false;
}

static void list_names(const mbedtls_x509_crt *crt, char *buf, size_t size)
{
	char number[INET6_ADDRSTRLEN];
	size_t used = 0;

	*buf = '\0';
	for (const mbedtls_x509_sequence *s = &crt->subject_alt_names;
	     s && s->buf.p && used + 1 < size; s = s->next) {
		const int kind = s->buf.tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
		const char *comma = used ? ", " : "";
		int n = 0;

		if (kind == NAME_DNS)
			n = snprintf(buf + used, size - used, "%s%.*s", comma, (int)s->buf.len,
				     (const char *)s->buf.p);
		else if (kind == NAME_ADDRESS && (s->buf.len == 4 || s->buf.len == 16) &&
			 inet_ntop(s->buf.len == 4 ? AF_INET : AF_INET6, s->buf.p, number,
				   sizeof(number)))
			n = snprintf(buf + used, size - used, "%s%s", comma, number);
		used += n > 0 ? (size_t)n : 0;
	}
}

static int look_at_certificate(void *data, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
	struct tls_check *check = data;
	char subject[128] = "?", issuer[128] = "?", names[200], from[16], to[16], host[256] = "";
	const struct tls_facts facts = { host, subject, issuer, names, from, to };
	char *url = NULL; /* after redirections */

	if (curl_easy_getinfo(check->curl, CURLINFO_EFFECTIVE_URL, &url) == CURLE_OK && url)
		url_host(url, host, sizeof(host));
	if (depth == 0 && (*flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) && has_address(crt, host))
		*flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH;
	if (!*flags || *check->reason)
		return 0;
	mbedtls_x509_dn_gets(subject, sizeof(subject), &crt->subject);
	mbedtls_x509_dn_gets(issuer, sizeof(issuer), &crt->issuer);
	list_names(crt, names, sizeof(names));
	tls_date(&crt->valid_from, from, sizeof(from));
	tls_date(&crt->valid_to, to, sizeof(to));
	tls_explain(check, *flags, &facts, time(NULL));
	return 0;
}

static CURLcode set_up_context(CURL *curl, void *config, void *data)
{
	mbedtls_ssl_conf_verify(config, look_at_certificate, data);
	return CURLE_OK;
}

CURLcode tls_watch(CURL *curl, struct tls_check *check)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	if (!info->ssl_version || !has_prefix(info->ssl_version, "mbedTLS"))
		return CURLE_OK;
	check->curl = curl;
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, check);
	return curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, set_up_context);
}
