// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/device/hostspec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "applets/findimg/device/links.h"

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
	{ "/dev/disk/by-id/", HOST_BY_ID },
	{ "/dev/disk/by-path/", HOST_BY_PATH },
	{ "/dev/", HOST_DEVICE },
	{ "ID=", HOST_BY_ID },	 /* of libmount */
	{ "WWID=", HOST_BY_ID }, /* of booster */
	{ "HWPATH=", HOST_BY_PATH },
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
	/* as libblkid has it in fstab */
	if (length >= 2 && strchr("\"'", value[0]) && value[length - 1] == value[0]) {
		value++;
		length -= 2;
	}
	if (hostspec_decode(value, length, spec->value, sizeof(spec->value)) < 0 || !*spec->value)
		return -EINVAL;
	return 0;
}

/* "0801": the kernel's own encoding of major and minor, which is also that of its old boot loaders.
 * What begins with a letter is a name. */
static bool take_hexadecimal(const char *text, struct hostspec *spec)
{
	unsigned int number = 0;
	int end = 0;

	if (!isdigit((unsigned char)*text) || strlen(text) < 3 || strchr("xX", text[1]) ||
	    sscanf(text, "%8x%n", &number, &end) != 1 || text[end])
		return false;
	spec->kind = HOST_NUMBER;
	spec->number = makedev((number >> 8) & 0xfff, (number & 0xff) | (number >> 12 & 0xfff00));
	return true;
}

/* "8:1", as the kernel takes it for root= */
static bool take_number(const char *text, struct hostspec *spec)
{
	unsigned int major_number, minor_number;
	int end = 0;

	if (take_hexadecimal(text, spec))
		return true;
	if (sscanf(text, "%u:%u%n", &major_number, &minor_number, &end) != 2 || text[end])
		return false;
	spec->kind = HOST_NUMBER;
	spec->number = makedev(major_number, minor_number);
	return true;
}

/* Cuts "/PARTNROFF=N" off. */
static int take_further(struct hostspec *spec)
{
	char *at = strstr(spec->value, "/PARTNROFF="), *end;
	long number;

	if (spec->kind != HOST_PARTUUID || !at)
		return 0;
	number = strtol(at + strlen("/PARTNROFF="), &end, 10);
	if (*end || !isdigit((unsigned char)end[-1]) || number > 255 || number < -255)
		return -EINVAL;
	spec->further = (int)number;
	*at = '\0';
	return 0;
}

static int device_hostspec_parse(const char *text, struct hostspec *spec)
{
	if (take_number(text, spec))
		return 0;
	if (strncmp(text, "/dev/md/", 8) == 0) {
		spec->kind = HOST_BY_ID;
		return snprintf(spec->value, sizeof(spec->value), "md-name-%s", text + 8) < 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i].word) == 0) {
			spec->kind = words[i].kind;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(text, prefixes[i].prefix, n) == 0)
			return set_value(spec, prefixes[i].kind, text + n) < 0 ? -EINVAL
									       : take_further(spec);
	}
	if (strpbrk(text, "=/:(),")) /* (hd0,1) is GRUB's */
		return -EINVAL;
	return set_value(spec, HOST_DEVICE, text);
}

/* What only udev could make would be waited for in vain. */
static int hostspec_check_link(const struct hostspec *spec, struct error **err)
{
	if (spec->kind == HOST_BY_ID)
		return link_id_check(spec->value, err);
	if (spec->kind == HOST_BY_PATH)
		return link_path_check(spec->value, err);
	if (spec->kind == HOST_DEVICE && strncmp(spec->value, "disk/by-", 8) == 0)
		return error_make(err, EINVAL,
				  "'/dev/%s' cannot be found without udev: name the device by "
				  "UUID=, LABEL=, PARTUUID= or by-id",
				  spec->value);
	return 0;
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
				  "/dev/.., MAJOR:MINOR, cdrom or usb",
				  text);
	if (hostspec_check_link(&spec, err) < 0)
		return -EINVAL;
	snprintf(spec.text, sizeof(spec.text), "%s", *text ? text : "any");
	*ret = spec;
	return 0;
}

/* a may end in '*', for any end of b. */
static bool same_id(const char *a, const char *b)
{
	if (!*a || !*b)
		return false;
	for (;;) {
		while (*a == '-')
			a++;
		while (*b == '-')
			b++;
		if (strcmp(a, "*") == 0)
			return true;
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

/* Is the partition that lies so many before dev the one with that PARTUUID? */
static bool is_further(const struct hostspec *spec, const struct blockdev *dev)
{
	size_t length = strlen(dev->path);
	struct fs_info fs = { 0 };
	char path[sizeof(dev->path) + 16];

	if (!dev->partition || (int)dev->partition <= spec->further)
		return false;
	while (length && isdigit((unsigned char)dev->path[length - 1]))
		length--;
	snprintf(path, sizeof(path), "%.*s%u", (int)length, dev->path,
		 (unsigned int)((int)dev->partition - spec->further));
	(void)!fs_probe(path, 0, &fs, NULL);
	return same_id(spec->value, fs.part_uuid);
}

bool hostspec_match(const struct hostspec *spec, const char *sysfs, const struct blockdev *dev,
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
		return spec->further ? is_further(spec, dev) : same_id(spec->value, fs->part_uuid);
	case HOST_PARTLABEL:
		return strcmp(spec->value, fs->part_label) == 0;
	case HOST_DEVICE:
		return blockdev_named(dev, spec->value);
	case HOST_BY_ID:
		return link_id_match(sysfs, dev, fs, spec->value);
	case HOST_BY_PATH:
		return link_path_match(sysfs, dev, spec->value);
	case HOST_NUMBER:
		return dev->devnum == spec->number;
	}
	return false;
}
