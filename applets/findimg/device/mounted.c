// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/device/mounted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Undoes the \ooo of mountinfo in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool has_option(const char *options, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

struct line {
	unsigned int major, minor;
	char *root, *place, *source, *super_options;
};

/* "36 35 98:0 /root /place opts [tags...] - type source super-opts" */
static bool mounted_parse_line(char *text, struct line *ret)
{
	char *fields[6], *save = NULL, *tail = strstr(text, " - "), *word;

	if (!tail)
		return false;
	*tail = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strtok_r(i ? NULL : text, " ", &save);
		if (!fields[i])
			return false;
	}
	if (sscanf(fields[2], "%u:%u", &ret->major, &ret->minor) != 2)
		return false;
	ret->root = fields[3];
	ret->place = fields[4];
	word = strtok_r(tail + 3, " ", &save);
	ret->source = word ? strtok_r(NULL, " ", &save) : NULL;
	ret->super_options = ret->source ? strtok_r(NULL, " ", &save) : NULL;
	return ret->super_options != NULL;
}

/* btrfs shows an anonymous device number, so the source's name counts too. */
static bool is_of(const struct line *line, const struct blockdev *dev)
{
	return makedev(line->major, line->minor) == dev->devnum ||
	       strcmp(line->source, dev->path) == 0;
}

bool mounted_find(const char *list, const struct blockdev *dev, struct mounted *ret)
{
	_cleanup_free_ char *copy = strdup(list);
	char *save = NULL;
	bool found = false;

	if (!copy)
		return false;
	*ret = (struct mounted){ 0 };
	for (char *text = strtok_r(copy, "\n", &save); text; text = strtok_r(NULL, "\n", &save)) {
		struct line line;

		if (!mounted_parse_line(text, &line) || !is_of(&line, dev))
			continue;
		found = true;
		ret->writable = has_option(line.super_options, "rw");
		if (!*ret->place && strcmp(line.root, "/") == 0) {
			unescape(line.place);
			snprintf(ret->place, sizeof(ret->place), "%s", line.place);
		}
	}
	return found;
}
