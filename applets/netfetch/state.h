/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a download share: settings, how far it is, and what a request came to. */
#ifndef APPLETS_NETFETCH_STATE_H
#define APPLETS_NETFETCH_STATE_H

#include <curl/curl.h>

#include "applets/netfetch/progress.h"
#include "applets/netfetch/sink.h"
#include "applets/netfetch/version.h"
#include "applets/tls/tls.h"

struct transfer_settings {
	const char *ca;	    /* file or directory, NULL: none */
	const char *proxy;  /* NULL: the environment's */
	unsigned int stall; /* seconds without a byte after which a server counts as gone */
};

enum verdict {
	VERDICT_DONE,
	VERDICT_AGAIN,	 /* another try may get another answer */
	VERDICT_FINAL,	 /* this server will not give the file */
	VERDICT_CHANGED, /* it has another file than the one that was begun */
	VERDICT_OUTPUT,	 /* the bytes cannot be written */
	VERDICT_READER,	 /* whoever reads our output has gone */
};

/* What one request came to. reason and advice are "" when it is done. */
struct outcome {
	enum verdict verdict;
	char reason[700], advice[TLS_TEXT];
	unsigned int retry_after; /* seconds that the server asks for, 0: none */
};

struct transfer {
	CURL *curl; /* kept, with its connections */
	const struct transfer_settings *settings;
	struct sink *sink;
	struct version version; /* of what is in the sink; meaningless while that is empty */
	struct progress *progress;
	const char
		*rangeless; /* the address that answered nonsense to a range: asked for the whole */
};

#endif
