/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that a kernel can unpack an image and start it, or names the rules that are broken. */
#ifndef BUILDER_CHECK_CHECK_H
#define BUILDER_CHECK_CHECK_H

#include "builder/host/host.h"
#include "builder/util/vec.h"

#define CHECK_NO_OFFSET UINT64_MAX

struct check_finding {
	const char *rule; /* "no-init"; static */
	uint64_t offset;  /* in the image, or CHECK_NO_OFFSET */
	char *text;	  /* what, and what to do */
};

struct check_report {
	struct vec findings; /* of struct check_finding: broken rules */
	struct vec notes;    /* char *: what could not be judged */
	unsigned segments;
	uint64_t members, unpacked; /* unpacked: sum of file sizes */
};

/*
 * Judges the image. host: kver and kernel_config are looked at, both may be NULL; NULL = no kernel
 * is known. 0 whatever was found; < 0 only when the image could not be judged. Beside the rules of
 * image.h these are: unsupported-compressor, xz-filter, module-compression, no-init,
 * missing-library, foreign-program, truncated.
 */
int check_run(const uint8_t *image, size_t len, const char *name, const struct host *host,
	      struct check_report *report, struct error **err) _must_check_;

void check_report_release(struct check_report *report);

#endif
