// SPDX-License-Identifier: GPL-2.0-or-later
/* Words for files that are no root. */
#include <string.h>

#include "applets/vdattach/image/image.h"
#include "builder/identify/internal.h"

#define HEAD_SIZE 4096u

struct name {
	const char *format, *text;
};

/* The names of vd_foreign_probe, for those who do not know them. */
static const struct name foreign_names[] = {
	{ "qed", "a QED disk image" },
	{ "parallels", "a Parallels disk image" },
	{ "bochs", "a Bochs disk image" },
	{ "gzip", "gzip-compressed data other than an archive" },
	{ "xz", "xz-compressed data other than an archive" },
	{ "zstd", "zstd-compressed data other than an archive" },
	{ "bzip2", "bzip2-compressed data other than an archive" },
	{ "zip", "a ZIP archive" },
	{ "7z", "a 7z archive" },
	{ "ewf", "an EWF disk image" },
	{ "aff", "an AFF disk image" },
	{ "sparseimage", "an Apple sparse image" },
	{ "wim", "a Windows image (WIM)" },
	{ "dmg", "an Apple disk image (DMG)" },
};

static bool is_text(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] == 0x7f || (data[i] < ' ' && !strchr("\t\n\f\r\033", data[i])))
			return false;
	return memchr(data, 0, len) == NULL;
}

static bool is_zero(const uint8_t *data, size_t len)
{
	return len > 0 && data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

static const char *describe_foreign(const char *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign_names); i++)
		if (!strcmp(foreign_names[i].format, format))
			return foreign_names[i].text;
	return "data of a known but unsuitable format";
}

const char *describe_file(struct source *source)
{
	const struct vd_format_ops *format;
	const char *foreign = NULL;
	uint8_t head[HEAD_SIZE];
	size_t len = (size_t)MIN(source->size, (uint64_t)sizeof(head));

	if (vd_image_probe(source, &format, &foreign, NULL) == 0 && foreign)
		return describe_foreign(foreign);
	if (source_pread(source, head, len, 0, NULL) < 0)
		return "unreadable";
	if (len >= 4 && memcmp(head, "\177ELF", 4) == 0)
		return "an ELF program or library";
	if (len >= 2 && memcmp(head, "MZ", 2) == 0)
		return "a kernel or an EFI or Windows program";
	if (is_zero(head, len))
		return "zeros at its start, without a file system or partition table";
	return is_text(head, len) ? "text" : "data that is not recognised";
}
