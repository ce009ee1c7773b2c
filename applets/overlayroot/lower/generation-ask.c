// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/generation-ask.h"

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define PATIENCE_MS 30000

static void show(const char *directory, unsigned int number, unsigned int back)
{
	char name[8], path[512], when[32] = "?";
	struct stat st;
	struct tm tm;

	snprintf(path, sizeof(path), "%s/%s", directory, generation_name(number, name));
	/* the rename that made it is the last change */
	if (stat(path, &st) == 0 && gmtime_r(&st.st_ctime, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	fprintf(stderr, "  %u  generation %u, of %s\n", back, number, when);
}

unsigned int generation_ask(const char *directory, const struct generation_list *list)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[32] = "";
	unsigned int i, answer = 0;
	ssize_t n;

	for (i = 0; i < list->count; i++)
		show(directory, list->numbers[i], i);
	fprintf(stderr, "  %u  none: the image as it is\n", list->count);
	fprintf(stderr, "Which one to use? Enter or half a minute without: the first [0] ");
	if (poll(&in, 1, PATIENCE_MS) > 0 && (n = read(STDIN_FILENO, line, sizeof(line) - 1)) > 0)
		line[n] = '\0';
	fputc('\n', stderr);
	if (sscanf(line, "%u", &answer) != 1 || answer > list->count)
		return 0;
	return answer;
}
