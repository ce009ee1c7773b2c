// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts into parameters. */
#include <string.h>

#include "applets/bootplan/settle.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Takes one word off *text, in place. The kernel's quoting: blanks between double quotes do not end
 * a word. A quote without another is a character like others.
 */
static const char *next_word(char **text, bool (*ends)(char))
{
	char *word = *text, *from = word, *to = word;
	bool quoted = false;

	for (; *from && (quoted || !ends(*from)); from++)
		if (*from == '"' && (quoted || strchr(from + 1, '"')))
			quoted = !quoted;
		else
			*to++ = *from;
	*text = from + (*from != '\0');
	*to = '\0';
	return word;
}

static bool never(char c)
{
	return false;
}

static void read_cmdline(struct plan *plan, char *text)
{
	while (*text) {
		const char *word = next_word(&text, is_blank);

		if (*word && (plan->tail || strcmp(word, "--") == 0))
			plan->tail++; /* for the root's init alone */
		else if (*word)
			plan_parameter(plan, word, RANK_CMDLINE);
	}
}

/* One a line, which may have blanks. */
static void read_defaults(struct plan *plan, char *text)
{
	char *rest, *line;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line != '#')
			plan_parameter(plan, next_word(&line, never), 0);
}

void plan_read(struct plan *plan, const char *defaults, const char *cmdline)
{
	plan_read_lease(plan, defaults, cmdline, NULL);
}

void plan_read_lease(struct plan *plan, const char *defaults, const char *cmdline,
		     const char *root_path)
{
	char *text = defaults ? plan_copy(plan, defaults) : NULL;

	if (text)
		read_defaults(plan, text);
	text = cmdline ? plan_copy(plan, cmdline) : NULL;
	if (text) {
		text[strcspn(text, "\n")] = '\0';
		read_cmdline(plan, text);
	}
	if (root_path)
		plan_take_root_path(plan, root_path);
	plan_settle(plan);
}
