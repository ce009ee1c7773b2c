// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vmdk/vmdk.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vbox-uuid.h"

static int vmdk_probe(const struct vd_probe *probe)
{
	struct vmdk_header header;

	if (probe->head_size >= VD_SECTOR && vmdk_header_decode(probe->head, &header))
		return 100;
	return vmdk_is_descriptor(probe->head, probe->head_size) ? 100 : 0;
}

static void vmdk_close(struct vd_image *image)
{
	struct vmdk_state *state = image->state;

	if (!state)
		return;
	vmdk_write_close(image);
	for (size_t i = 0; i < state->n_extents; i++) {
		struct vmdk_extent *extent = state->extents + i;

		vmdk_sparse_free(&extent->sparse);
		if (extent->source != image->source)
			source_close(&extent->source);
	}
	blockmap_free(&state->map);
	source_close(&state->tables);
	free(state->extents);
	vmdk_descriptor_release(&state->descriptor);
	blockcache_free(state->grains);
	free(state->packed);
	vd_decoder_free(state->decoder);
	free(state->buffer);
	free(state);
	image->state = NULL;
}

/* Where the descriptor is: the whole file, or a part of it; *ret_n 0: there is none. */
static int find_descriptor(struct source *source, uint64_t *ret_offset, uint64_t *ret_n,
			   struct error **err)
{
	struct vmdk_header header;
	int r;

	*ret_offset = *ret_n = 0;
	r = vmdk_header_read(source, &header, err);
	if (r < 0)
		return r;
	if (!header.descriptor_offset || !header.descriptor_size)
		return 0;
	if (header.descriptor_size > VMDK_DESCRIPTOR_MAX / VD_SECTOR ||
	    header.descriptor_offset > source->size / VD_SECTOR ||
	    header.descriptor_size * VD_SECTOR >
		    source->size - header.descriptor_offset * VD_SECTOR)
		return error_make(err, EINVAL,
				  "%s: VMDK header: descriptor of %" PRIu64
				  " sectors at sector %" PRIu64 " does not fit into the file",
				  source->name, header.descriptor_size, header.descriptor_offset);
	*ret_offset = header.descriptor_offset * VD_SECTOR;
	*ret_n = header.descriptor_size * VD_SECTOR;
	return 0;
}

/* Reads the descriptor of a sparse file or a descriptor file; *ret_offset: where its text begins.
 */
static int vmdk_read_descriptor(struct source *source, struct vmdk_descriptor *ret,
				uint64_t *ret_offset, struct error **err)
{
	_cleanup_free_ char *text = NULL;
	uint8_t head[VD_SECTOR] = { 0 };
	struct vmdk_header header;
	uint64_t n = source->size;
	int r = source_pread(source, head, (size_t)MIN(n, (uint64_t)sizeof(head)), 0, err);

	*ret_offset = 0;
	if (r == 0 && vmdk_header_decode(head, &header))
		r = find_descriptor(source, ret_offset, &n, err);
	if (r < 0)
		return r;
	if (n > VMDK_DESCRIPTOR_MAX)
		return error_make(err, EINVAL,
				  "%s: VMDK descriptor of %" PRIu64
				  " bytes, expected at most 1 MiB",
				  source->name, n);
	text = malloc(n + 1);
	if (!text)
		return error_sys(err, ENOMEM, "cannot open '%s'", source->name);
	r = source_pread(source, text, n, *ret_offset, err);
	return r < 0 ? r : vmdk_descriptor_parse(text, n, source->name, ret, err);
}

bool vmdk_find_descriptor(struct source *source, struct vmdk_descriptor *ret)
{
	uint8_t head[VD_SECTOR] = { 0 };
	size_t n = (size_t)MIN(source->size, (uint64_t)sizeof(head));
	uint64_t offset;

	return source_pread(source, head, n, 0, NULL) == 0 &&
	       (memcmp(head, VMDK_MAGIC, 4) == 0 || vmdk_is_descriptor(head, n)) &&
	       vmdk_read_descriptor(source, ret, &offset, NULL) == 0;
}

/* What may never be written to is lowered to read-only; -r says that the user knows. */
static void lower_to_read_only(struct vd_image *image)
{
	struct vmdk_state *state = image->state;

	for (size_t i = 0; i < state->n_extents; i++) {
		const struct vmdk_sparse *s = state->extents[i].sparse;

		if (s && (vmdk_sparse_is_compressed(s) || s->header.version == 3 ||
			  s->header.kind != VMDK_HOSTED))
			image->read_only = true;
	}
	/* an extent alone: who writes to it behind the back of its descriptor breaks the content id
	 */
	if (!state->descriptor.n_extents)
		image->read_only = true;
}

static int vmdk_open(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = calloc(1, sizeof(*state));
	bool wanted = !image->read_only;
	int r;

	if (!state)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	image->state = state;
	r = vmdk_read_descriptor(image->source, &state->descriptor, &state->descriptor_offset, err);
	if (!r)
		r = vmdk_open_extents(image, err);
	if (!r)
		lower_to_read_only(image);
	if (!r && wanted && image->read_only)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VMDK of a kind that can only be read", image->source->name);
	if (!r && !image->read_only)
		r = vmdk_write_open(image, err);
	if (r < 0) {
		vmdk_close(image);
		return r;
	}
	image->variant = state->descriptor.create_type ? state->descriptor.create_type : "extent";
	return 0;
}

static int vmdk_extent_at(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
			  struct error **err)
{
	struct vmdk_extent *extent = vmdk_find_extent(image->state, offset);
	uint64_t at = offset - extent->start;
	int r;

	if (!extent->accessible)
		return error_make(err, EACCES,
				  "%s: VMDK descriptor: no access to the extent at offset %" PRIu64,
				  image->source->name, extent->start);
	*ret = (struct vd_extent){ .kind = VD_EXTENT_ZERO, .length = extent->size - at };
	if (extent->type == VMDK_ZERO)
		return 0;
	if (extent->type == VMDK_FLAT) {
		ret->kind = VD_EXTENT_DATA;
		ret->host_offset = extent->offset + at;
		ret->source = extent->source;
		return 0;
	}
	r = vmdk_sparse_extent(extent->sparse, at, ret, err);
	ret->length = MIN(ret->length, extent->size - at);
	return r;
}

/*
 * VMware names the parent's file, if it is in another directory by its path on that machine: its
 * content id tells whether the one beside the image is it.
 */
static int add_hint(const char *hint, struct vd_parent_ref *ret, struct error **err)
{
	const char *last = strrchr(hint, '/');
	int r = vd_parent_ref_add(ret, hint, err);

	return r < 0 || !last || !last[1] ? r : vd_parent_ref_add(ret, last + 1, err);
}

static bool has_cid(const void *id, struct source *file)
{
	const uint32_t *cid = id;
	struct vmdk_descriptor d;
	bool result;

	if (!vmdk_find_descriptor(file, &d))
		return false;
	result = d.cid_at && d.cid == *cid;
	vmdk_descriptor_release(&d);
	return result;
}

/*
 * By the hint, or under another name by the content id, which changes whenever the content does.
 * All that were never written to share one.
 */
static int find_by_cid(struct vd_image *image, const struct vmdk_descriptor *d,
		       struct vd_parent_ref *ret, struct error **err)
{
	int r = 0;

	if (d->parent_hint && *d->parent_hint)
		r = add_hint(d->parent_hint, ret, err);
	if (r < 0 || d->parent_cid == VMDK_NO_CID || d->parent_cid == VMDK_FIRST_CID)
		return r;
	return vd_parent_search(image, has_cid, &d->parent_cid, ret, err);
}

/* VirtualBox gives the parent's UUID, and often nothing else. */
static int vmdk_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	struct vmdk_state *state = image->state;
	const struct vmdk_descriptor *d = &state->descriptor;
	int r;

	if (!vmdk_has_parent(d))
		return 0;
	if (image->parent)
		return vd_parent_ref_add(ret, "as given", err);
	r = find_by_cid(image, d, ret, err);
	if (r == 0 && d->parent_uuid)
		r = vbox_find_parent(image, d->parent_uuid, ret, err);
	if (r < 0 || ret->n_names)
		return r;
	return error_make(
		err, EINVAL,
		"%s: VMDK descriptor: parentCID %08x, but no parentFileNameHint: name the "
		"parent",
		image->source->name, d->parent_cid);
}

static int vmdk_matches_parent(struct vd_image *image, struct vd_image *candidate,
			       struct error **err)
{
	struct vmdk_state *state = image->state, *other = candidate->state;
	const struct vmdk_descriptor *d = &state->descriptor;

	if (d->parent_cid == VMDK_NO_CID)
		return vbox_matches_parent(image, candidate, d->parent_uuid,
					   d->parent_modified_uuid, err);
	if (candidate->format != image->format)
		return error_make(err, ESTALE, "%s: continues a VMDK, but '%s' is of format %s",
				  image->source->name, candidate->source->name,
				  candidate->format->name);
	if (other->descriptor.cid == d->parent_cid)
		return 0;
	return error_make(err, ESTALE,
			  "%s: continues content id %08x, but '%s' has %08x: it was written to "
			  "since, or is another disk",
			  image->source->name, d->parent_cid, candidate->source->name,
			  other->descriptor.cid);
}

const struct vd_format_ops vd_format_vmdk = {
	.name = "vmdk",
	.probe = vmdk_probe,
	.open = vmdk_open,
	.extent = vmdk_extent_at,
	.pread = vmdk_pread,
	.write = &vmdk_write_ops,
	.check = vmdk_check,
	.parent = vmdk_parent,
	.matches_parent = vmdk_matches_parent,
	.close = vmdk_close,
};
