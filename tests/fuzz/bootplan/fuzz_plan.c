// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as kernel parameters: the first line is the command line, what follows the profile. The
 * plan that comes out is read back: every assignment is one, and nothing is outside of quotes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/bootplan/ip.h"
#include "applets/bootplan/print.h"

/* Behind VARIABLE='value' and its newline; a quote inside is '\'' */
static const char *skip_assignment(const char *text)
{
	const size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	if (!name || text[name] != '=' || text[name + 1] != '\'')
		abort();
	for (text += name + 2;; text++) {
		text += strcspn(text, "'");
		if (strncmp(text, "'\\''", 4) == 0)
			text += 3;
		else if (strncmp(text, "'\n", 2) == 0)
			return text + 2;
		else
			abort();
	}
}

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t to = 0;

	if (!text)
		abort();
	for (size_t i = 0; i < size; i++)
		if (data[i])
			text[to++] = (char)data[i];
	text[to] = '\0';
	return text;
}

static void check(const char *cmdline, const char *defaults)
{
	struct plan plan = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	plan_read(&plan, defaults, cmdline);
	print_plan(&plan, out);
	ip_print(&plan, cmdline, out);
	fclose(out);
	for (const char *line = text; *line;)
		line = skip_assignment(line);
	free(text);
	plan_release(&plan);
}

static void check_lease(const char *lease)
{
	struct plan plan = { 0 };
	FILE *out = fopen("/dev/null", "w");

	if (!out)
		abort();
	lease_print(&plan, lease, "10.0.0.1", out);
	fclose(out);
	plan_release(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size), *newline = strchr(text, '\n');

	check(text, newline);
	check_lease(text);
	free(text);
	return 0;
}
