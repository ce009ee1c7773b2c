// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/modules/line.h"

#include <string.h>

#define BLANK " \t"

char *text_line(char **cursor)
{
	char *line = *cursor, *end;

	if (!line || !*line)
		return NULL;
	for (end = line; (end = strchr(end, '\n')); end++) {
		if (end == line || end[-1] != '\\')
			break;
		end[-1] = end[0] = ' ';
	}
	if (end)
		*end++ = '\0';
	*cursor = end;
	return line;
}

char *text_word(char **cursor)
{
	char *p = *cursor, *word;
	bool quoted = false;

	p += strspn(p, BLANK);
	if (!*p)
		return NULL;
	for (word = p; *p && (quoted || (*p != ' ' && *p != '\t')); p++)
		if (*p == '"')
			quoted = !quoted;
	if (*p)
		*p++ = '\0';
	*cursor = p;
	return word;
}

static bool line_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the first word from *rest; false when there is none. */
static bool line_take_word(struct line_part *rest, struct line_part *ret)
{
	const char *p = rest->text, *end = p + rest->len;

	while (p < end && line_is_blank(*p))
		p++;
	ret->text = p;
	while (p < end && !line_is_blank(*p))
		p++;
	ret->len = (size_t)(p - ret->text);
	*rest = (struct line_part){ p, (size_t)(end - p) };
	return ret->len > 0;
}

static bool part_is(const struct line_part *part, const char *text)
{
	return part->len == strlen(text) && memcmp(part->text, text, part->len) == 0;
}

static struct line_part line_trim(struct line_part part)
{
	while (part.len && line_is_blank(*part.text)) {
		part.text++;
		part.len--;
	}
	while (part.len && line_is_blank(part.text[part.len - 1]))
		part.len--;
	return part;
}

char *line_cut_part(char *line, struct line_part part)
{
	char *text = line + (part.text - line);

	text[part.len] = '\0';
	return text;
}

bool line_split_alias(const char *line, size_t len, struct line_part *ret_pattern,
		      struct line_part *ret_module)
{
	struct line_part rest = { line, len }, word;
	size_t cut;

	if (!line_take_word(&rest, &word) || !part_is(&word, "alias"))
		return false;
	rest = line_trim(rest);
	for (cut = rest.len; cut && !line_is_blank(rest.text[cut - 1]); cut--)
		;
	*ret_module = (struct line_part){ rest.text + cut, rest.len - cut };
	*ret_pattern = line_trim((struct line_part){ rest.text, cut });
	return ret_pattern->len > 0;
}

bool line_split_dependency(const char *line, size_t len, const char *keyword,
			   struct line_part *ret_module, struct line_part *ret_rest)
{
	struct line_part rest = { line, len }, word;

	if (!line_take_word(&rest, &word) || !part_is(&word, keyword))
		return false;
	if (!line_take_word(&rest, ret_module))
		return false;
	*ret_rest = rest;
	return true;
}

bool dependency_next(struct dependency_cursor *cursor, struct line_part *ret)
{
	struct line_part rest = { cursor->rest, strlen(cursor->rest) };

	while (line_take_word(&rest, ret)) {
		cursor->rest = rest.text;
		if (part_is(ret, "pre:"))
			cursor->list = DEPENDENCY_PRE;
		else if (part_is(ret, "post:"))
			cursor->list = DEPENDENCY_POST;
		else if (cursor->list != DEPENDENCY_NONE)
			return true;
	}
	return false;
}
