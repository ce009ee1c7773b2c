// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/progress.h"

#include <stdio.h>
#include <time.h>

#include "common/msg.h"

#define TELL_BYTES	(64 * MIB)
#define REDRAW_INTERVAL 200 /* ms */
#define BAR_WIDTH	40
#define SMALL_ARCHIVE	(8 * MIB) /* is over before anybody reads a line */

static uint64_t progress_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, uint64_t total, bool quiet)
{
	*p = (struct progress){ .total = total, .quiet = quiet, .tty = isatty(STDERR_FILENO) == 1 };
	p->next_tell = 1;
	p->next_time = progress_now_ms() + REDRAW_INTERVAL;
}

static void redraw(struct progress *p, uint64_t done, uint64_t unpacked)
{
	unsigned int percent, fill;

	if (progress_now_ms() < p->next_time)
		return;
	p->next_time = progress_now_ms() + REDRAW_INTERVAL;
	p->line_open = true;
	if (!p->total) {
		fprintf(stderr, "\r%llu MiB unpacked ", (unsigned long long)(unpacked / MIB));
		return;
	}
	percent = (unsigned int)MIN(done * 100 / p->total, 100ULL);
	fill = percent * BAR_WIDTH / 100;
	fprintf(stderr, "\r[%.*s%*s] %3u %%  %llu MiB ", (int)fill,
		"########################################", (int)(BAR_WIDTH - fill), "", percent,
		(unsigned long long)(unpacked / MIB));
}

static void progress_report(struct progress *p, uint64_t done, uint64_t unpacked)
{
	uint64_t step = p->total ? MIN(done * 4 / p->total, 3ULL) : unpacked / TELL_BYTES;
	unsigned long long mib = unpacked / MIB;

	if (step < p->next_tell || (p->total && p->total < SMALL_ARCHIVE))
		return;
	p->next_tell = step + 1;
	if (p->total)
		msg(MSG_INFO, "%llu %% (%llu MiB unpacked)", (unsigned long long)step * 25, mib);
	else
		msg(MSG_INFO, "%llu MiB unpacked", mib);
}

void progress_update(struct progress *p, uint64_t done, uint64_t unpacked)
{
	if (p->quiet)
		return;
	if (p->tty)
		redraw(p, done, unpacked);
	else
		progress_report(p, done, unpacked);
}

void progress_end(struct progress *p)
{
	if (p->line_open)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 24, "");
	p->line_open = false;
}
