/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file on several web servers: who answers is asked, and asked again until somebody does. */
#ifndef APPLETS_VDATTACH_HTTP_MIRRORS_H
#define APPLETS_VDATTACH_HTTP_MIRRORS_H

#include <pthread.h>

#include "applets/vdattach/http/link.h"

#define MIRRORS_MAX 8u

struct mirrors {
	char *text; /* the addresses, cut apart; owned */
	const char *urls[MIRRORS_MAX];
	struct file_identity files[MIRRORS_MAX]; /* size 0: not asked yet */
	bool replaced[MIRRORS_MAX];		 /* has another file now */
	size_t n;
	uint64_t size;
	char identity[URL_IDENTITY_MAX];
	unsigned int patience;
	bool serves;
	/* of all links */
	pthread_mutex_t lock;
	size_t current;
	bool away; /* told that nobody answers */
};

/* urls: with '|' between. 0, -EINVAL or -ENOMEM. */
int mirrors_init(struct mirrors *mirrors, const struct url_request *request,
		 struct error **err) _must_check_ _nonnull_(1, 2);

void mirrors_release(struct mirrors *mirrors) _nonnull_(1);

/* The address without the password that it may have, for messages. */
void url_for_people(const char *url, char *ret, size_t size) _nonnull_(1, 2);

/*
 * Asks the servers, each once, for the file: size and identity are set, buf has its first n bytes
 * (or all). identity: what it must be, or NULL. 0, or the failure of the one that came nearest.
 */
int mirrors_ask(struct mirrors *mirrors, struct http_link *link, const char *identity, void *buf,
		size_t n, struct error **err) _must_check_ _nonnull_(1, 2, 4);

/*
 * Reads n bytes at offset, which are inside the file. Waits for the servers as long as patience
 * says; tells when it begins and when it is over. 0; -ESTALE: all of them have another file; -EIO:
 * the patience is over.
 */
int mirrors_read(struct mirrors *mirrors, struct http_link *link, void *buf, size_t n,
		 uint64_t offset, struct error **err) _must_check_ _nonnull_(1, 2, 3);

#endif
