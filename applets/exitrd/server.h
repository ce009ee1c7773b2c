/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server whose files or disk the running root needs, and whether it answers. */
#ifndef APPLETS_EXITRD_SERVER_H
#define APPLETS_EXITRD_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* How often it is asked, and for how long it may be silent, in seconds. */
#define SERVER_ASK_SECONDS  10
#define SERVER_LATE_SECONDS 25
#define SERVER_GONE_SECONDS 60

enum server_state { SERVER_ANSWERS, SERVER_LATE, SERVER_GONE };

struct server {
	char name[192];
	int answers; /* a pipe: a byte for each answer */
	uint64_t heard;
	enum server_state state;
};

/*
 * Starts a process that asks: for the statistics of the file system at path when that is a
 * directory, for the first block when it is a block device. Both go to the server each time (NFS
 * keeps no statistics; the block is read past the page cache). A question may never return, so the
 * caller cannot ask by itself. The process ends with its parent. 0 or -errno.
 */
int server_start(struct server *server, const char *path, const char *name, uint64_t now,
		 struct error **err) _must_check_;

/* Takes what the server has answered until now (seconds); returns what follows for its state. */
enum server_state server_look(struct server *server, uint64_t now);

/* When to look again if nothing is heard before: seconds, as now is. */
uint64_t server_next_look(const struct server *server);

#endif
