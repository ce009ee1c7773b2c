// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/device/hostspec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *prefix;
	enum host_kind kind;
} prefixes[] = {
	{ "UUID=", HOST_UUID },
	{ "LABEL=", HOST_LABEL },
	{ "PARTUUID=", HOST_PARTUUID },
	{ "PARTLABEL=", HOST_PARTLABEL },
	{ "/dev/disk/by-uuid/", HOST_UUID },
	{ "/dev/disk/by-label/", HOST_LABEL },
	{ "/dev/disk/by-partuuid/", HOST_PARTUUID },
	{ "/dev/disk/by-partlabel/", HOST_PARTLABEL },
	{ "/dev/", HOST_DEVICE },
};

static const struct {
	const char *word;
	enum host_kind kind;
} words[] = {
	{ "", HOST_ANY },
	{ "any", HOST_ANY },
	{ "cdrom", HOST_CDROM },
	{ "usb", HOST_USB },
};

/* from: "\\xNN" */
static bool is_escape(const char *from, size_t length)
{
	return length >= 4 && from[0] == '\\' && from[1] == 'x' &&
	       isxdigit((unsigned char)from[2]) && isxdigit((unsigned char)from[3]);
}

/* Copies from to to (size bytes), undoing \xNN. */
static int hostspec_decode(const char *from, size_t length, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = from[i];

		if (is_escape(from + i, length - i)) {
			const char digits[] = { from[i + 2], from[i + 3], '\0' };

			c = (char)strtoul(digits, NULL, 16);
			i += 3;
		}
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		to[n++] = c;
	}
	to[n] = '\0';
	return 0;
}

static int set_value(struct hostspec *spec, enum host_kind kind, const char *value)
{
	size_t length = strlen(value);

	spec->kind = kind;
	if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
		value++;
		length -= 2;
	}
	if (hostspec_decode(value, length, spec->value, sizeof(spec->value)) < 0 || !*spec->value)
		return -EINVAL;
	return 0;
}

static int device_hostspec_parse(const char *text, struct hostspec *spec)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			spec->kind = words[i].kind;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(text, prefixes[i].prefix, n) == 0)
			return set_value(spec, prefixes[i].kind, text + n);
	}
	if (strpbrk(text, "=/:"))
		return -EINVAL;
	return set_value(spec, HOST_DEVICE, text);
}

int hostspec_parse(const char *text, struct hostspec *ret, struct error **err)
{
	struct hostspec spec = { 0 };

	if (!text)
		text = "";
	if (strlen(text) >= sizeof(spec.text) || device_hostspec_parse(text, &spec) < 0)
		return error_make(err, EINVAL,
				  "'%s' is no host: expected any, UUID=.., LABEL=.., PARTUUID=.., "
				  "PARTLABEL=.., "
				  "/dev/.., cdrom or usb",
				  text);
	snprintf(spec.text, sizeof(spec.text), "%s", *text ? text : "any");
	*ret = spec;
	return 0;
}

static bool same_id(const char *a, const char *b)
{
	if (!*a || !*b)
		return false;
	for (;;) {
		while (*a == '-')
			a++;
		while (*b == '-')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

bool blockdev_named(const struct blockdev *dev, const char *name)
{
	if (strncmp(name, "/dev/", 5) == 0)
		name += 5;
	if (strncmp(name, "mapper/", 7) == 0)
		return *dev->dm_name && strcmp(name + 7, dev->dm_name) == 0;
	return strcmp(name, dev->path + strlen("/dev/")) == 0;
}

bool hostspec_match(const struct hostspec *spec, const struct blockdev *dev,
		    const struct fs_info *fs)
{
	switch (spec->kind) {
	case HOST_ANY:
		return true;
	case HOST_CDROM:
		return dev->cdrom;
	case HOST_USB:
		return strcmp(dev->bus, "usb") == 0;
	case HOST_UUID:
		return same_id(spec->value, fs->uuid);
	case HOST_LABEL:
		return strcmp(spec->value, fs->label) == 0;
	case HOST_PARTUUID:
		return same_id(spec->value, fs->part_uuid);
	case HOST_PARTLABEL:
		return strcmp(spec->value, fs->part_label) == 0;
	case HOST_DEVICE:
		return blockdev_named(dev, spec->value);
	}
	return false;
}

bool hostspec_is_unique(const struct hostspec *spec)
{
	return spec->kind == HOST_UUID || spec->kind == HOST_PARTUUID;
}
