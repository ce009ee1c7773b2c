/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findimg tells the user. */
#ifndef APPLETS_FINDIMG_REPORT_H
#define APPLETS_FINDIMG_REPORT_H

#include "applets/findimg/search.h"

/* One line while waiting: what is awaited and what has been seen. */
void report_progress(const struct search *s, unsigned int seconds_left);

/* The table of every device and why it is not the one, on stderr. */
void report_not_found(const struct search *s);

/* DEVICE= FSTYPE= UUID= LABEL= and, with PATHs, FILE= of the winner on stdout. Bytes below space
 * become '?'. */
void report_found(const struct candidate *winner, const struct request *rq);

/* For -n: one line for each device that would be looked into, in order. Returns how many. */
size_t report_order(const struct search *s);

/* "931.5G", "512K" into text. */
void format_size(uint64_t bytes, char *text, size_t size);

#endif
