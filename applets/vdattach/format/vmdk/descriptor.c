// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vmdk/descriptor.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "applets/vdattach/format/common/utf8.h"

/* One line while it is parsed: p moves towards end. */
struct cursor {
	const char *p, *end;
};

struct parser {
	const char *text, *name;
	unsigned int line;
	struct vmdk_descriptor *d;
};

/* "# Disk DescriptorFile" in any case; scripts put the spaces elsewhere. */
static bool is_heading(const char *p, const char *end)
{
	const char *want = "#diskdescriptorfile";

	for (; p < end && *want; p++) {
		if (*p == ' ')
			continue;
		if (tolower((unsigned char)*p) != *want)
			return false;
		want++;
	}
	return !*want;
}

/* VMware itself wants no heading, but that the first setting is the version. */
static bool is_version(const char *p, const char *end)
{
	return end - p > 8 && strncasecmp(p, "version=", 8) == 0 && isdigit((unsigned char)p[8]);
}

bool vmdk_is_descriptor(const void *head, size_t n)
{
	const char *p = head, *end = p + n;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	/* editors and scripts put empty lines and comments of their own before the heading */
	while (p < end && (isspace((unsigned char)*p) || *p == '#')) {
		if (is_heading(p, end))
			return true;
		if (*p == '#')
			p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return false;
		p++;
	}
	return is_version(p, end);
}

bool vmdk_has_parent(const struct vmdk_descriptor *d)
{
	return d->parent_cid != VMDK_NO_CID || d->parent_uuid;
}

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* The next word: up to a space or '='. False at the end. */
static bool take_word(struct cursor *c, struct cursor *ret)
{
	skip_space(c);
	ret->p = c->p;
	while (c->p < c->end && !strchr(" \t\r=", *c->p))
		c->p++;
	ret->end = c->p;
	return ret->p < ret->end;
}

static bool is(const struct cursor *word, const char *text)
{
	size_t n = (size_t)(word->end - word->p);

	return n == strlen(text) && strncasecmp(word->p, text, n) == 0;
}

static bool take_number(struct cursor *c, uint64_t *ret)
{
	uint64_t value = 0;
	struct cursor word;

	if (!take_word(c, &word))
		return false;
	for (; word.p < word.end; word.p++) {
		if (!isdigit((unsigned char)*word.p) || !mul_u64(value, 10, &value) ||
		    !add_u64(value, (uint64_t)(*word.p - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool hex_value(const struct cursor *word, uint32_t *ret)
{
	uint32_t value = 0;

	if (word->end - word->p > 8 || word->end == word->p)
		return false;
	for (const char *p = word->p; p < word->end; p++) {
		if (!isxdigit((unsigned char)*p))
			return false;
		value = value << 4 | (uint32_t)(isdigit((unsigned char)*p)
							? *p - '0'
							: tolower((unsigned char)*p) - 'a' + 10);
	}
	*ret = value;
	return true;
}

/* A value in double quotes, or bare up to the end of the line. */
static struct cursor take_value(struct cursor *c)
{
	struct cursor value;

	skip_space(c);
	if (c->p < c->end && *c->p == '"') {
		const char *close = memchr(c->p + 1, '"', (size_t)(c->end - c->p - 1));

		value = (struct cursor){ c->p + 1, close ? close : c->end };
		c->p = close ? close + 1 : c->end;
		return value;
	}
	value = *c;
	while (value.end > value.p && strchr(" \t\r", value.end[-1]))
		value.end--;
	c->p = c->end;
	return value;
}

static int bad_line(const struct parser *parser, const char *expected, struct error **err)
{
	return error_make(err, EINVAL, "%s: VMDK descriptor, line %u: expected %s", parser->name,
			  parser->line, expected);
}

static int set_text(const struct parser *parser, const struct cursor *value, char **slot,
		    struct error **err)
{
	free(*slot);
	*slot = strndup(value->p, (size_t)(value->end - value->p));
	return *slot ? 0 : error_sys(err, ENOMEM, "%s", parser->name);
}

/* A UUID of zeros means that there is none. */
static bool is_null_uuid(const struct cursor *value)
{
	for (const char *p = value->p; p < value->end; p++) {
		if (*p != '0' && *p != '-')
			return false;
	}
	return true;
}

static int set_uuid(struct parser *parser, const struct cursor *value, char **slot,
		    struct error **err)
{
	return is_null_uuid(value) ? 0 : set_text(parser, value, slot, err);
}

static int set_cid(struct parser *parser, const struct cursor *value, uint32_t *slot,
		   struct error **err)
{
	if (!hex_value(value, slot))
		return bad_line(parser, "a content id of at most 8 hexadecimal digits", err);
	if (slot == &parser->d->cid) {
		parser->d->cid_at = (size_t)(value->p - parser->text);
		parser->d->cid_digits = (size_t)(value->end - value->p);
	}
	return 0;
}

static int parse_setting(struct parser *parser, const struct cursor *key, struct cursor value,
			 struct error **err)
{
	struct vmdk_descriptor *d = parser->d;
	uint64_t number = 0;

	if (is(key, "CID"))
		return set_cid(parser, &value, &d->cid, err);
	if (is(key, "parentCID"))
		return set_cid(parser, &value, &d->parent_cid, err);
	if (is(key, "encoding"))
		return set_text(parser, &value, &d->encoding, err);
	if (is(key, "createType"))
		return set_text(parser, &value, &d->create_type, err);
	if (is(key, "parentFileNameHint"))
		return set_text(parser, &value, &d->parent_hint, err);
	if (is(key, "ddb.uuid.image"))
		return set_uuid(parser, &value, &d->uuid, err);
	if (is(key, "ddb.uuid.parent"))
		return set_uuid(parser, &value, &d->parent_uuid, err);
	if (is(key, "ddb.uuid.parentmodification"))
		return set_uuid(parser, &value, &d->parent_modified_uuid, err);
	if (is(key, "ddb.uuid.modification")) {
		d->modified_at = (size_t)(value.p - parser->text);
		return set_uuid(parser, &value, &d->modified_uuid, err);
	}
	if (!is(key, "version"))
		return 0;
	if (!take_number(&value, &number) || number < 1 || number > 3)
		return bad_line(parser, "version 1, 2 or 3", err);
	d->version = (unsigned int)number;
	return 0;
}

static enum vmdk_extent_type extent_type(const struct cursor *word)
{
	if (is(word, "FLAT") || is(word, "VMFS"))
		return VMDK_FLAT;
	if (is(word, "SPARSE") || is(word, "VMFSSPARSE") || is(word, "SESPARSE"))
		return VMDK_SPARSE;
	return is(word, "ZERO") ? VMDK_ZERO : VMDK_OTHER;
}

/* RW 4192256 SPARSE "name-s001.vmdk", with an offset behind for FLAT; the access word is taken. */
static int parse_extent(struct parser *parser, const struct cursor *access, struct cursor rest,
			struct error **err)
{
	struct vmdk_descriptor *d = parser->d;
	struct vmdk_extent_line line = { .writable = is(access, "RW"),
					 .accessible = !is(access, "NOACCESS") };
	struct vmdk_extent_line *extents;
	struct cursor word;

	if (!take_number(&rest, &line.sectors) || !take_word(&rest, &word))
		return bad_line(parser, "access, sectors, type and file of an extent", err);
	line.type = extent_type(&word);
	if (d->n_extents == VMDK_EXTENTS_MAX)
		return bad_line(parser, "at most 4096 extents", err);
	extents = realloc(d->extents, (d->n_extents + 1) * sizeof(*extents));
	if (!extents)
		return error_sys(err, ENOMEM, "%s", parser->name);
	d->extents = extents;
	if (line.type != VMDK_ZERO) {
		skip_space(&rest);
		if (rest.p == rest.end)
			return bad_line(parser, "the file of an extent", err);
		/* FreeBSD's mkimg has "" for the file that the descriptor is in */
		word = take_value(&rest);
		skip_space(&rest);
		if (line.type == VMDK_FLAT && rest.p < rest.end &&
		    !take_number(&rest, &line.offset))
			return bad_line(parser, "the offset of an extent", err);
		if (set_text(parser, &word, &line.file, err) < 0)
			return -ENOMEM;
	}
	extents[d->n_extents++] = line;
	return 0;
}

static int vmdk_parse_line(struct parser *parser, struct cursor line, struct error **err)
{
	struct cursor word;

	skip_space(&line);
	if (line.p == line.end || *line.p == '#' || !take_word(&line, &word))
		return 0;
	if (is(&word, "RW") || is(&word, "RDONLY") || is(&word, "NOACCESS"))
		return parse_extent(parser, &word, line, err);
	skip_space(&line);
	if (line.p == line.end || *line.p != '=')
		return 0;
	line.p++;
	return parse_setting(parser, &word, take_value(&line), err);
}

/* What 0x80 to 0x9f are in windows-1252; 0 = the same. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,	0x017d, 0,	0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
};

static int to_utf8(const struct parser *parser, char **name, struct error **err)
{
	size_t n = 0;
	char *text;

	if (!*name)
		return 0;
	text = malloc(strlen(*name) * 4 + 1);
	if (!text)
		return error_sys(err, ENOMEM, "%s", parser->name);
	for (const unsigned char *p = (unsigned char *)*name; *p; p++) {
		uint32_t c = *p >= 0x80 && *p < 0xa0 ? windows_1252[*p - 0x80] : *p;

		n += utf8_put(text + n, c ? c : *p);
	}
	text[n] = '\0';
	free(*name);
	*name = text;
	return 0;
}

/* The host's files have UTF-8 names. Other encodings than these two are not known to be in use. */
static int decode_names(const struct parser *parser, struct error **err)
{
	struct vmdk_descriptor *d = parser->d;
	int r;

	if (!d->encoding || strcasecmp(d->encoding, "windows-1252") != 0)
		return 0;
	r = to_utf8(parser, &d->parent_hint, err);
	for (size_t i = 0; i < d->n_extents && r == 0; i++)
		r = to_utf8(parser, &d->extents[i].file, err);
	return r;
}

int vmdk_descriptor_parse(const char *text, size_t n, const char *name, struct vmdk_descriptor *ret,
			  struct error **err)
{
	struct parser parser = { .text = text, .name = name, .d = ret };
	const char *end = text + strnlen(text, n);
	int r = 0;

	*ret = (struct vmdk_descriptor){ .version = 1, .parent_cid = VMDK_NO_CID };
	for (const char *p = text; p < end && r == 0;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct cursor line = { p, newline ? newline : end };

		parser.line++;
		r = vmdk_parse_line(&parser, line, err);
		p = newline ? newline + 1 : end;
	}
	if (r == 0)
		r = decode_names(&parser, err);
	if (r < 0)
		vmdk_descriptor_release(ret);
	return r;
}

void vmdk_descriptor_release(struct vmdk_descriptor *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n_extents; i++)
		free(d->extents[i].file);
	free(d->extents);
	free(d->create_type);
	free(d->encoding);
	free(d->parent_hint);
	free(d->uuid);
	free(d->modified_uuid);
	free(d->parent_uuid);
	free(d->parent_modified_uuid);
	*d = (struct vmdk_descriptor){ .version = 0 };
}
