// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/cli/complete.h"

#include <ctype.h>
#include <string.h>

#include "builder/profile/directives.h"
#include "builder/resolve/module/group.h"

static void print_directives(FILE *to)
{
	for (size_t i = 0; i < STMT_KINDS; i++)
		fprintf(to, "%s\t%s\n", directive_of((enum stmt_kind)i)->name,
			directive_of((enum stmt_kind)i)->usage);
}

/* Up to what ends an alternative of a usage, which may have bars in brackets: "NUMBER[k|m]". */
static size_t alternative_length(const char *text)
{
	size_t n = 0;
	int depth = 0;

	for (; text[n] && (depth || !strchr(" |;", text[n])); n++)
		depth += (text[n] == '[') - (text[n] == ']');
	return n;
}

/* As it is typed, up to its first placeholder, which is in capitals: "auto", "UUID=", "ram". */
static void print_alternative(const char *text, size_t len, FILE *to)
{
	bool key = memchr(text, '=', len) && *text != '=';
	size_t n = 0;

	while (n < len && !strchr("[.", text[n]) && (key || !isupper((unsigned char)text[n])) &&
	       text[n] != '=')
		n++;
	n += key && n < len && text[n] == '=';
	if (n)
		fprintf(to, "%.*s\n", (int)n, text);
}

static void print_groups(FILE *to)
{
	const char *name;

	for (size_t i = 0; (name = module_group_name(NULL, i)); i++)
		fprintf(to, "=%s\n", name);
}

/* "host any | UUID=... | cdrom": what is between the bars, up to what comes after the first
 * argument */
static void print_values(const char *usage, FILE *to)
{
	const char *p = usage + strcspn(usage, " ");

	while (*p == ' ') {
		size_t len;

		p += strspn(p, " ");
		do {
			len = alternative_length(p);
			print_alternative(p, len, to);
			p += len;
		} while (*p == '|' && p++);
		if (strncmp(p, " |", 2) != 0)
			return;
		p += 2;
	}
}

static void print_parameters(FILE *to)
{
	for (const char *const *word = profile_boot_words; *word; word++)
		fprintf(to, "%s\n", *word);
}

bool complete_print(const char *what, const char *name, FILE *to)
{
	const struct directive *directive = name ? directive_find(name) : NULL;

	if (!strcmp(what, "directives")) {
		print_directives(to);
		return true;
	}
	if (!strcmp(what, "values") && directive) {
		if (directive->kind == STMT_PARAM)
			print_parameters(to);
		else if (directive->kind == STMT_MODULE)
			print_groups(to);
		else
			print_values(directive->usage, to);
		return true;
	}
	if (strcmp(what, "parameters") != 0)
		return false;
	print_parameters(to);
	return true;
}
