/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file from whichever of its servers has it, with as many tries as the time allows. */
#ifndef APPLETS_NETFETCH_DOWNLOAD_H
#define APPLETS_NETFETCH_DOWNLOAD_H

#include "applets/netfetch/transfer.h"

struct download_settings {
	struct transfer_settings transfer;
	const char *output;    /* NULL: standard output */
	bool resume;	       /* what another netfetch has left of output, and leave that */
	const char *sha256;    /* what the file has to have, NULL: anything */
	unsigned int patience; /* seconds without anything new after which the download fails */
};

/*
 * urls: count addresses of the same file, in the order in which they are asked. The progress has
 * been started. 0 with the file complete; -errno with last saying why not (its advice too): -ESTALE
 * it changed, -EBADMSG another hash, -EPIPE the reader has gone, -ENOSPC or the like it cannot be
 * written, -ENOENT no server has it, -ETIMEDOUT the time is over.
 */
int download(const struct download_settings *settings, char *const *urls, size_t count,
	     struct progress *progress, struct outcome *ret_last, struct error **err) _must_check_;

#endif
