// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 40

uint64_t progress_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, uint64_t total, bool quiet)
{
	*progress = (struct progress){ .total = total,
				       .started = progress_clock(),
				       .enabled = !quiet && isatty(STDERR_FILENO) };
}

static void draw(uint64_t done, uint64_t total)
{
	static const char filled[] = "########################################";
	uint64_t share = total ? done * 1000 / total : 1000;
	unsigned percent = (unsigned)(share > 1000 ? 1000 : share) / 10;
	int width = (int)percent * WIDTH / 100;

	fprintf(stderr, "\r[%.*s%*s] %3u%%", width, filled, WIDTH - width, "", percent);
	fflush(stderr);
}

void progress_update(struct progress *progress, uint64_t done)
{
	uint64_t now;

	if (!progress->enabled)
		return;
	now = progress_clock();
	if (now - progress->started < 1000 || now - progress->drawn < 100)
		return;
	progress->drawn = now;
	draw(done, progress->total);
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = 0;
}
