// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parent's name as qemu writes it when there is more to say than a file name: "json:" and the
 * options of the parent, nested or with dots, as in {"driver":"qcow2","file":{"driver":"file",
 * "filename":"base.qcow2"}} or {"file.filename":"base.qcow2"}.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/vdattach/format/common/utf8.h"
#include "applets/vdattach/format/qcow2/qcow2.h"
#include "common/text.h"

#define DEPTH_MAX 8u
#define KEYS_MAX  128u /* bytes, with dots between them */

struct json {
	const char *p;
	unsigned int depth;
	char path[KEYS_MAX];
	char *driver, *file_driver, *file; /* owned, or NULL */
};

static void json_release(struct json *j)
{
	free(j->driver);
	free(j->file_driver);
	free(j->file);
}

static void skip_space(struct json *j)
{
	j->p += strspn(j->p, " \t\r\n");
}

static bool take(struct json *j, char c)
{
	skip_space(j);
	if (*j->p != c)
		return false;
	j->p++;
	return true;
}

/* RFC 8259, section 7; a surrogate of its own is as good as an error. */
static size_t take_escape(struct json *j, char *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = *j->p ? strchr(from, *j->p) : NULL;
	char digits[5] = "", *end;
	unsigned long c;

	if (found) {
		j->p++;
		*out = to[found - from];
		return 1;
	}
	if (*j->p != 'u' || strlen(j->p) < 5)
		return 0;
	memcpy(digits, j->p + 1, 4);
	c = strtoul(digits, &end, 16);
	if (*end || c == 0 || (c >= 0xd800 && c < 0xe000))
		return 0;
	j->p += 5;
	return utf8_put(out, (uint32_t)c);
}

static char *take_string(struct json *j)
{
	char *text, *out;

	if (!take(j, '"'))
		return NULL;
	/* an escape of six bytes becomes three at most */
	text = out = malloc(strlen(j->p) + 1);
	while (text && *j->p != '"') {
		size_t n = 1;

		if (*j->p == '\\' && j->p++)
			n = take_escape(j, out);
		else
			*out = *j->p ? *j->p++ : '\0';
		if (n == 0 || (n == 1 && *out == '\0')) {
			free(text);
			return NULL;
		}
		out += n;
	}
	if (text) {
		*out = '\0';
		j->p++;
	}
	return text;
}

/* Which of the options is at j->path; of a name that comes twice the last counts, as in qemu. */
static char **option_at(struct json *j)
{
	if (strcmp(j->path, "driver") == 0)
		return &j->driver;
	if (strcmp(j->path, "file.driver") == 0)
		return &j->file_driver;
	if (strcmp(j->path, "file.filename") == 0 || strcmp(j->path, "filename") == 0)
		return &j->file;
	return NULL;
}

static bool take_object(struct json *j);

static bool take_value(struct json *j)
{
	char **option = option_at(j), *text;

	skip_space(j);
	if (*j->p == '{')
		return take_object(j);
	if (*j->p != '"') {
		size_t n = strspn(j->p, "abcdefghijklmnopqrstuvwxyz0123456789+-.E");

		j->p += n;
		return n > 0;
	}
	text = take_string(j);
	if (!text)
		return false;
	if (option) {
		free(*option);
		*option = text;
	} else {
		free(text);
	}
	return true;
}

static bool take_member(struct json *j)
{
	size_t before = strlen(j->path), room = sizeof(j->path) - before;
	_cleanup_free_ char *key = take_string(j);
	bool good;

	if (!key || snprintf(j->path + before, room, "%s%s", before ? "." : "", key) >= (int)room)
		return false;
	good = take(j, ':') && take_value(j);
	j->path[before] = '\0';
	return good;
}

static bool take_object(struct json *j)
{
	bool good = take(j, '{') && ++j->depth <= DEPTH_MAX;

	if (good && !take(j, '}')) {
		do {
			good = take_member(j);
		} while (good && take(j, ','));
		good = good && take(j, '}');
	}
	j->depth--;
	return good;
}

static int refuse_backing(const struct qcow2 *q, const char *what, const char *value,
			  struct error **err)
{
	return error_make(err, EOPNOTSUPP, "%s: qcow2: its parent is named by '%s': %s%s",
			  q->file->name, q->backing_name, what, value);
}

int qcow2_backing_read(struct qcow2 *q, struct error **err)
{
	_cleanup_(json_release) struct json j = { .driver = NULL };

	if (!q->backing_name || !has_prefix(q->backing_name, "json:"))
		return 0;
	j.p = q->backing_name + strlen("json:");
	if (!take_object(&j) || *j.p)
		return refuse_backing(q, "not a JSON object of options", "", err);
	if (j.file_driver && strcmp(j.file_driver, "file") != 0)
		return refuse_backing(q, "only files are parents, not ", j.file_driver, err);
	if (!j.file)
		return refuse_backing(q, "it has no file.filename", "", err);
	free(q->backing_name);
	q->backing_name = steal_ptr(&j.file);
	/* {"driver":"file","filename":...} is the file as it is */
	if (j.driver && !q->backing_format)
		q->backing_format = steal_ptr(&j.driver);
	return 0;
}
