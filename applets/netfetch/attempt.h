/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to one request, byte by byte, while it comes. For transfer.c */
#ifndef APPLETS_NETFETCH_ATTEMPT_H
#define APPLETS_NETFETCH_ATTEMPT_H

#include "applets/netfetch/state.h"

struct attempt {
	struct transfer *transfer;
	const char *url;
	uint64_t asked; /* where the part that was asked for begins */
	uint64_t start; /* where the answer begins: there, or at 0 */
	uint64_t pos;	/* of the next byte that comes */
	bool began, http;
	SHA2_CTX again; /* of what came before, when it comes again from its beginning */
	char status_line[160];
	enum verdict verdict; /* other than DONE: why it was stopped */
	char problem[200];
	int write_error; /* of VERDICT_OUTPUT */
};

/* Callbacks of libcurl, data being the attempt. */
size_t attempt_body(char *data, size_t size, size_t count, void *attempt);
size_t attempt_header(char *data, size_t size, size_t count, void *attempt);

/*
 * The answer makes no sense, problem says why. If a part was asked for, the next request to this
 * server is for the whole file.
 */
void attempt_without_range(struct attempt *attempt, const char *problem);

/* The answer ended well, as far as the protocol goes: sets the verdict if the file is not complete.
 */
void attempt_end(struct attempt *attempt);

#endif
