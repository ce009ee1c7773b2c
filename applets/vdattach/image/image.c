// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/image/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/image/chain.h"

/* Explicit: a constructor in an archive member that nothing refers to is dropped by the linker. */
static const struct vd_format_ops *const formats[] = {
	&vd_format_vhd,	  &vd_format_vdi,   &vd_format_vmdk, &vd_format_qcow,
	&vd_format_qcow2, &vd_format_cloop, &vd_format_vhdx, &vd_format_raw,
};

#define NOT_YET "format '%s' recognised, but this version cannot read it"

static int read_probe(struct source *source, struct vd_probe *ret, struct error **err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->size = source->size;
	ret->head_size = (size_t)MIN(source->size, (uint64_t)sizeof(ret->head));
	ret->tail_size = source->size >= sizeof(ret->tail) ? sizeof(ret->tail) : 0;
	r = source_pread(source, ret->head, ret->head_size, 0, err);
	if (r < 0 || !ret->tail_size)
		return r;
	return source_pread(source, ret->tail, sizeof(ret->tail), source->size - sizeof(ret->tail),
			    err);
}

static const struct vd_format_ops *best_format(const struct vd_probe *probe, int *ret_score)
{
	const struct vd_format_ops *best = NULL;

	*ret_score = 0;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		int score = formats[i]->probe(probe);

		if (score > *ret_score) {
			*ret_score = score;
			best = formats[i];
		}
	}
	return best;
}

int vd_image_probe(struct source *source, const struct vd_format_ops **ret,
		   const char **ret_foreign, struct error **err)
{
	struct vd_probe probe;
	int r, score;

	r = read_probe(source, &probe, err);
	if (r < 0)
		return r;
	*ret = best_format(&probe, &score);
	*ret_foreign = score == 100 ? NULL : vd_foreign_probe(&probe);
	return 0;
}

static int format_by_content(struct source *source, const struct vd_format_ops **ret,
			     struct error **err)
{
	const char *foreign;
	int r;

	r = vd_image_probe(source, ret, &foreign, err);
	if (r < 0)
		return r;
	if (source->was_raw && *ret != &vd_format_raw)
		return error_make(
			err, EPERM,
			"%s: was attached as a raw disk before, and looks like %s now: its "
			"VM may have written that; specify the format with -f",
			source->name, (*ret)->name);
	if (foreign)
		return error_make(err, EOPNOTSUPP, "%s: " NOT_YET, source->name, foreign);
	return 0;
}

static int unknown_format(const struct source *source, const char *name, struct error **err)
{
	char names[128] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(formats) && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
				      formats[i]->name);
	return error_make(err, EINVAL, "%s: unknown format '%s', expected one of %s", source->name,
			  name, names);
}

static int format_by_name(const struct source *source, const char *name,
			  const struct vd_format_ops **ret, struct error **err)
{
	if (strcmp(name, "vpc") == 0)
		name = "vhd";
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i]->name, name) == 0) {
			*ret = formats[i];
			return 0;
		}
	}
	if (vd_foreign_name(name))
		return error_make(err, EOPNOTSUPP, "%s: " NOT_YET, source->name, name);
	return unknown_format(source, name, err);
}

/* The format's open, then the parents. On failure image still has what is not its own. */
static int open_parts(struct vd_image *image, const struct vd_open_how *how, struct error **err)
{
	int r = image->format->open(image, err);

	if (r < 0)
		return r;
	if (!image->format->write)
		image->read_only = true;
	image->parent = how->parent;
	r = vd_chain_open(image, err);
	if (r < 0 && image->parent == how->parent)
		image->parent = NULL;
	return r;
}

int vd_image_open_how(struct source *source, const struct vd_open_how *how, struct vd_image **ret,
		      struct error **err)
{
	_cleanup_image_ struct vd_image *image = NULL;
	const struct vd_format_ops *ops = NULL;
	int r;

	r = how->format ? format_by_name(source, how->format, &ops, err)
			: format_by_content(source, &ops, err);
	if (r < 0)
		return r;
	image = calloc(1, sizeof(*image));
	if (!image)
		return error_sys(err, ENOMEM, "cannot open '%s'", source->name);
	image->format = ops;
	image->source = source;
	image->read_only = source->read_only;
	image->resolver = how->resolver;
	image->child = how->child;
	image->guessed = how->guessed;
	image->named = how->format != NULL;
	r = open_parts(image, how, err);
	if (r < 0) {
		if (ops->close)
			ops->close(image);
		image->state = NULL;
		image->source = NULL;
		return r;
	}
	if (image->parent)
		image->parent->child = image;
	*ret = steal_ptr(&image);
	return 0;
}

void vd_image_close(struct vd_image **image)
{
	struct vd_image *i = *image;

	*image = NULL;
	/* a loop, not a recursion: chains may be long */
	while (i) {
		struct vd_image *parent = i->parent;

		if (i->format->close && i->source)
			i->format->close(i);
		source_close(&i->source);
		findings_release(&i->findings);
		free(i);
		i = parent;
	}
}

int vd_image_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		    struct error **err)
{
	struct vd_extent extent = { .kind = VD_EXTENT_ZERO };
	int r;

	if (offset >= image->size)
		return error_make(err, ERANGE,
				  "%s: offset %" PRIu64 " is beyond the disk of %" PRIu64,
				  image->source->name, offset, image->size);
	r = image->format->extent(image, offset, &extent, err);
	if (r < 0)
		return r;
	/* every walk over extents relies on getting ahead */
	if (extent.length == 0)
		return error_make(err, EIO, "%s: empty extent at offset %" PRIu64,
				  image->source->name, offset);
	extent.length = MIN(extent.length, image->size - offset);
	*ret = extent;
	return 0;
}

/*
 * Follows VD_EXTENT_PARENT down the chain. A parent may be shorter than its
 * child, which reads zeros behind it. *ret_image is the one that answered.
 */
static int image_resolve(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
			 struct vd_image **ret_image, unsigned int *ret_depth, struct error **err)
{
	uint64_t length;
	int r;

	*ret_depth = 0;
	r = vd_image_extent(image, offset, ret, err);
	if (r < 0)
		return r;
	length = ret->length;
	while (r == 0 && ret->kind == VD_EXTENT_PARENT) {
		if (!image->parent || offset >= image->parent->size) {
			*ret = (struct vd_extent){ .kind = VD_EXTENT_PARENT, .length = length };
			break;
		}
		image = image->parent;
		++*ret_depth;
		r = vd_image_extent(image, offset, ret, err);
		length = ret->length = MIN(length, ret->length);
	}
	*ret_image = image;
	return r;
}

int vd_image_map(struct vd_image *image, uint64_t offset, struct vd_map_entry *ret,
		 struct error **err)
{
	struct source_extent host;
	struct vd_map_entry entry;
	struct vd_extent extent;
	struct vd_image *owner;
	int r;

	memset(&entry, 0, sizeof(entry));
	r = image_resolve(image, offset, &extent, &owner, &entry.depth, err);
	if (r < 0)
		return r;
	entry.length = extent.length;
	entry.present = extent.kind != VD_EXTENT_PARENT;
	entry.data = extent.kind == VD_EXTENT_DATA || extent.kind == VD_EXTENT_ENCODED;
	entry.zero = !entry.data;
	if (extent.kind == VD_EXTENT_DATA) {
		r = source_extent(extent.source, extent.host_offset, &host, err);
		if (r < 0)
			return r;
		entry.length = MIN(entry.length, host.length);
		entry.zero = host.zero;
		entry.data = !host.zero;
		entry.offset_valid = true;
		entry.offset = extent.host_offset;
		entry.file = extent.source;
	}
	*ret = entry;
	return 0;
}

bool vd_image_is_linear(struct vd_image *image, struct vd_extent *ret)
{
	struct vd_extent next = { .length = 0 };

	if (vd_image_extent(image, 0, ret, NULL) < 0 || ret->kind != VD_EXTENT_DATA)
		return false;
	/* blocks in a row: an extent need not tell all of them at once */
	while (ret->length < image->size) {
		if (vd_image_extent(image, ret->length, &next, NULL) < 0 ||
		    next.kind != VD_EXTENT_DATA || next.source != ret->source ||
		    next.host_offset != ret->host_offset + ret->length)
			return false;
		ret->length += next.length;
	}
	return true;
}

int vd_image_check(struct vd_image *image, struct error **err)
{
	int r = 0;

	for (struct vd_image *i = image; i && r == 0; i = i->parent) {
		if (i->format->check)
			r = i->format->check(i, err);
	}
	return r;
}

/* Reads inside one extent. */
static int read_extent(struct vd_image *owner, const struct vd_extent *extent, uint8_t *buf,
		       size_t n, uint64_t offset, struct error **err)
{
	switch (extent->kind) {
	case VD_EXTENT_DATA:
		return source_pread(extent->source, buf, n, extent->host_offset, err);
	case VD_EXTENT_ENCODED:
		return owner->format->pread(owner, buf, n, offset, err);
	case VD_EXTENT_ZERO:
	case VD_EXTENT_PARENT:
		memset(buf, 0, n);
		return 0;
	}
	return error_sys(err, EIO, "%s: cannot read offset %" PRIu64, owner->source->name, offset);
}

int vd_image_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset, struct error **err)
{
	uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		struct vd_extent extent = { .length = 0 };
		struct vd_image *owner;
		unsigned int depth;
		size_t part;

		r = image_resolve(image, offset, &extent, &owner, &depth, err);
		if (r < 0)
			return r;
		part = (size_t)MIN((uint64_t)n, extent.length);
		r = read_extent(owner, &extent, p, part, offset, err);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}
