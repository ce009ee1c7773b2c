// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/modprobe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"

static const char *const kinds[] = { [MODPROBE_ALIAS] = "alias",
				     [MODPROBE_BLACKLIST] = "blacklist",
				     [MODPROBE_OPTIONS] = "options",
				     [MODPROBE_SOFTDEP] = "softdep",
				     [MODPROBE_INSTALL] = "install" };

const char *modprobe_kind_name(enum modprobe_kind kind)
{
	return kinds[kind];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int compare_base_names(const void *a, const void *b)
{
	return strcmp(base_name(a), base_name(b));
}

static bool name_known(const struct vec *files, const char *path)
{
	const char *file;

	vec_foreach(i, file, files)
		if (compare_base_names(file, path) == 0)
			return true;
	return false;
}

/* Paths of the target, sorted by name. */
static int list_files(const struct host *host, struct vec *files, struct error **err)
{
	static const char *const patterns[] = { "/etc/modprobe.d/*.conf",
						"/usr/local/lib/modprobe.d/*.conf",
						"/usr/lib/modprobe.d/*.conf",
						"/lib/modprobe.d/*.conf" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(patterns); i++) {
		struct vec found = { 0 };

		r = host_glob(host, patterns[i], &found, err);
		for (size_t k = 0; r == 0 && k < found.len; k++) {
			if (name_known(files, found.items[k]))
				continue;
			if (vec_push(files, found.items[k]) < 0)
				r = error_no_memory(err);
			else
				found.items[k] = NULL;
		}
		vec_clear(&found, free);
	}
	vec_sort(files, compare_base_names);
	return r;
}

/* The next line, its continuations joined; *number is that of its first part. */
static char *next_line(char **cursor, unsigned *number, unsigned *next)
{
	char *line = *cursor, *end = line;

	if (!line || !*line)
		return NULL;
	*number = (*next)++;
	for (; (end = strchr(end, '\n')) && end > line && end[-1] == '\\'; end++) {
		end[-1] = end[0] = ' ';
		++*next;
	}
	if (end)
		*end++ = '\0';
	*cursor = end;
	return line;
}

static int take_line(struct modprobe_config *config, char *line, const char *file, unsigned number)
{
	char *rest = NULL, *word = strtok_r(line, " \t\r", &rest), *name;
	struct modprobe_line *item;
	size_t kind = 0;

	while (word && kind < ARRAY_SIZE(kinds) && strcmp(word, kinds[kind]) != 0)
		kind++;
	name = word && kind < ARRAY_SIZE(kinds) ? strtok_r(NULL, " \t\r", &rest) : NULL;
	if (!name)
		return 0;
	item = calloc(1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	rest += strspn(rest, " \t");
	for (size_t n = strlen(rest); n && strchr(" \t\r", rest[n - 1]);)
		rest[--n] = '\0';
	*item = (struct modprobe_line){ (enum modprobe_kind)kind, name, rest, file, number };
	if (vec_push(&config->lines, item) == 0)
		return 0;
	free(item);
	return -ENOMEM;
}

/* Takes text over. */
static int take_text(struct modprobe_config *config, char *text, const char *file)
{
	unsigned number, next = 1;
	char *line;
	int r = vec_push(&config->texts, text);

	if (r < 0)
		free(text);
	while (r == 0 && (line = next_line(&text, &number, &next)))
		r = take_line(config, line, file, number);
	return r;
}

static int note_unread(struct vec *notes, const char *file, const struct error *problem,
		       struct error **err)
{
	char *note;

	if (asprintf(&note, "the settings for drivers in '%s' do not count: %s", file,
		     error_msg(problem)) < 0)
		return error_no_memory(err);
	if (vec_push(notes, note) == 0)
		return 0;
	free(note);
	return error_no_memory(err);
}

static int take_file(struct modprobe_config *config, const struct host *host, const char *file,
		     struct vec *notes, struct error **err)
{
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *real = NULL;
	struct stat st;
	char *text = NULL;

	if (host_resolve(host, file, &real, NULL) < 0 || stat(real, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return 0;
	if (read_file(real, &text, NULL, &problem) < 0)
		return note_unread(notes, file, problem, err);
	return take_text(config, text, file) < 0 ? error_no_memory(err) : 0;
}

int modprobe_read(struct modprobe_config *config, const struct host *host, struct vec *notes,
		  struct error **err)
{
	struct vec files = { 0 };
	int r = list_files(host, &files, err);

	for (size_t i = 0; r == 0 && i < files.len; i++) {
		const char *file = files.items[i];

		/* the lines point to the name */
		if (vec_push(&config->texts, files.items[i]) < 0) {
			r = error_no_memory(err);
			break;
		}
		files.items[i] = NULL;
		r = take_file(config, host, file, notes, err);
	}
	vec_clear(&files, free);
	return r;
}

char *modprobe_softdeps(const struct modprobe_config *config)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const struct modprobe_line *line;

	vec_foreach(i, line, &config->lines)
		if (line->kind == MODPROBE_SOFTDEP)
			strbuf_printf(&text, "softdep %s %s\n", line->name, line->rest);
	return strbuf_steal(&text);
}

bool modprobe_forbids(const struct modprobe_line *line)
{
	size_t len = strcspn(line->rest, " \t;");
	const char *slash = memrchr(line->rest, '/', len);
	const char *program = slash ? slash + 1 : line->rest;

	len -= (size_t)(program - line->rest);
	return line->kind == MODPROBE_INSTALL &&
	       ((len == 4 && memcmp(program, "true", 4) == 0) ||
		(len == 5 && memcmp(program, "false", 5) == 0) || (len == 1 && *program == ':'));
}

void modprobe_release(struct modprobe_config *config)
{
	vec_clear(&config->lines, free);
	vec_clear(&config->texts, free);
}
