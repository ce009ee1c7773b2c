// SPDX-License-Identifier: GPL-2.0-or-later
/* Disk images of every format that vdattach reads, and cloop. */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/image/image.h"
#include "applets/vdattach/image/open.h"
#include "applets/vdattach/partition/partition.h"
#include "builder/identify/internal.h"

static void resolver_cleanup(struct file_resolver *resolver)
{
	file_resolver_release(resolver);
}

/* How large the disk is, by opening the image and those that it continues. */
static int read_size(const char *path, struct root_facts *facts, struct error **err)
{
	_cleanup_(resolver_cleanup) struct file_resolver resolver = { .opened = NULL };
	_cleanup_source_ struct source *source = NULL;
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_open_how how = { .resolver = &resolver.resolver };
	int r = file_resolver_init(&resolver, path, NULL, err);

	if (r == 0)
		r = source_file_open(path, true, &source, err);
	if (r == 0)
		r = vd_image_open_how(source, &how, &image, err);
	if (r < 0 || !image)
		return r;
	source = NULL;
	facts->virtual_size = image->size;
	return 0;
}

/* A partition table makes a disk of what has no format of its own. */
static int has_partitions(struct source *source, struct error **err)
{
	_cleanup_partition_table_ struct partition_table table = { .items = NULL };
	int r = partition_table_read(source, 0, &table, NULL, err);

	return r < 0 ? r : table.scheme != SCHEME_NONE && table.n > 0;
}

int identify_raw_disk(const char *path, struct source *source, struct root_facts *facts,
		      struct error **err)
{
	int r = has_partitions(source, err);

	if (r <= 0)
		return r;
	facts->kind = "disk";
	facts->format = "raw";
	facts->mode = facts->modes = ROOT_LOOP;
	facts->virtual_size = source->size;
	return 1;
}

int identify_disk(const char *path, struct source *source, struct root_facts *facts,
		  struct error **err)
{
	const struct vd_format_ops *format;
	const char *foreign;
	int r = vd_image_probe(source, &format, &foreign, err);

	if (r < 0 || format == &vd_format_raw)
		return r;
	if (format == &vd_format_cloop) {
		facts->kind = "cloop";
		facts->mode = ROOT_OVERLAY;
		facts->modes = ROOT_OVERLAY | ROOT_LOOP;
	} else {
		facts->kind = "disk";
		/* the first version of it, which vdattach has of its own */
		facts->format = strcmp(format->name, "qcow") == 0 ? "qcow1" : format->name;
		facts->mode = facts->modes = ROOT_LOOP;
	}
	r = read_size(path, facts, err);
	return r < 0 ? r : 1;
}
