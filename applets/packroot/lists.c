// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"

#define MAX_LIST (4 * MIB)
#define BLANKS	 " \t\r"

static int lists_add(struct list *list, const char *item)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->count] = strdup(item);
	if (!items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

/* Cuts what does not count off both ends; the first slash stays, for list_excludes. */
static char *trim(char *line)
{
	size_t n;

	line += strspn(line, BLANKS);
	while (line[0] == '.' && line[1] == '/')
		line++;
	while (line[0] == '/' && line[1] == '/')
		line++;
	n = strlen(line);
	while (n > 0 && strchr(BLANKS, line[n - 1]))
		n--;
	while (n > 0 && line[n - 1] == '/')
		n--;
	line[n] = '\0';
	return line;
}

int list_parse(char *text, struct list *ret)
{
	char *save = NULL, *line;
	int r = 0;

	*ret = (struct list){ 0 };
	for (line = strtok_r(text, "\n", &save); line && r == 0;
	     line = strtok_r(NULL, "\n", &save)) {
		line = trim(line);
		if (*line && *line != '#')
			r = lists_add(ret, line);
	}
	if (r < 0)
		list_release(ret);
	return r;
}

int list_read(int dir, const char *path, struct list *ret, struct error **err)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot list '%s'", path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > MAX_LIST)
		return error_make(err, EINVAL, "list '%s' is not a file of 4 MiB at most", path);
	r = read_all(fd, (size_t)st.st_size, &text, NULL);
	if (r < 0)
		return error_sys(err, r, "cannot list '%s'", path);
	return list_parse(text, ret) < 0 ? error_sys(err, ENOMEM, "cannot list '%s'", path) : 0;
}

void list_release(struct list *list)
{
	while (list->count > 0)
		free(list->items[--list->count]);
	free(list->items);
	list->items = NULL;
}

static bool matches(const char *pattern, const char *path)
{
	if (*pattern == '/')
		return fnmatch(pattern + 1, path, FNM_LEADING_DIR) == 0;
	while (path) {
		if (fnmatch(pattern, path, FNM_LEADING_DIR) == 0)
			return true;
		path = strchr(path, '/');
		path = path ? path + 1 : NULL;
	}
	return false;
}

bool list_excludes(const struct list *patterns, const char *path)
{
	size_t i;

	for (i = 0; i < patterns->count; i++)
		if (matches(patterns->items[i], path))
			return true;
	return false;
}
