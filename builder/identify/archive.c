// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives that unpackroot unpacks. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "builder/identify/internal.h"
#include "common/text.h"

#define BLOCK 65536

static void reader_freep(struct archive **reader)
{
	archive_read_free(*reader);
}

/* What unpackroot has codecs for, then what is only recognised, to say so. */
static const struct {
	const char *name;
	int filter;
	bool unpacks;
} filters[] = {
	{ NULL, ARCHIVE_FILTER_NONE, true },
	{ "zstd", ARCHIVE_FILTER_ZSTD, true },
	{ "xz", ARCHIVE_FILTER_XZ, true },
	{ "gzip", ARCHIVE_FILTER_GZIP, true },
	{ "bzip2", ARCHIVE_FILTER_BZIP2, true },
	{ "lz4", ARCHIVE_FILTER_LZ4, false },
	{ "lzip", ARCHIVE_FILTER_LZIP, false },
	{ "lzma", ARCHIVE_FILTER_LZMA, false },
	{ "compress", ARCHIVE_FILTER_COMPRESS, false },
};

static void set_up_reader(struct archive *reader)
{
	archive_read_support_format_tar(reader);
	archive_read_support_format_cpio(reader);
	archive_read_support_filter_zstd(reader);
	archive_read_support_filter_xz(reader);
	archive_read_support_filter_gzip(reader);
	archive_read_support_filter_bzip2(reader);
	archive_read_support_filter_lz4(reader);
	archive_read_support_filter_lzip(reader);
	archive_read_support_filter_lzma(reader);
	archive_read_support_filter_compress(reader);
}

/* Refuses what is compressed twice or in a way that unpackroot does not know. */
static int read_filters(const char *path, struct archive *reader, struct root_facts *facts,
			struct error **err)
{
	int filter = archive_filter_code(reader, 0);
	const char *name = archive_filter_name(reader, 0);

	/* the last one is the file itself */
	for (size_t i = 0; i < ARRAY_SIZE(filters) && archive_filter_count(reader) <= 2; i++) {
		if (filters[i].filter != filter || !filters[i].unpacks)
			continue;
		facts->compression = filters[i].name;
		return 0;
	}
	return error_make(err, EINVAL,
			  "'%s' is an archive compressed by %s%s, which unpackroot cannot read: "
			  "compress it by zstd, xz, gzip or bzip2",
			  path, name ? name : "another program",
			  archive_filter_count(reader) > 2 ? " and others" : "");
}

/* Whether the first member's name shows an archive of disks or of container layers. */
static const char *archive_of(const char *name)
{
	size_t len = strlen(name), hex;

	if (has_prefix(name, "./"))
		name += 2;
	hex = strspn(name, "0123456789abcdef");
	if (has_prefix(name, "blobs/") || !strcmp(name, "oci-layout") ||
	    !strcmp(name, "index.json") || !strcmp(name, "manifest.json") ||
	    !strcmp(name, "repositories") ||
	    (hex == 64 && (name[hex] == '/' || !strcmp(name + hex, ".json"))))
		return "a container image";
	if (len > 4 && !strcmp(name + strlen(name) - 4, ".ovf"))
		return "a virtual appliance (OVA)";
	return NULL;
}

/* What else than a root the archive is of. Directories, with which one made of "." begins, show
 * nothing by themselves. */
static const char *look_at_start(struct archive *reader, struct archive_entry *entry)
{
	const char *name, *what;
	int r;

	do {
		name = archive_entry_pathname(entry);
		what = archive_of(name ? name : "");
		if (what || archive_entry_filetype(entry) != AE_IFDIR)
			return what;
		r = archive_read_next_header(reader, &entry);
	} while (r == ARCHIVE_OK || r == ARCHIVE_WARN);
	return NULL;
}

/* Both become a root by pack. */
static int refuse_other(const char *path, const char *what, struct error **err)
{
	return error_make(err, EINVAL,
			  "'%s' is an archive of %s, not of a root: mkvinitrd pack makes a root "
			  "of its content",
			  path, what);
}

int identify_archive(const char *path, struct root_facts *facts, struct error **err)
{
	_cleanup_(reader_freep) struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	const char *what;
	int r;

	if (!reader)
		return error_no_memory(err);
	set_up_reader(reader);
	if (archive_read_open_filename(reader, path, BLOCK) != ARCHIVE_OK)
		return 0;
	/* zeros are a tar archive without members: they may as well be the start of a disk */
	r = archive_read_next_header(reader, &entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return 0;
	r = read_filters(path, reader, facts, err);
	if (r < 0)
		return r;
	what = look_at_start(reader, entry);
	if (what)
		return refuse_other(path, what, err);
	facts->kind = (archive_format(reader) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_CPIO
			      ? "cpio"
			      : "tar";
	facts->mode = facts->modes = ROOT_TMPFS;
	return 1;
}
