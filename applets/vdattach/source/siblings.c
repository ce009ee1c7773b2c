// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/source/siblings.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct names {
	char **items;
	size_t n;
};

static void names_release(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

static int siblings_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int siblings_collect(DIR *dir, const char *skip, struct names *names)
{
	const struct dirent *entry;

	names->items = calloc(SIBLINGS_MAX, sizeof(*names->items));
	if (!names->items)
		return -ENOMEM;
	while (names->n < SIBLINGS_MAX && (entry = readdir(dir))) {
		/* symbolic links too: the resolver decides where they may lead */
		bool file = entry->d_type == DT_REG || entry->d_type == DT_LNK ||
			    entry->d_type == DT_UNKNOWN;

		if (!file || strcmp(entry->d_name, skip) == 0)
			continue;
		names->items[names->n] = strdup(entry->d_name);
		if (!names->items[names->n])
			return -ENOMEM;
		names->n++;
	}
	return 0;
}

int siblings_visit(int dir_fd, const char *skip, int (*visit)(void *arg, const char *name),
		   void *arg, struct error **err)
{
	_cleanup_(names_release) struct names names = { .n = 0 };
	DIR *dir = fdopendir(dir_fd);
	int r;

	if (!dir) {
		r = error_sys(err, errno, "cannot read the directory of '%s'", skip);
		close(dir_fd);
		return r;
	}
	r = siblings_collect(dir, skip, &names);
	closedir(dir);
	if (r < 0)
		return error_sys(err, r, "cannot read the directory of '%s'", skip);
	qsort(names.items, names.n, sizeof(*names.items), siblings_compare);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = visit(arg, names.items[i]);
	return r;
}
