/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is fetched before anybody reads it: by a list of an earlier boot, then perhaps everything.
 */
#ifndef APPLETS_VDATTACH_HTTP_PREFETCH_H
#define APPLETS_VDATTACH_HTTP_PREFETCH_H

#include "applets/vdattach/http/cache.h"
#include "applets/vdattach/http/mirrors.h"

struct prefetch {
	struct mirrors *mirrors;
	struct cache *cache;
	const struct url_request *request;
	struct http_link link;
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t landed;
	size_t flight, flight_end; /* grains that are on their way */
	bool stop;
};

/* Starts the thread, where the request wants anything. request has to outlive it. 0 or -errno. */
int prefetch_start(struct prefetch *prefetch, const struct url_request *request,
		   struct mirrors *mirrors, struct cache *cache, struct error **err) _must_check_
	_nonnull_(1, 2, 3, 4);

/* Waits until a grain that is on its way has come; at once for any other. */
void prefetch_await(struct prefetch *prefetch, size_t grain) _nonnull_(1);

/* Ends the thread after what it is at. */
void prefetch_stop(struct prefetch *prefetch) _nonnull_(1);

#endif
