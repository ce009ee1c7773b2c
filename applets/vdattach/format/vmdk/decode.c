// SPDX-License-Identifier: GPL-2.0-or-later
/* Compressed grains, as in streamOptimized images: a marker, then a zlib stream. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

#define MARKER_BYTES 12u /* 64-bit LBA, 32-bit size */

struct packed_grain {
	struct vmdk_sparse *sparse;
	uint64_t grain, start; /* start: the extent's, in sectors */
	uint64_t offset;       /* of the grain in the file; then of the stream */
	uint64_t n;	       /* bytes of the stream, or as many as it may have */
};

static int vmdk_damaged(const struct packed_grain *g, const char *what, struct error **err)
{
	return error_make(err, EIO, "%s: VMDK grain %" PRIu64 " at offset %" PRIu64 ": %s",
			  g->sparse->source->name, g->grain, g->offset, what);
}

static int read_marker(struct packed_grain *g, uint64_t limit, struct error **err)
{
	uint64_t lba = g->grain * g->sparse->header.grain, found;
	uint8_t marker[MARKER_BYTES];
	int r;

	r = source_pread(g->sparse->source, marker, sizeof(marker), g->offset, err);
	if (r < 0)
		return r;
	found = get_le64(marker);
	g->n = get_le32(marker + 8);
	if (found != lba && found != lba + g->start)
		return vmdk_damaged(g, "its marker is of another grain", err);
	if (g->n == 0 || g->n > limit)
		return vmdk_damaged(g, "its marker has an impossible size", err);
	g->offset += sizeof(marker);
	return 0;
}

static int find_stream(struct packed_grain *g, uint64_t limit, struct error **err)
{
	uint64_t size = g->sparse->source->size;
	int r = 0;

	g->n = limit;
	if (g->sparse->header.flags & VMDK_FLAG_MARKERS)
		r = read_marker(g, limit, err);
	else if (g->offset < size)
		g->n = MIN(limit, size - g->offset);
	if (r == 0 && (g->offset > size || g->n > size - g->offset))
		r = vmdk_damaged(g, "runs over the end of the file (cut short?)", err);
	return r;
}

static int decode_into(struct vmdk_state *state, struct packed_grain *g, uint8_t *out,
		       struct error **err)
{
	struct vmdk_sparse *s = g->sparse;
	size_t got = 0;
	int r;

	r = find_stream(g, state->packed_size, err);
	if (r == 0)
		r = source_pread(s->source, state->packed, g->n, g->offset, err);
	if (r < 0)
		return r;
	r = vd_decode(state->decoder, VD_CODEC_ZLIB, state->packed, g->n, out, s->grain_size, &got,
		      err);
	if (r < 0) {
		error_wrap(err, "%s: VMDK grain %" PRIu64 " at offset %" PRIu64, s->source->name,
			   g->grain, g->offset);
		return r == -ENOMEM ? r : -EIO;
	}
	if (got < vmdk_grain_bytes(s, g->grain))
		return vmdk_damaged(g, "holds less than a grain", err);
	memset(out + got, 0, s->grain_size - got);
	return 0;
}

static int get_grain(struct vmdk_state *state, const struct vmdk_extent *extent, uint64_t grain,
		     uint64_t offset, const uint8_t **ret, struct error **err)
{
	struct packed_grain g = { .sparse = extent->sparse,
				  .grain = grain,
				  .start = extent->start / VD_SECTOR,
				  .offset = offset };
	uint64_t key = (uint64_t)(extent - state->extents) << 48 | grain;
	uint8_t *out;
	int r;

	*ret = blockcache_find(state->grains, key);
	if (*ret)
		return 0;
	out = blockcache_reserve(state->grains, key);
	r = decode_into(state, &g, out, err);
	if (r < 0)
		return r;
	blockcache_commit(state->grains);
	*ret = out;
	return 0;
}

int vmdk_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset, struct error **err)
{
	struct vmdk_state *state = image->state;
	uint8_t *p = buf;
	int r = 0;

	while (n > 0) {
		const struct vmdk_extent *extent = vmdk_find_extent(state, offset);
		uint64_t at = offset - extent->start, size = extent->sparse->grain_size;
		struct vd_extent where = { .length = 0 };
		const uint8_t *bytes = NULL;
		size_t part = (size_t)MIN((uint64_t)n, size - at % size);

		r = vmdk_sparse_extent(extent->sparse, at - at % size, &where, err);
		if (r == 0)
			r = get_grain(state, extent, at / size, where.host_offset, &bytes, err);
		if (r < 0 || !bytes)
			return r;
		memcpy(p, bytes + at % size, part);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}
