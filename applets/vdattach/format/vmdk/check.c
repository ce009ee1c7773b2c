// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vmdk/vmdk.h"

/* The second set of tables is for rescue tools; the first is what counts. */
static int check_redundant(struct vd_image *image, struct vmdk_sparse *s, struct error **err)
{
	uint8_t first[VMDK_TABLE_BYTES], second[VMDK_TABLE_BYTES];
	uint64_t differ = 0;
	int r = 0;

	for (uint64_t i = 0; s->redundant && i < s->n_tables; i++) {
		if (!s->directory[i] || !s->redundant[i])
			continue;
		r = blockmap_read(s->map, vmdk_table_at(s, s->directory[i]), first, sizeof(first),
				  err);
		if (r == 0)
			r = blockmap_read(s->map, vmdk_table_at(s, s->redundant[i]), second,
					  sizeof(second), err);
		if (r < 0)
			return r;
		differ += memcmp(first, second, sizeof(first)) != 0;
	}
	if (differ)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VMDK: %" PRIu64
			     " redundant grain tables are outdated: the next writer updates them",
			     s->source->name, differ);
	return 0;
}

/* Decodes every compressed grain: zlib's checksum tells what is damaged. */
static int check_packed(struct vd_image *image, const struct vmdk_extent *extent)
{
	const struct vmdk_sparse *s = extent->sparse;

	for (uint64_t at = 0; at < extent->size; at += s->grain_size) {
		_cleanup_error_ struct error *failed = NULL;
		struct vd_extent where = { .length = 0 };
		uint8_t byte;
		int r;

		r = vmdk_sparse_extent(extent->sparse, at, &where, &failed);
		if (r == 0 && where.kind == VD_EXTENT_ENCODED)
			r = vmdk_pread(image, &byte, 1, extent->start + at, &failed);
		if (r < 0)
			findings_add(&image->findings, FINDING_ERROR, "%s", error_msg(failed));
	}
	return 0;
}

static void check_space(struct vd_image *image, const struct vmdk_sparse *s,
			const struct vmdk_usage *usage)
{
	const char *name = s->source->name;
	uint64_t start = usage->end - usage->grains * s->grain_size;
	uint64_t tables = s->header.overhead * VD_SECTOR;

	if (usage->grains && start > tables && start - tables >= s->grain_size)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " unreferenced (leaked) bytes among the grains", name,
			     start - tables);
	if (s->source->size > usage->end)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " bytes at offset %" PRIu64
			     " behind the last grain are unreferenced (leaked)",
			     name, s->source->size - usage->end, usage->end);
}

static int check_extent(struct vd_image *image, const struct vmdk_extent *extent,
			struct error **err)
{
	struct vmdk_sparse *s = extent->sparse;
	struct vmdk_usage usage;
	int r;

	r = vmdk_survey(s, &usage, &image->findings, err);
	if (r < 0)
		return r;
	if (vmdk_sparse_is_compressed(s))
		return check_packed(image, extent);
	/* ESX takes space ahead, and its headers do not say where the grains begin */
	if (s->header.kind != VMDK_HOSTED)
		return 0;
	/* the overhead may be padded to whole grains */
	usage.end = MAX(usage.end, MIN(s->header.overhead, UINT32_MAX) * VD_SECTOR);
	check_space(image, s, &usage);
	if (s->header.unclean && image->read_only)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VMDK header: was not closed by its last writer", s->source->name);
	return check_redundant(image, s, err);
}

int vmdk_check(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r = 0;

	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		if (state->extents[i].sparse)
			r = check_extent(image, state->extents + i, err);
	}
	return r;
}
