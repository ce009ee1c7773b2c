/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened when in a boot, by its log. */
#ifndef BUILDER_REPORT_TIMELINE_H
#define BUILDER_REPORT_TIMELINE_H

#include <stdbool.h>
#include <stdio.h>

#include "builder/util/vec.h"
#include "common/error.h"

#define TIMELINE_MAX 4000 /* more events are left out */

/* Groups of the drawing, from top to bottom. */
enum event_group { EVENT_PHASE, EVENT_STATUS, EVENT_MODULE, EVENT_MOUNT, EVENT_SYSTEM };
#define EVENT_GROUPS (EVENT_SYSTEM + 1)

struct event {
	enum event_group group;
	char *text;
	double start, end; /* seconds since the kernel's start; equal: a moment */
	bool open;	   /* has not ended yet */
};

struct timeline {
	struct vec events; /* of struct event, in the order of the log */
	double end;	   /* of the last event */
	bool finished;	   /* systemd says that the start is over: what comes later is no boot */
	bool handed_over;
};

/* Reads a log: /run/initramfs/log (vi.chart), dmesg, journalctl -o short-monotonic, or several of
 * them behind each other. "-" is stdin. -ENODATA: it has no line of an initramfs or of systemd with
 * a time stamp. */
int timeline_read(struct timeline *timeline, const char *path, struct error **err) _must_check_;
void timeline_release(struct timeline *timeline);

/* Draws it as SVG. */
int chart_print(const struct timeline *timeline, FILE *to, struct error **err) _must_check_;

#endif
