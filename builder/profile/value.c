// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile/value.h"

#include <ctype.h>
#include <string.h>

#include "common/macro.h"

const char *after_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (!mul_u64(n, 10, &n) || !add_u64(n, (uint64_t)(*text - '0'), &n) || n > max)
			return false;
	}
	*ret = n;
	return true;
}

bool parse_mode(const char *text, mode_t *ret)
{
	mode_t mode = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return false;
		mode = mode << 3 | (mode_t)(*text - '0');
	}
	if (mode > 07777)
		return false;
	*ret = mode;
	return true;
}

static bool unit_shift(char unit, unsigned *ret)
{
	static const char units[] = "kmgt";
	const char *p = unit ? strchr(units, tolower((unsigned char)unit)) : NULL;

	if (!p)
		return false;
	*ret = 10 * (unsigned)(p - units + 1);
	return true;
}

bool parse_size(const char *text, uint64_t *ret_bytes, unsigned *ret_percent)
{
	size_t len = strlen(text);
	char digits[24] = "";
	uint64_t n;
	unsigned shift = 0;
	bool percent = len && text[len - 1] == '%';
	bool unit = percent || (len && unit_shift(text[len - 1], &shift));

	if (len - unit >= sizeof(digits))
		return false;
	memcpy(digits, text, len - unit);
	if (!parse_number(digits, percent ? 100 : UINT64_MAX >> shift, &n) || !n)
		return false;
	*ret_percent = percent ? (unsigned)n : 0;
	*ret_bytes = percent ? 0 : n << shift;
	return true;
}

bool is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdefABCDEF") == len;
}

/* In a pattern, 'x' is a hexadecimal digit, 'd' a decimal one, the rest stands for itself. */
static bool matches(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++) {
		if (*pattern == 'x'   ? !isxdigit((unsigned char)*text)
		    : *pattern == 'd' ? !isdigit((unsigned char)*text)
				      : *text != *pattern)
			return false;
	}
	return !*text;
}

static const char rfc4122[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

bool is_fs_uuid(const char *text)
{
	return matches(text, rfc4122) || matches(text, "xxxx-xxxx") ||
	       matches(text, "xxxxxxxxxxxxxxxx") || matches(text, "dddd-dd-dd-dd-dd-dd-dd");
}

/* UUID of a partition: GPT's, or DISKID-NN of an MBR. */
static bool is_part_uuid(const char *text)
{
	return matches(text, rfc4122) || matches(text, "xxxxxxxx-xx");
}

static const char *label_problem(const char *label, size_t max)
{
	if (!*label)
		return "has no label";
	return strlen(label) > max ? "has a label longer than any file system can hold" : NULL;
}

const char *host_spec_problem(const char *text)
{
	const char *value;

	if (!strcmp(text, "any") || !strcmp(text, "cdrom") || !strcmp(text, "usb"))
		return NULL;
	if ((value = after_prefix(text, "UUID=")))
		return is_fs_uuid(value)
			       ? NULL
			       : "is not the UUID of a file system: blkid prints them as "
				 "8-4-4-4-12 "
				 "hexadecimal digits, XXXX-XXXX (FAT) or 16 digits (NTFS)";
	if ((value = after_prefix(text, "PARTUUID=")))
		return is_part_uuid(value)
			       ? NULL
			       : "is not the UUID of a partition: blkid prints them as 8-4-4-4-12 "
				 "hexadecimal digits (GPT) or XXXXXXXX-XX (MBR)";
	if ((value = after_prefix(text, "LABEL=")))
		return label_problem(value, 255);
	if ((value = after_prefix(text, "PARTLABEL=")))
		return label_problem(value, 108);
	if ((value = after_prefix(text, "/dev/")))
		return *value ? NULL : "names no device";
	return "is not a device: write any, cdrom, usb, /dev/..., or UUID= LABEL= PARTUUID= "
	       "PARTLABEL= and a value";
}

const char *host_path_problem(const char *text)
{
	_cleanup_free_ char *host = NULL;
	const char *path = strstr(text, ":/");

	if (*text == '/')
		return text[1] ? NULL : "names no file or directory";
	if (!path)
		return "needs an absolute path, alone or behind HOST:";
	if (!path[2])
		return "names no file or directory";
	host = strndup(text, (size_t)(path - text));
	return host ? host_spec_problem(host) : "does not fit into memory";
}

const char *image_path_problem(const char *text)
{
	const char *p = text;

	if (*p != '/')
		return "is not an absolute path in the image";
	if (!p[1])
		return "is the root of the image itself";
	while (*p) {
		size_t len = strcspn(++p, "/");

		if (len == 0)
			return "has an empty path component ('//' or '/' at the end)";
		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return "has '.' or '..' as a path component";
		if (len > 255)
			return "has a path component of more than 255 bytes";
		p += len;
	}
	return strlen(text) > 4095 ? "is longer than 4095 bytes" : NULL;
}
