// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/pathfold.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

#include "applets/findimg/filesystem/pathfind.h"

/* Directories that are read for one path: names that differ in case alone could be nested. */
#define DIRECTORIES 64

struct walk {
	const char *root;
	struct path_matches *matches;
	unsigned int left; /* directories that may still be read */
};

/* The next character of *text in lower case; a byte that is none stands for itself. */
static wint_t fold_next(const char **text)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, *text, MB_CUR_MAX, &state);

	if (n == 0 || n > MB_CUR_MAX) {
		c = (wchar_t)(unsigned char)**text;
		n = 1;
	}
	*text += n;
	return towlower((wint_t)c);
}

static bool fold_equal(const char *a, const char *b)
{
	if (strcasecmp(a, b) == 0)
		return true;
	while (*a && *b)
		if (fold_next(&a) != fold_next(&b))
			return false;
	return *a == *b;
}

static bool is_full(const struct walk *w)
{
	return w->matches->count == PATHFOLD_MAX || w->left == 0;
}

static void take_match(struct walk *w, const char *path)
{
	int fd = path_open_below(w->root, path);
	char *copy = fd < 0 ? NULL : strdup(path);

	if (fd >= 0)
		close(fd);
	if (copy)
		w->matches->path[w->matches->count++] = copy;
}

static DIR *open_directory(struct walk *w, const char *path)
{
	_cleanup_close_ int found = path_open_below(w->root, path);
	int fd = found < 0 ? -1 : openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !d)
		close(fd);
	w->left--;
	return d;
}

/* rest: what is to be found below path, without slashes at both ends. Ends, as rest gets shorter.
 */
static void walk_below(struct walk *w, const char *path, const char *rest)
{
	size_t n = strcspn(rest, "/");
	char name[NAME_MAX + 1], next[PATH_MAX];
	const char *below = rest + n + strspn(rest + n, "/");
	struct dirent *entry;
	DIR *d;

	if (is_full(w) || n >= sizeof(name) || strncmp(rest, "../", 3) == 0 ||
	    strcmp(rest, "..") == 0)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)n, rest);
	d = open_directory(w, path);
	while (d && !is_full(w) && (entry = readdir(d))) {
		if (!fold_equal(entry->d_name, name) ||
		    snprintf(next, sizeof(next), "%s/%s", path, entry->d_name) >= (int)sizeof(next))
			continue;
		if (*below)
			walk_below(w, next, below);
		else
			take_match(w, next);
	}
	if (d)
		closedir(d);
}

void path_find_folded(const char *root, const char *path, struct path_matches *ret)
{
	struct walk w = { root, ret, DIRECTORIES };
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before;

	*ret = (struct path_matches){ 0 };
	before = utf8 ? uselocale(utf8) : (locale_t)0;
	path += strspn(path, "/");
	if (*path)
		walk_below(&w, "", path);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
}

void path_matches_clear(struct path_matches *matches)
{
	while (matches->count)
		free(matches->path[--matches->count]);
}
