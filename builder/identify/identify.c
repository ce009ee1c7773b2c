// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/identify/identify.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/identify/internal.h"

static const struct {
	enum root_mode mode;
	const char *name, *expected;
} modes[] = {
	{ ROOT_OVERLAY, "overlay", "a squashfs, erofs or cloop image, or a Linux file system" },
	{ ROOT_TMPFS, "tmpfs", "a tar or cpio archive, plain or compressed by zst, xz, gz or bz2" },
	{ ROOT_LOOP, "loop", "a disk image or a file system in a file" },
};

const char *root_mode_name(enum root_mode mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].mode == mode)
			return modes[i].name;
	return "unknown";
}

int root_mode_parse(const char *name, enum root_mode *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i].name, name) != 0)
			continue;
		*ret = modes[i].mode;
		return 0;
	}
	return -EINVAL;
}

/* Virtual disks first: what lies in them begins at offset 0 in some formats. */
static int identify_source(const char *path, struct source *source, struct root_facts *facts,
			   struct error **err)
{
	int r = identify_disk(path, source, facts, err);

	/* before file systems, whose magic is far behind that of an archive's first member */
	if (r == 0)
		r = identify_archive(path, facts, err);
	if (r == 0)
		r = identify_filesystem(path, source, facts, err);
	if (r == 0)
		r = error_make(err, EINVAL, "'%s' is %s, which cannot be a root: " ROOT_EXPECTED,
			       path, describe_file(source));
	return r < 0 ? r : 0;
}

int identify_root(const char *path, struct root_facts *ret, struct error **err)
{
	_cleanup_source_ struct source *source = NULL;
	struct root_facts facts = { .kind = NULL };
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return error_sys(err, errno, "cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return error_make(err, EINVAL,
				  "'%s' is a directory, expected a file: mkvinitrd pack makes one "
				  "of it",
				  path);
	r = source_file_open(path, true, &source, err);
	if (r < 0)
		return r;
	if (source->size == 0)
		return error_make(err, EINVAL, "'%s' is empty: " ROOT_EXPECTED, path);
	facts.size = source->size;
	r = identify_source(path, source, &facts, err);
	if (r == 0)
		*ret = facts;
	return r;
}

int identify_check_mode(const char *path, const struct root_facts *facts, enum root_mode mode,
			struct error **err)
{
	if (facts->modes & mode)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].mode == mode)
			return error_make(err, EINVAL,
					  "'%s' is a %s%s%s, which mode %s cannot take (mode %s "
					  "can): expected %s",
					  path, facts->format ? facts->format : "",
					  facts->format ? " " : "", facts->kind, modes[i].name,
					  root_mode_name(facts->mode), modes[i].expected);
	return -EINVAL;
}
