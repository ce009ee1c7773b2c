// SPDX-License-Identifier: GPL-2.0-or-later
/* Compressed loop images, read-only. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/cloop/cloop.h"

#define DECODED_BYTES (4 * MIB)

static struct cloop *cloop_of(const struct vd_image *image)
{
	return image->state;
}

static int cloop_probe(const struct vd_probe *probe)
{
	if (probe->head_size >= CLOOP_HEADER && cloop_is_header(probe->head))
		return 100;
	return cloop_is_trailer(probe->tail, probe->tail_size) ? 100 : 0;
}

static const char *variant(const struct cloop *c)
{
	switch (c->index) {
	case CLOOP_INDEX_BE64:
		return "version 2";
	case CLOOP_INDEX_BE64_CODEC:
		return "version 4";
	case CLOOP_INDEX_BE64_FLAGS:
		return "version 3";
	case CLOOP_INDEX_LE64:
	case CLOOP_INDEX_PAIRS:
		return "version 1";
	case CLOOP_INDEX_BE32:
		return "version 0.68";
	}
	return NULL;
}

static int cloop_set_up(struct vd_image *image, struct error **err)
{
	struct cloop *c = cloop_of(image);
	int r = cloop_header_read(image->source, c, err);

	if (r < 0)
		return r;
	c->decoded = blockcache_new(c->block_size, DECODED_BYTES);
	/* what any of the codecs makes of bytes that cannot be compressed, and then some */
	c->encoded_limit = c->block_size + c->block_size / 8 + 1024ULL;
	c->encoded_limit = MIN(c->encoded_limit, image->source->size);
	c->encoded = malloc(c->encoded_limit);
	c->decoder = vd_decoder_new(VD_CODEC_ZLIB);
	if (!c->decoded || !c->encoded || !c->decoder)
		return error_sys(err, ENOMEM, "%s", image->source->name);
	image->size = c->size - c->size % VD_SECTOR;
	if (image->size == 0)
		return error_make(err, EINVAL, "%s: cloop: the disk has no sectors",
				  image->source->name);
	if (c->size % VD_SECTOR)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: cloop: size %" PRIu64 " is no multiple of 512: rounded down",
			     image->source->name, c->size);
	image->block_size = c->block_size;
	image->variant = variant(c);
	return 0;
}

static void cloop_close(struct vd_image *image)
{
	struct cloop *c = cloop_of(image);

	if (!c)
		return;
	blockcache_free(c->decoded);
	free(c->encoded);
	vd_decoder_free(c->decoder);
	free(c);
	image->state = NULL;
}

static int cloop_open(struct vd_image *image, struct error **err)
{
	return vd_open_state(image, sizeof(struct cloop), cloop_set_up, cloop_close, err);
}

static int cloop_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
			struct error **err)
{
	*ret = (struct vd_extent){ .kind = VD_EXTENT_ENCODED, .length = image->size - offset };
	return 0;
}

static int decode_block(struct vd_image *image, uint32_t i, uint8_t *out, struct error **err)
{
	struct cloop *c = cloop_of(image);
	struct cloop_block block;
	size_t got = 0;
	int r = cloop_block_find(image->source, c, i, &block, err);

	if (r < 0)
		return r;
	if (block.length > c->encoded_limit)
		return error_make(err, EINVAL,
				  "%s: cloop: block %u has %" PRIu64
				  " compressed bytes for %u bytes of data",
				  image->source->name, i, block.length, c->block_size);
	r = source_pread(image->source, c->encoded, block.length, block.offset, err);
	if (r < 0)
		return r;
	r = vd_decode(c->decoder, block.codec, c->encoded, block.length, out, c->block_size, &got,
		      err);
	/* the last block may be padded or not */
	if (r == 0 && got != block.size && got != c->block_size)
		r = error_make(err, EINVAL, "decompressed to %zu bytes, expected %u", got,
			       block.size);
	if (r < 0)
		error_wrap(err, "%s: cloop: block %u at offset %" PRIu64, image->source->name, i,
			   block.offset);
	return r;
}

static int get_block(struct vd_image *image, uint32_t i, const uint8_t **ret, struct error **err)
{
	struct cloop *c = cloop_of(image);
	uint8_t *fresh;
	int r;

	*ret = blockcache_find(c->decoded, i);
	if (*ret)
		return 0;
	fresh = blockcache_reserve(c->decoded, i);
	r = decode_block(image, i, fresh, err);
	if (r < 0)
		return r;
	blockcache_commit(c->decoded);
	*ret = fresh;
	return 0;
}

static int cloop_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		       struct error **err)
{
	struct cloop *c = cloop_of(image);
	uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		uint32_t within = (uint32_t)(offset % c->block_size);
		size_t part = MIN(n, (size_t)(c->block_size - within));
		const uint8_t *block = NULL;

		r = get_block(image, (uint32_t)(offset / c->block_size), &block, err);
		if (r == 0)
			memcpy(p, block + within, part);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

/* Every block must decode to what it should. */
static int cloop_check(struct vd_image *image, struct error **err)
{
	struct cloop *c = cloop_of(image);

	for (uint32_t i = 0; i < c->n_blocks; i++) {
		_cleanup_error_ struct error *bad = NULL;
		const uint8_t *block;

		if (get_block(image, i, &block, &bad) < 0)
			findings_add(&image->findings, FINDING_ERROR, "%s", error_msg(bad));
	}
	return 0;
}

const struct vd_format_ops vd_format_cloop = {
	.name = "cloop",
	.probe = cloop_probe,
	.open = cloop_open,
	.extent = cloop_extent,
	.pread = cloop_pread,
	.check = cloop_check,
	.close = cloop_close,
};
