/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is on a device, read by a process of its own: a disk that answers slowly, or never, holds up
 * nothing but itself.
 */
#ifndef APPLETS_FINDIMG_ANSWER_H
#define APPLETS_FINDIMG_ANSWER_H

#include <stdbool.h>
#include <sys/types.h>

#include "applets/findimg/filesystem/btrfs.h"
#include "applets/lib/fsprobe.h"

struct answer {
	int r; /* of fs_probe() */
	struct fs_info fs;
	struct btrfs_part part; /* of a btrfs; no devices otherwise */
	char error[256];	/* where r is another than -ENOENT */
};

/* A question that is asked; all zero: none. */
struct question {
	pid_t pid;
	int fd; /* readable when there is an answer */
};

/* 0 or -errno. Every question needs answer_take() or question_drop(). */
int question_ask(struct question *question, const char *device) _must_check_;

/* Whether there is one; then the question is over. Does not wait. */
bool answer_take(struct question *question, struct answer *ret);

/* Nobody is interested any more. Does not wait for the device. */
void question_drop(struct question *question);

#endif
