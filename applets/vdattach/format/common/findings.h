/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a parser noticed in an image without having to give up: collected, printed by main only. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_FINDINGS_H
#define APPLETS_VDATTACH_FORMAT_COMMON_FINDINGS_H

#include "common/macro.h"

enum finding_level {
	FINDING_WARNING, /* odd, harmless */
	FINDING_LEAK,	 /* space that nothing refers to */
	FINDING_ERROR,	 /* contradicts the format: data may be wrong or lost */
};

struct finding {
	enum finding_level level;
	char *text; /* one line, no newline */
};

/* All zero = empty. At most FINDINGS_MAX texts are kept (hostile images); count[] counts them all.
 */
struct findings {
	struct finding *items;
	size_t n;
	unsigned int count[3]; /* by enum finding_level */
};

#define FINDINGS_MAX 256

/* Adds one finding. f may be NULL (nothing is kept). Out of memory: counted, text lost. */
void findings_add(struct findings *f, enum finding_level level, const char *fmt, ...)
	_printf_(3, 4);

/* Frees the texts and empties f. NULL-safe. */
void findings_release(struct findings *f);

#endif
