// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/silent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

/* FILE.silent, the caller's to free; NULL without memory. */
static char *list_path(const char *state, const char *end)
{
	char *path;

	return asprintf(&path, "%s.silent%s", state, end) < 0 ? NULL : path;
}

void silent_read(struct silent *list, const char *state)
{
	_cleanup_free_ char *path = state ? list_path(state, "") : NULL;
	char *text = NULL;

	*list = (struct silent){ 0 };
	if (path && read_text(path, &text, NULL) == 0)
		list->text = text;
}

/* Where its line begins, or NULL. */
static char *line_of(const struct silent *list, const char *device)
{
	size_t n = strlen(device);

	for (char *line = list->text; line && *line;) {
		char *end = strchr(line, '\n');

		if (strncmp(line, device, n) == 0 && line + n == end)
			return line;
		line = end ? end + 1 : NULL;
	}
	return NULL;
}

bool silent_has(const struct silent *list, const char *device)
{
	return line_of(list, device);
}

int silent_add(struct silent *list, const char *device)
{
	char *longer;

	if (silent_has(list, device))
		return 0;
	if (asprintf(&longer, "%s%s\n", list->text ? list->text : "", device) < 0)
		return -ENOMEM;
	free(list->text);
	*list = (struct silent){ .text = longer, .changed = true };
	return 0;
}

void silent_remove(struct silent *list, const char *device)
{
	char *line = line_of(list, device), *next;

	if (!line)
		return;
	next = line + strlen(device) + 1;
	memmove(line, next, strlen(next) + 1);
	list->changed = true;
}

static int replace(const char *text, const char *name, const char *path)
{
	FILE *f = fopen(name, "we");
	int r;

	if (!f)
		return -errno;
	r = fputs(text, f) < 0 ? -EIO : 0;
	if (fclose(f) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(name, path) < 0)
		r = -errno;
	if (r < 0)
		(void)!unlink(name);
	return r;
}

int silent_write(const struct silent *list, const char *state)
{
	_cleanup_free_ char *path = NULL, *name = NULL;

	if (!state || !list->changed)
		return 0;
	path = list_path(state, "");
	name = list_path(state, ".new");
	if (!path || !name)
		return -ENOMEM;
	if (*list->text)
		return replace(list->text, name, path);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

void silent_free(struct silent *list)
{
	free(list->text);
	*list = (struct silent){ 0 };
}
