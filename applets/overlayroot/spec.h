/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the command line: sizes, lowers, the upper. Pure text, but for one look at
 * whether a path exists. */
#ifndef APPLETS_OVERLAYROOT_SPEC_H
#define APPLETS_OVERLAYROOT_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* OVL_MAX_STACK of the kernel, fs/overlayfs/params.h */
#define MAX_LOWERS 500

struct size_spec {
	bool given, percent;
	uint64_t value; /* bytes, or 1..100 */
};

enum upper_kind { UPPER_RAM, UPPER_DIR, UPPER_FILE, UPPER_DEVICE };

struct upper_spec {
	enum upper_kind kind;
	char *path; /* NULL for UPPER_RAM */
	struct size_spec size;
	uint64_t inodes; /* of ram; 0: the kernel's default */
};

/* SIZE: digits with an optional k, m, g, t (powers of 1024, either case), or 1% to 100%. 0 or
 * -EINVAL. */
int size_parse(const char *text, struct size_spec *ret, struct error **err) _must_check_;

/*
 * ram[:SIZE[,nr_inodes=N]] | dir:/path | file:/path[,SIZE] | device:/dev/x. ret->path is the
 * caller's to free. A comma belongs to the path unless a SIZE follows it. 0 or -EINVAL.
 */
int upper_parse(const char *text, struct upper_spec *ret, struct error **err) _must_check_;

/*
 * LOWER[:LOWER...], the topmost first; "\:" and "\\" stand for the characters themselves. A text
 * that is a path which exists is that path, whatever it contains. ret: room for MAX_LOWERS strings,
 * the caller's to free. Returns their number or -EINVAL.
 */
int lowers_parse(const char *text, char **ret, struct error **err) _must_check_;

#endif
