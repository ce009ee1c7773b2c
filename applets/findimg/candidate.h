/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One block device that may be the host, and what examining it brought to light. */
#ifndef APPLETS_FINDIMG_CANDIDATE_H
#define APPLETS_FINDIMG_CANDIDATE_H

#include <stdbool.h>

#include "applets/findimg/answer.h"
#include "applets/findimg/device/blockdev.h"
#include "applets/findimg/device/hostspec.h"
#include "applets/findimg/device/mounted.h"
#include "applets/findimg/filesystem/devices.h"
#include "applets/findimg/filesystem/imageid.h"
#include "applets/findimg/filesystem/suspend.h"
#include "applets/lib/fsprobe.h"
#include "common/error.h"

/* What the command line asks for. Strings belong to the caller. */
struct request {
	struct hostspec host;
	struct image_id id;
	const char *disk;	/* -D: only this disk and its partitions, or NULL */
	const char *only;	/* comma-separated names; no other device is opened; or NULL */
	const char *mountpoint; /* an existing directory; NULL: nothing is mounted */
	const char *state;	/* the record of what was stacked, or NULL */
	const char *sysfs;	/* "/sys" */
	char *const *paths;	/* any of them, the first that exists counts */
	size_t path_count;
	unsigned int timeout; /* seconds; 0: one scan */
	int patience; /* seconds after which what lacks devices is used; -1: a part of timeout */
	const char *raid; /* arrays to be assembled, see raid_listed; or NULL */
	bool write;
	bool wrap; /* with write: what is mounted is the partition's wrapper, lib/dmhost.h */
	bool dry_run;
	bool degraded; /* a file system that lacks devices is taken after a part of the timeout */
};

struct candidate {
	struct blockdev dev; /* first, so that blockdev_compare sorts candidates */
	struct fs_info fs;
	bool fresh;		  /* not examined since it appeared or changed */
	bool woken;		  /* fresh because of another device of its file system */
	struct question question; /* asked and not answered yet */
	int64_t asked;		  /* when, by search_now_ms() */
	bool slow;		  /* the search continues without it */
	bool known;		  /* as it did before it was asked */
	bool eligible;		  /* what was probed does not speak against it */
	struct devices devices;	  /* of a file system over several */
	bool matches;		  /* it is the one, or one of several */
	char *file; /* the path found, links resolved, with a leading slash; NULL without PATHs */
	char why[320]; /* why it does not match */
	bool unclean;  /* it may have a journal to replay, so what we saw may be out of date */
	bool dirty;    /* its superblock says that it was not unmounted properly */
	bool is_mounted;
	struct mounted mounted;
	enum windows_state windows;
	bool sought;	/* for swapfile */
	char *swapfile; /* with the memory of a hibernated Linux; NULL: none was found */
};

/* Begins to read what is on the device, or says why that is not wanted: then there is no question.
 */
void candidate_ask(struct candidate *c, const struct request *rq);

/* Takes the answer, if there is one: fs, part, mounted and eligible, or why it is not. */
void candidate_hear(struct candidate *c, const struct request *rq);

/*
 * Looks into a candidate that is eligible, and fills in the rest. Leaves no trace on the device: it
 * is held read-only meanwhile, mounted without journal replay and unmounted again. Cannot fail:
 * what goes wrong is its `why`.
 */
void candidate_examine(struct candidate *c, const struct request *rq);

/* Sets why c does not match. Returns false. */
bool candidate_no(struct candidate *c, const char *fmt, ...) _printf_(2, 3);

/*
 * For a candidate that did not show the path and is unclean, when it is to be written to anyway:
 * mounts it for writing, so that its driver replays the journal, looks again, and unmounts. Updates
 * matches and why.
 */
void candidate_examine_replayed(struct candidate *c, const struct request *rq);

/*
 * Looks for a swap file with the memory of a hibernated Linux, once, if there can be one: in a file
 * system of Linux that was not unmounted. Leaves no trace, as candidate_examine().
 */
void candidate_seek_swapfile(struct candidate *c);

/* Releases what the candidate owns. */
void candidate_clear(struct candidate *c);

/* Do a and b show one and the same file system (the whole disk and first partition of a hybrid ISO
 * image; two paths to one disk)? */
bool candidate_is_twin(const struct candidate *a, const struct candidate *b);

/*
 * Mounts the winner on rq->mountpoint (when there is one), read-only or for writing, and records it
 * in rq->state. 0, or -errno with the reason and what to do.
 */
int candidate_take(const struct candidate *c, const struct request *rq,
		   struct error **err) _must_check_;

#endif
