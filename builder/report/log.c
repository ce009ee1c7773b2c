// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int log_visit_lines(FILE *file, int (*visit)(void *, const char *, struct error **),
			   void *context, struct error **err)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&line, &size, file)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			line[i] = line[i] ? line[i] : '?';
		while (n && strchr("\r\n", line[n - 1]))
			line[--n] = '\0';
		r = visit(context, line, err);
	}
	return r;
}

int log_read(const char *path, int (*visit)(void *context, const char *line, struct error **err),
	     void *context, struct error **err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	int r;

	if (!file)
		return error_sys(err, errno, "cannot read '%s'", path);
	r = log_visit_lines(file, visit, context, err);
	if (r == 0 && ferror(file))
		r = error_sys(err, errno, "cannot read '%s'", path);
	if (!standard)
		(void)fclose(file);
	return r;
}

const char *log_ours(const char *line)
{
	const char *at = strstr(line, "mkvinitrd: ");

	return at ? at + strlen("mkvinitrd: ") : NULL;
}

const char *log_phase(const char *text)
{
	static const char *const names[] = { "settle", "locate", "attach", "assemble", "handover" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0)
			return names[i];
	return NULL;
}

bool log_time(const char *line, double *ret, const char **ret_rest)
{
	const char *at = strchr(line, '[');
	char *end;
	double seconds;

	/* in front of it a console has at most the level, "<6>" */
	if (!at || at - line > 4)
		return false;
	seconds = strtod(at + 1, &end);
	if (end == at + 1 || *end != ']' || !(seconds >= 0 && seconds < LOG_SECONDS_MAX))
		return false;
	*ret = seconds;
	*ret_rest = end + 1 + strspn(end + 1, " ");
	return true;
}
