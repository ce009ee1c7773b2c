/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks after a store while the root runs: tells before it is full, lets one in a file grow. */
#ifndef APPLETS_OVERLAYROOT_STORE_WATCH_H
#define APPLETS_OVERLAYROOT_STORE_WATCH_H

#include "applets/overlayroot/spec.h"

/* How full a store is. */
enum fill { FILL_FINE, FILL_NEARLY, FILL_ALMOST, FILL_FULL };

struct watch_options {
	const char *run; /* where overlay_build has mounted the layers */
	struct upper_spec upper;
	uint64_t file_limit; /* bytes in one store file at most; 0: what the file system says */
	bool foreground;
};

/* room, total: bytes. A store may be small on purpose: what matters is the part that is free. */
enum fill watch_fill(uint64_t room, uint64_t total);

/*
 * Milliseconds until it is worth to look again: the kernel has no event for a file system that
 * fills up, so it is asked as often as it could be filled by a fast disk (256 MiB/s), at least once
 * a minute, at most twice a second. margin: bytes until something is to be done.
 */
unsigned int watch_pause(uint64_t margin);

/*
 * Opens all it needs, while the mounts below the root are still to be seen, and continues in the
 * background; there it says what it has to say in /dev/kmsg, and ends by a signal. It has files of
 * the store open: whoever unmounts that ends it first. Returns 0 to its caller or -errno. With
 * foreground it stays, and speaks on stderr.
 */
int watch_start(const struct watch_options *options, struct error **err) _must_check_;

#endif
