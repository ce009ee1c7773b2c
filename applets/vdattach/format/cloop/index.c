// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/cloop/cloop.h"
#include "common/bytes.h"

#define PREAMBLE	 128u
#define SIGNATURE_OFFSET 0x0bu
#define V3_SIGNATURE	 "\nCLOOP3\n"
#define V3_TRAILER	 20u /* index offset 64, version 32, signature of 8 */

/* Version 4's codecs, in the top 4 bits of an offset. */
enum { V4_ZLIB, V4_NONE, V4_XZ, V4_LZ4, V4_LZO };
#define V4_OFFSET 0x0fffffffffffffffULL

/* Version 3's flags. */
enum { V3_ZLIB = 1 << 1, V3_LZO = 1 << 2, V3_XZ = 1 << 3, V3_LZ4 = 1 << 4 };

static bool has_signature(const uint8_t *bytes, const char *text)
{
	return memcmp(bytes + SIGNATURE_OFFSET, text, 4) == 0;
}

/* Before version 1.0 the preamble was a script without a signature that loads the module. */
static bool is_old_preamble(const uint8_t *bytes)
{
	return memcmp(bytes, "#!/bin/sh", 9) == 0 && memmem(bytes, PREAMBLE, "cloop", 5);
}

bool cloop_is_header(const uint8_t *bytes)
{
	return is_old_preamble(bytes) || has_signature(bytes, "V2.0") ||
	       has_signature(bytes, "V4.0") || has_signature(bytes, "V1.0");
}

bool cloop_is_trailer(const uint8_t *end_of_file, size_t n)
{
	if (n >= 8 && memcmp(end_of_file + n - 8, V3_SIGNATURE, 8) == 0)
		return true;
	return n >= CLOOP_HEADER && has_signature(end_of_file + n - CLOOP_HEADER, "V4.0");
}

static uint64_t index_bytes(const struct cloop *c)
{
	uint64_t n = c->n_blocks;

	switch (c->index) {
	case CLOOP_INDEX_BE64:
	case CLOOP_INDEX_BE64_CODEC:
	case CLOOP_INDEX_LE64:
		return (n + 1) * 8;
	case CLOOP_INDEX_BE64_FLAGS:
		return (n + 1) * 8 + n * 4;
	case CLOOP_INDEX_BE32:
		return (n + 1) * 4;
	case CLOOP_INDEX_PAIRS:
		return n * 16;
	}
	return UINT64_MAX;
}

/* As cloop-utils tells the kinds apart: by the first offset, which is small. */
static int guess_index(struct source *source, struct cloop *c, struct error **err)
{
	uint8_t b[16] = { 0 };
	uint64_t n = MIN(source->size - CLOOP_HEADER, (uint64_t)sizeof(b));
	int r = source_pread(source, b, (size_t)n, CLOOP_HEADER, err);

	if (r < 0)
		return r;
	if (get_be32(b) == 0)
		c->index = get_be32(b + 8) ? CLOOP_INDEX_PAIRS : CLOOP_INDEX_BE64;
	else if (get_be32(b + 4) == 0)
		c->index = CLOOP_INDEX_LE64;
	else if (get_be32(b) == CLOOP_HEADER + (c->n_blocks + 1ULL) * 4)
		c->index = CLOOP_INDEX_BE32;
	else
		return error_make(err, EINVAL,
				  "%s: cloop index at offset %u: starts with %08x %08x, which is "
				  "none of the known kinds",
				  source->name, CLOOP_HEADER, get_be32(b), get_be32(b + 4));
	return 0;
}

static int check_bounds(const struct source *source, const struct cloop *c, struct error **err)
{
	uint64_t n = index_bytes(c);

	if (c->block_size == 0 || c->block_size % VD_SECTOR || c->block_size > CLOOP_MAX_BLOCK)
		return error_make(err, EINVAL,
				  "%s: cloop header: blocks of %u bytes, expected a multiple of "
				  "512 up to 64 MiB",
				  source->name, c->block_size);
	if (c->n_blocks == 0)
		return error_make(err, EINVAL, "%s: cloop header: no blocks", source->name);
	if (c->index_offset > source->size || n > source->size - c->index_offset)
		return error_make(err, EINVAL,
				  "%s: cloop index of %u blocks at offset %" PRIu64
				  " is not inside the file of %" PRIu64 " bytes",
				  source->name, c->n_blocks, c->index_offset, source->size);
	return 0;
}

static int header_first(struct source *source, const uint8_t *b, struct cloop *c,
			struct error **err)
{
	int r = 0;

	c->block_size = get_be32(b + 128);
	c->n_blocks = get_be32(b + 132);
	c->index_offset = CLOOP_HEADER;
	c->index = CLOOP_INDEX_BE64_CODEC;
	if (!has_signature(b, "V4.0"))
		r = guess_index(source, c, err);
	if (r == 0)
		r = check_bounds(source, c, err);
	if (r < 0)
		return r;
	c->data_start = CLOOP_HEADER + index_bytes(c);
	c->data_end = source->size;
	c->size = (uint64_t)c->n_blocks * c->block_size;
	return 0;
}

/* Version 4 with its header last: index, then header, at the end of the file. */
static int header_last(struct source *source, const uint8_t *b, struct cloop *c, struct error **err)
{
	uint64_t end = source->size - CLOOP_HEADER, n;

	c->block_size = get_be32(b + 128);
	c->n_blocks = get_be32(b + 132);
	c->index = CLOOP_INDEX_BE64_CODEC;
	n = index_bytes(c);
	c->index_offset = n <= end ? end - n : UINT64_MAX;
	c->data_end = c->index_offset;
	c->size = (uint64_t)c->n_blocks * c->block_size;
	return check_bounds(source, c, err);
}

/* Version 3: the trailer names where the index starts, which starts with the numbers. */
static int trailer(struct source *source, const uint8_t *b, struct cloop *c, struct error **err)
{
	uint64_t at = get_be64(b);
	uint8_t head[16];
	int r;

	if (get_be32(b + 8) != 3)
		return error_make(err, EOPNOTSUPP, "%s: cloop trailer: version %u, expected 3",
				  source->name, get_be32(b + 8));
	r = source_pread(source, head, sizeof(head), at, err);
	if (r < 0)
		return error_wrap(err, "cloop index");
	c->n_blocks = get_be32(head);
	c->block_size = get_be32(head + 4);
	c->size = get_be64(head + 8);
	c->index = CLOOP_INDEX_BE64_FLAGS;
	c->index_offset = at + sizeof(head);
	c->data_end = at;
	r = check_bounds(source, c, err);
	if (r < 0)
		return r;
	if (c->size > (uint64_t)c->n_blocks * c->block_size ||
	    c->size <= (c->n_blocks - 1ULL) * c->block_size)
		return error_make(err, EINVAL,
				  "%s: cloop index: %" PRIu64 " bytes in %u blocks of %u",
				  source->name, c->size, c->n_blocks, c->block_size);
	return 0;
}

int cloop_header_read(struct source *source, struct cloop *ret, struct error **err)
{
	uint8_t b[CLOOP_HEADER];
	int r;

	if (source->size < CLOOP_HEADER)
		return error_make(err, EINVAL, "%s: too short for a cloop header", source->name);
	r = source_pread(source, b, V3_TRAILER, source->size - V3_TRAILER, err);
	if (r == 0 && memcmp(b + 12, V3_SIGNATURE, 8) == 0)
		return trailer(source, b, ret, err);
	if (r == 0)
		r = source_pread(source, b, sizeof(b), 0, err);
	if (r < 0)
		return r;
	if (cloop_is_header(b))
		return header_first(source, b, ret, err);
	r = source_pread(source, b, sizeof(b), source->size - CLOOP_HEADER, err);
	if (r < 0)
		return r;
	if (has_signature(b, "V4.0"))
		return header_last(source, b, ret, err);
	/* a preamble that is anybody's script: asked for by name, the numbers must tell */
	r = source_pread(source, b, sizeof(b), 0, err);
	return r < 0 ? r : header_first(source, b, ret, err);
}

static int read_offsets(struct source *source, const struct cloop *c, uint32_t i, uint64_t *ret,
			struct error **err)
{
	uint8_t b[16];
	bool narrow = c->index == CLOOP_INDEX_BE32;
	uint64_t width = narrow ? 4 : c->index == CLOOP_INDEX_PAIRS ? 16 : 8;
	int r = source_pread(source, b, narrow ? 8 : 16, c->index_offset + i * width, err);

	if (r < 0)
		return r;
	ret[0] = narrow ? get_be32(b) : c->index == CLOOP_INDEX_LE64 ? get_le64(b) : get_be64(b);
	ret[1] = narrow				 ? get_be32(b + 4)
		 : c->index == CLOOP_INDEX_LE64	 ? get_le64(b + 8)
		 : c->index == CLOOP_INDEX_PAIRS ? ret[0] + get_be32(b + 8)
						 : get_be64(b + 8);
	return 0;
}

/* -1 for one that is not known. */
static int codec_v4(unsigned int flags)
{
	static const enum vd_codec codecs[] = { [V4_ZLIB] = VD_CODEC_ZLIB,
						[V4_NONE] = VD_CODEC_NONE,
						[V4_XZ] = VD_CODEC_XZ,
						[V4_LZ4] = VD_CODEC_LZ4,
						[V4_LZO] = VD_CODEC_LZO };

	return flags < ARRAY_SIZE(codecs) ? (int)codecs[flags] : -1;
}

static int codec_v3(uint32_t flags)
{
	switch (flags) {
	case 0:
		return VD_CODEC_NONE;
	case V3_ZLIB:
		return VD_CODEC_ZLIB;
	case V3_LZO:
		return VD_CODEC_LZO;
	case V3_XZ:
		return VD_CODEC_XZ;
	case V3_LZ4:
		return VD_CODEC_LZ4;
	default:
		return -1;
	}
}

static int find_codec(struct source *source, const struct cloop *c, uint32_t i, uint64_t *offsets,
		      enum vd_codec *ret, struct error **err)
{
	int codec = VD_CODEC_ZLIB, r;
	uint8_t b[4];

	if (c->index == CLOOP_INDEX_BE64_CODEC) {
		codec = codec_v4((unsigned int)(offsets[0] >> 60));
		offsets[0] &= V4_OFFSET;
		offsets[1] &= V4_OFFSET;
	}
	if (c->index == CLOOP_INDEX_BE64_FLAGS) {
		r = source_pread(source, b, 4,
				 c->index_offset + (c->n_blocks + 1ULL) * 8 + i * 4ULL, err);
		if (r < 0)
			return r;
		codec = codec_v3(get_be32(b));
	}
	if (codec < 0)
		return error_make(err, EOPNOTSUPP,
				  "%s: cloop: block %u is compressed with an unknown method",
				  source->name, i);
	*ret = (enum vd_codec)codec;
	return 0;
}

int cloop_block_find(struct source *source, const struct cloop *cloop, uint32_t i,
		     struct cloop_block *ret, struct error **err)
{
	uint64_t offsets[2] = { 0, 0 };
	enum vd_codec codec = VD_CODEC_NONE;
	int r = read_offsets(source, cloop, i, offsets, err);

	if (r == 0)
		r = find_codec(source, cloop, i, offsets, &codec, err);
	if (r < 0)
		return r;
	if (offsets[1] < offsets[0] || offsets[0] < cloop->data_start ||
	    offsets[1] > cloop->data_end)
		return error_make(err, EINVAL,
				  "%s: cloop: block %u from offset %" PRIu64 " to %" PRIu64
				  " is not inside the data from %" PRIu64 " to %" PRIu64,
				  source->name, i, offsets[0], offsets[1], cloop->data_start,
				  cloop->data_end);
	*ret = (struct cloop_block){ .offset = offsets[0],
				     .length = offsets[1] - offsets[0],
				     .size = cloop->block_size,
				     .codec = codec };
	/* only version 3 knows the size of the disk, and so of a short last block */
	if (i == cloop->n_blocks - 1)
		ret->size = (uint32_t)(cloop->size - (uint64_t)i * cloop->block_size);
	return 0;
}
