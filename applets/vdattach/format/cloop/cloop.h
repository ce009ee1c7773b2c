/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed loop images, what reads their headers and what reads their blocks.
 * Facts: the kernel module's compressed_loop.h in its versions 0.68, 1.0, 2.x,
 * 3.00-alpha and 4.x, and cloop-utils' build_index().
 */
#ifndef APPLETS_VDATTACH_FORMAT_CLOOP_CLOOP_H
#define APPLETS_VDATTACH_FORMAT_CLOOP_CLOOP_H

#include "applets/vdattach/format/common/blockcache.h"
#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/format/format.h"

#define CLOOP_HEADER	136u /* preamble of 128, block size, number of blocks */
#define CLOOP_MAX_BLOCK (64 * MIB)

enum cloop_index {
	CLOOP_INDEX_BE64,	/* offsets, one more than blocks: version 2.0 */
	CLOOP_INDEX_BE64_CODEC, /* the same with the codec in the top 4 bits: 4.0 */
	CLOOP_INDEX_BE64_FLAGS, /* offsets, then 32 bits of flags for each block: 3 */
	CLOOP_INDEX_LE64,	/* 1.0 */
	CLOOP_INDEX_BE32,	/* 0.68 */
	CLOOP_INDEX_PAIRS,	/* offset 64, size 32, number 32: Knoppix's accelerated 1.0 */
};

struct cloop {
	enum cloop_index index;
	uint64_t index_offset;
	uint64_t data_start, data_end; /* where blocks may lie */
	uint32_t block_size, n_blocks;
	uint64_t size; /* of the disk */
	struct blockcache *decoded;
	struct vd_decoder *decoder;
	uint8_t *encoded; /* of encoded_limit bytes */
	uint64_t encoded_limit;
};

/* Whether the CLOOP_HEADER bytes are a header, or the last bytes of a file a trailer. */
bool cloop_is_header(const uint8_t *bytes) _nonnull_(1);
bool cloop_is_trailer(const uint8_t *end_of_file, size_t n) _nonnull_(1);

/*
 * Finds the index, of whatever version, and checks that it can be there.
 * Returns 0, -EINVAL or the error of the medium.
 */
int cloop_header_read(struct source *source, struct cloop *ret, struct error **err) _must_check_
	_nonnull_(1, 2);

struct cloop_block {
	uint64_t offset, length; /* of the compressed bytes */
	uint32_t size;		 /* what must come out */
	enum vd_codec codec;
};

/* Where block number i is. 0, -EINVAL (outside of the data) or -EOPNOTSUPP (an unknown method). */
int cloop_block_find(struct source *source, const struct cloop *cloop, uint32_t i,
		     struct cloop_block *ret, struct error **err) _must_check_ _nonnull_(1, 2, 4);

#endif
