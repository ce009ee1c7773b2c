/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the members of an image are there: etc/mkvinitrd/why, which `build` writes. */
#ifndef BUILDER_REPORT_RECORD_H
#define BUILDER_REPORT_RECORD_H

#include "builder/image/tree.h"

/* One line of it: path TAB location TAB reason. */
struct why {
	const char *path, *where, *reason;
	const struct why *root; /* the line that is responsible in the end, maybe this one */
	char *module;		/* name of the module that it is, or NULL; owned */
	bool shared;		/* a later line has the same last part of the path */
};

/* One run of a decompressor, see struct image_segment. */
struct record_segment {
	uint64_t offset;
	uint64_t length;   /* in the file, up to the next one */
	uint64_t unpacked; /* of its members, with headers and padding */
};

struct record {
	char *text;			     /* of etc/mkvinitrd/why; NULL: the image has none */
	struct vec whys;		     /* of struct why, in the order of the image's text */
	void *by_path, *by_module, *by_name; /* the first of each, for tfind(3) */
	struct image_tree tree;		     /* all members */
	struct vec segments;		     /* of struct record_segment */
	uint64_t length;		     /* of the image */
};

/*
 * Reads the image at path. record must be zeroed, or have only tree.content and tree.context set.
 * An image of another generator has no whys, which is no error here. What the kernel would refuse
 * is one.
 */
int record_read(struct record *record, const char *path, struct error **err) _must_check_;
void record_release(struct record *record);

/* -ENOENT with the reason, unless the image records whys. */
int record_require(const struct record *record, const char *path, struct error **err) _must_check_;

/* By path with or without '/' in front, by the name of a module, or by the last part of the path if
 * that is the only one. NULL: none. */
const struct why *record_find(const struct record *record, const char *wanted);

/* The member that a reason like "needed by ext4" or "library of /usr/bin/foo" names last, or NULL.
 */
const struct why *record_cause(const struct record *record, const struct why *why);

#endif
