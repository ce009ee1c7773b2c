// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int bad_size(const char *text, struct error **err)
{
	return error_make(err, EINVAL,
			  "size '%s': expected a number with k, m, g or t, or 1%% to 100%%", text);
}

static bool unit_factor(const char *unit, uint64_t *ret)
{
	static const char units[] = "kmgt";
	const char *p;

	*ret = 1;
	if (!*unit)
		return true;
	p = unit[1] ? NULL : strchr(units, tolower((unsigned char)*unit));
	if (!p)
		return false;
	*ret = 1ULL << (10 * (p - units + 1));
	return true;
}

int size_parse(const char *text, struct size_spec *ret, struct error **err)
{
	uint64_t factor, value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return bad_size(text, err);
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || value == 0)
		return bad_size(text, err);
	if (strcmp(end, "%") == 0) {
		if (value > 100)
			return bad_size(text, err);
		*ret = (struct size_spec){ .given = true, .percent = true, .value = value };
		return 0;
	}
	if (!unit_factor(end, &factor) || !mul_u64(value, factor, &value) || value > INT64_MAX)
		return bad_size(text, err);
	*ret = (struct size_spec){ .given = true, .value = value };
	return 0;
}

/* Cuts ",SIZE" off path, if that is what its end is. */
static void split_size(char *path, struct size_spec *ret)
{
	char *comma = strrchr(path, ',');

	if (comma && size_parse(comma + 1, ret, NULL) == 0)
		*comma = '\0';
}

static int parse_path(const char *text, enum upper_kind kind, struct upper_spec *ret,
		      struct error **err)
{
	if (*text != '/')
		return error_make(err, EINVAL, "upper '%s': expected a path that begins with /",
				  text);
	ret->kind = kind;
	ret->path = strdup(text);
	if (!ret->path)
		return error_sys(err, ENOMEM, "upper '%s'", text);
	if (kind == UPPER_FILE)
		split_size(ret->path, &ret->size);
	return 0;
}

/* SIZE[,nr_inodes=N] */
static int parse_ram(const char *text, struct upper_spec *ret, struct error **err)
{
	static const char inodes[] = ",nr_inodes=";
	const char *comma = strstr(text, inodes);
	const int len = comma ? (int)(comma - text) : (int)strlen(text);
	char size[32], *end = NULL;

	if (snprintf(size, sizeof(size), "%.*s", len, text) >= (int)sizeof(size))
		return bad_size(text, err);
	if (comma) {
		comma += strlen(inodes);
		errno = 0;
		ret->inodes = strtoull(comma, &end, 10);
		if (errno || !isdigit((unsigned char)*comma) || *end)
			return error_make(err, EINVAL, "upper 'ram:%s': expected nr_inodes=NUMBER",
					  text);
	}
	return size_parse(size, &ret->size, err);
}

int upper_parse(const char *text, struct upper_spec *ret, struct error **err)
{
	*ret = (struct upper_spec){ .kind = UPPER_RAM };
	if (strcmp(text, "ram") == 0)
		return 0;
	if (strncmp(text, "ram:", 4) == 0)
		return parse_ram(text + 4, ret, err);
	if (strncmp(text, "dir:", 4) == 0)
		return parse_path(text + 4, UPPER_DIR, ret, err);
	if (strncmp(text, "file:", 5) == 0)
		return parse_path(text + 5, UPPER_FILE, ret, err);
	if (strncmp(text, "device:", 7) == 0)
		return parse_path(text + 7, UPPER_DEVICE, ret, err);
	return error_make(err, EINVAL,
			  "upper '%s': expected ram[:SIZE], dir:/path, file:/path[,SIZE] or "
			  "device:/dev/x",
			  text);
}

/* Takes one lower from *text, which then stands behind its colon, or is NULL when there was none.
 */
static char *take_lower(const char **text)
{
	char *word = malloc(strlen(*text) + 1), *out = word;
	const char *p = *text;

	if (!word)
		return NULL;
	while (*p && *p != ':') {
		if (*p == '\\' && (p[1] == ':' || p[1] == '\\'))
			p++;
		*out++ = *p++;
	}
	*out = '\0';
	*text = *p ? p + 1 : NULL;
	return word;
}

static int add_lower(char **ret, int count, char *word, struct error **err)
{
	if (!word)
		return error_sys(err, ENOMEM, "lowers");
	if (*word && count < MAX_LOWERS) {
		ret[count] = word;
		return 0;
	}
	free(word);
	if (count == MAX_LOWERS)
		return error_make(err, EINVAL, "more than %d lowers", MAX_LOWERS);
	return error_make(err, EINVAL, "an empty lower: expected LOWER[:LOWER...]");
}

int lowers_parse(const char *text, char **ret, struct error **err)
{
	int count = 0, r = 0;

	if (access(text, F_OK) == 0) {
		r = add_lower(ret, 0, strdup(text), err);
		return r < 0 ? r : 1;
	}
	while (text && r == 0) {
		r = add_lower(ret, count, take_lower(&text), err);
		if (r == 0)
			count++;
	}
	if (r == 0)
		return count;
	while (count > 0)
		free(ret[--count]);
	return r;
}
