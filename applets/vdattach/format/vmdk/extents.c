// SPDX-License-Identifier: GPL-2.0-or-later
/* From the descriptor's lines to files with tables. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

static int open_sparse(struct vd_image *image, struct vmdk_extent *extent, struct error **err)
{
	int r = vmdk_sparse_open(extent->source, &extent->sparse, err);

	if (r < 0)
		return r;
	if (extent->sparse->directory_damaged)
		findings_add(&image->findings, FINDING_ERROR,
			     "%s: VMDK grain directory is damaged: the redundant one is used",
			     extent->source->name);
	if (extent->size > extent->sparse->size)
		return error_make(err, EINVAL,
				  "%s: VMDK extent of %" PRIu64
				  " bytes, but the descriptor has %" PRIu64 " for it",
				  extent->source->name, extent->sparse->size, extent->size);
	extent->sparse->size = extent->size;
	if (!image->block_size)
		image->block_size = (uint32_t)extent->sparse->grain_size;
	return 0;
}

static int check_flat(const struct vmdk_extent *extent, struct error **err)
{
	const struct source *source = extent->source;

	if (extent->offset <= source->size && extent->size <= source->size - extent->offset)
		return 0;
	return error_make(err, EINVAL,
			  "%s: VMDK flat extent of %" PRIu64 " bytes at offset %" PRIu64
			  " does not fit into the file of %" PRIu64,
			  source->name, extent->size, extent->offset, source->size);
}

/* ESX names files by their path there; what was copied from it lies beside the descriptor. */
static const char *name_here(const char *file)
{
	return strncmp(file, "/vmfs/", 6) == 0 ? strrchr(file, '/') + 1 : file;
}

/* own: the extent is the image's file itself. */
static int open_line(struct vd_image *image, const struct vmdk_extent_line *line, bool own,
		     struct vmdk_extent *extent, struct error **err)
{
	int r = 0;

	if (line->type == VMDK_ZERO || !line->accessible)
		return 0;
	if (line->type == VMDK_OTHER)
		return error_make(err, EOPNOTSUPP,
				  "%s: VMDK descriptor: the type of extent '%s' is not supported, "
				  "expected FLAT, VMFS, SPARSE, VMFSSPARSE, SESPARSE or ZERO",
				  image->source->name, line->file);
	if (own)
		extent->source = image->source;
	else
		r = vmdk_open_named(image, name_here(line->file),
				    image->read_only || !line->writable, &extent->source, err);
	if (r < 0)
		return r;
	return line->type == VMDK_SPARSE ? open_sparse(image, extent, err)
					 : check_flat(extent, err);
}

/* What a line says, before its file is looked at. */
static int plan_line(struct vd_image *image, const struct vmdk_extent_line *line,
		     struct vmdk_extent *ret, struct error **err)
{
	const char *name = image->source->name;

	*ret = (struct vmdk_extent){ .type = line->type, .accessible = line->accessible };
	ret->start = image->size;
	if (!mul_u64(line->sectors, VD_SECTOR, &ret->size) ||
	    !mul_u64(line->offset, VD_SECTOR, &ret->offset) ||
	    !add_u64(image->size, ret->size, &image->size) || image->size > INT64_MAX)
		return error_make(err, EINVAL,
				  "%s: VMDK descriptor: an extent of %" PRIu64
				  " sectors is impossible",
				  name, line->sectors);
	if (!line->writable || !line->accessible)
		image->read_only = true;
	return 0;
}

/* own: the first line is the image's file itself. */
static int open_lines(struct vd_image *image, bool own, struct error **err)
{
	struct vmdk_state *state = image->state;
	const struct vmdk_descriptor *d = &state->descriptor;
	int r = 0;

	if (!d->n_extents)
		return error_make(err, EINVAL, "%s: VMDK descriptor: no extents",
				  image->source->name);
	state->extents = calloc(d->n_extents, sizeof(*state->extents));
	if (!state->extents)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	for (size_t i = 0; i < d->n_extents && r == 0; i++) {
		r = plan_line(image, d->extents + i, state->extents + i, err);
		state->n_extents = i + 1;
	}
	for (size_t i = 0; i < d->n_extents && r == 0; i++)
		r = open_line(image, d->extents + i, own && i == 0, state->extents + i, err);
	return r;
}

/* A sparse file with its descriptor inside, or an extent of another image. */
static int open_single(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	const struct vmdk_descriptor *d = &state->descriptor;
	struct vmdk_extent *extent = calloc(1, sizeof(*extent));
	int r;

	if (!extent)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	state->extents = extent;
	state->n_extents = 1;
	extent->type = VMDK_SPARSE;
	extent->accessible = true;
	extent->source = image->source;
	r = open_sparse(image, extent, err);
	if (r < 0)
		return r;
	if (extent->sparse->header.child)
		return error_make(err, EINVAL,
				  "%s: VMDK %s extent of a snapshot: attach its descriptor",
				  image->source->name,
				  extent->sparse->header.kind == VMDK_SE ? "SESPARSE" : "COWD");
	if (d->n_extents == 0)
		r = vmdk_refuse_piece(image, err);
	if (r < 0)
		return r;
	extent->size = extent->sparse->size = extent->sparse->header.capacity * VD_SECTOR;
	image->size = extent->size;
	if (d->n_extents == 1 && d->extents[0].sectors != extent->sparse->header.capacity)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VMDK header: %" PRIu64 " sectors, the descriptor says %" PRIu64,
			     image->source->name, extent->sparse->header.capacity,
			     d->extents[0].sectors);
	return 0;
}

/* A descriptor inside a sparse file may have more extents than that, or none of it. */
static int open_by_descriptor(struct vd_image *image, struct error **err)
{
	const struct vmdk_state *state = image->state;
	struct vmdk_header header = { .capacity = 0 };
	int r;

	if (state->descriptor_offset != 0 || state->descriptor.n_extents == 0) {
		r = vmdk_header_read(image->source, &header, err);
		if (r < 0)
			return r;
	}
	if (header.capacity && state->descriptor.n_extents <= 1)
		return open_single(image, err);
	return open_lines(image, header.capacity != 0, err);
}

/* Compressed grains are decoded as a whole and kept for a while. */
static int prepare_decoding(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	uint64_t grain = 0;

	for (size_t i = 0; i < state->n_extents; i++) {
		const struct vmdk_sparse *s = state->extents[i].sparse;

		if (s && vmdk_sparse_is_compressed(s))
			grain = MAX(grain, s->grain_size);
	}
	if (!grain)
		return 0;
	state->packed_size = 2 * grain;
	state->packed = malloc(state->packed_size);
	state->grains = blockcache_new(grain, 2 * MIB);
	state->decoder = vd_decoder_new(VD_CODEC_ZLIB);
	if (state->packed && state->grains && state->decoder)
		return 0;
	return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
}

int vmdk_open_extents(struct vd_image *image, struct error **err)
{
	int r = open_by_descriptor(image, err);

	if (r == 0 && image->size == 0)
		r = error_make(err, EINVAL, "%s: VMDK: the disk has no sectors",
			       image->source->name);
	if (r == 0)
		r = vmdk_tables_open(image, err);
	return r < 0 ? r : prepare_decoding(image, err);
}

struct vmdk_extent *vmdk_find_extent(const struct vmdk_state *state, uint64_t offset)
{
	size_t low = 0, high = state->n_extents;

	/* the last one that begins at or before offset; those of no size are passed over */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (state->extents[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return state->extents + low;
}
