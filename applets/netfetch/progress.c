// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/msg.h"

#define LINE_INTERVAL 8 /* seconds, as the boot's status lines have it */

uint64_t progress_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec;
}

void progress_start(struct progress *progress, const char *what)
{
	progress->began = progress->last_byte = progress->last_line = progress_now();
	progress->done = progress->first = 0;
	progress->total = -1;
	snprintf(progress->what, sizeof(progress->what), "%s", what);
}

void progress_total(struct progress *progress, int64_t total)
{
	progress->total = total;
}

static void amount_text(uint64_t bytes, char *buf, size_t size)
{
	if (bytes < 10 * MIB)
		snprintf(buf, size, "%llu KiB", (unsigned long long)(bytes / KIB));
	else
		snprintf(buf, size, "%llu MiB", (unsigned long long)(bytes / MIB));
}

void progress_text(const struct progress *progress, uint64_t now, char *buf, size_t size)
{
	const uint64_t seconds = now > progress->began ? now - progress->began : 1;
	const uint64_t rate = (progress->done - progress->first) / seconds;
	const uint64_t total = progress->total > 0 ? (uint64_t)progress->total : 0;
	char done[32], all[64] = "", speed[32], left[48] = "";

	amount_text(progress->done, done, sizeof(done));
	amount_text(rate, speed, sizeof(speed));
	if (total >= progress->done && total) {
		char amount[32];

		amount_text(total, amount, sizeof(amount));
		snprintf(all, sizeof(all), " of %s (%u %%)", amount,
			 (unsigned int)(progress->done * 100 / total));
		if (rate)
			snprintf(left, sizeof(left), ", %" PRIu64 " s left",
				 (total - progress->done) / rate + 1);
	}
	snprintf(buf, size, "%s%s, %s/s%s", done, all, speed, left);
}

/* The first word is when the boot began to fetch; it stays. */
static void write_status(const struct progress *progress, const char *text)
{
	char old[1024], line[1024];
	int fd, n, r = 0;

	if (read_start(AT_FDCWD, progress->status, old, sizeof(old)) <= 0)
		return;
	old[strcspn(old, " \n")] = '\0';
	n = snprintf(line, sizeof(line), "%s - fetching %s: %s\n", old, progress->what, text);
	fd = open(progress->status, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return;
	if (n > 0 && n < (int)sizeof(line))
		r = write_all(fd, line, (size_t)n);
	close(fd);
	if (r < 0)
		unlink(progress->status);
}

static void report_line(struct progress *progress)
{
	const uint64_t now = progress_now();
	char text[160];

	if (progress->quiet || now < progress->last_line + (progress->status ? 1 : LINE_INTERVAL))
		return;
	progress->last_line = now;
	progress_text(progress, now, text, sizeof(text));
	if (progress->status)
		write_status(progress, text);
	else
		msg(MSG_INFO, "%s: %s", progress->what, text);
}

void progress_bytes(struct progress *progress, uint64_t done)
{
	if (done <= progress->done)
		return;
	progress->done = done;
	progress->last_byte = progress_now();
	report_line(progress);
}

void progress_idle(struct progress *progress)
{
	report_line(progress);
}
