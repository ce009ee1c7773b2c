/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocations and system calls that fail on demand. A program that uses this is linked with
 * FAULTY_LDFLAGS (mk/test.mk), so that its own and vdattach's calls come here, but not those of
 * libraries.
 */
#ifndef TESTS_UNIT_VDATTACH_FAKE_FAULTY_H
#define TESTS_UNIT_VDATTACH_FAKE_FAULTY_H

#include <stdbool.h>

enum faulty_call {
	FAULTY_NONE,
	FAULTY_ALLOC, /* of any kind */
	FAULTY_READ,
	FAULTY_WRITE,
	FAULTY_SYNC,
	FAULTY_SIZE,  /* ftruncate */
	FAULTY_SPACE, /* fallocate */
};

/* Transfers a part of what was asked for, of more than one byte; not an error of a system call. */
#define FAULTY_SHORT (-1)

struct faulty {
	enum faulty_call call;
	int error;	 /* an errno, or FAULTY_SHORT */
	unsigned int at; /* the first of these calls is 1 */
	bool lasting;	 /* later ones fail as well */
};

/* From now on; NULL: none fail. */
void faulty_begin(const struct faulty *faulty);

/* Nothing fails any more. Returns whether something did. */
bool faulty_end(void);

#endif
