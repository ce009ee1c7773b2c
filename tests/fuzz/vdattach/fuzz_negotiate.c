// SPDX-License-Identifier: GPL-2.0-or-later
/* What an NBD server says before the first request; what a person writes as its address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/vdattach/nbd/negotiate.h"

static void read_address(const uint8_t *data, size_t size)
{
	char text[2048] = "nbd://", printed[NBD_URI_MAX], again[NBD_URI_MAX];
	size_t n = MIN(size, sizeof(text) - 8);
	struct nbd_uri uri;

	memcpy(text + 6, data, n);
	if (nbd_uri_parse(text, &uri, NULL) < 0)
		return;
	/* what was understood is written so that it is understood again, and the same */
	nbd_uri_print(&uri, printed, sizeof(printed));
	if (nbd_uri_parse(printed, &uri, NULL) < 0)
		abort();
	nbd_uri_print(&uri, again, sizeof(again));
	if (strcmp(printed, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_error_ struct error *err = NULL;
	struct nbd_export export;
	int fds[2];

	read_address(data, size);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		abort();
	if (send(fds[1], data, MIN(size, (size_t)65536), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && size)
		abort();
	shutdown(fds[1], SHUT_WR);
	if (nbd_negotiate(fds[0], 1, "export", &export, &err) == 0 &&
	    (export.sector == 0 || export.max < export.sector))
		abort();
	close(fds[0]);
	close(fds[1]);
	return 0;
}
