// SPDX-License-Identifier: GPL-2.0-or-later
/* How much an archive will be, read from its headers and indexes. */
#include <errno.h>
#include <lzma.h>
#include <zstd.h>

#include "applets/unpackroot/memplan.h"
#include "common/bytes.h"

/* One round of the decoder that reads stream footers and indexes from the end backwards. */
static lzma_ret file_info_step(lzma_stream *stream, int fd, uint64_t *offset, uint8_t *buf,
			       size_t size)
{
	lzma_ret code;
	ssize_t n;

	if (stream->avail_in == 0) {
		n = pread(fd, buf, size, (off_t)*offset);
		if (n < 0)
			return LZMA_DATA_ERROR;
		*offset += (uint64_t)n;
		stream->next_in = buf;
		stream->avail_in = (size_t)n;
	}
	code = lzma_code(stream, stream->avail_in ? LZMA_RUN : LZMA_FINISH);
	if (code == LZMA_SEEK_NEEDED) {
		*offset = stream->seek_pos;
		stream->avail_in = 0;
		code = LZMA_OK;
	}
	return code;
}

static int xz_size(const struct memplan_input *input, uint64_t *ret, struct error **err)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_index *index = NULL;
	uint64_t offset = 0;
	uint8_t buf[4096];
	lzma_ret code;

	code = lzma_file_info_decoder(&stream, &index, 64 * MIB, input->file_size);
	while (code == LZMA_OK)
		code = file_info_step(&stream, input->fd, &offset, buf, sizeof(buf));
	lzma_end(&stream);
	if (code == LZMA_STREAM_END) {
		*ret = lzma_index_uncompressed_size(index);
		lzma_index_end(index, NULL);
		return 0;
	}
	if (code == LZMA_MEM_ERROR || code == LZMA_MEMLIMIT_ERROR)
		return 0;
	return error_make(
		err, EBADMSG,
		"the archive is truncated, or something follows it: no xz index at the end "
		"of its %llu bytes",
		(unsigned long long)input->file_size);
}

static int zstd_size(const struct memplan_input *input, uint64_t *ret)
{
	unsigned long long size = ZSTD_getFrameContentSize(input->head, input->head_len);

	if (size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR)
		*ret = size;
	return 0;
}

/* ISIZE of RFC 1952: the size of the last member modulo 2^32. Padding or garbage there looks
 * absurd: ignored. */
static int gzip_size(const struct memplan_input *input, uint64_t *ret)
{
	uint8_t isize[4];
	uint64_t size;

	if (input->file_size < 18 ||
	    pread(input->fd, isize, sizeof(isize), (off_t)(input->file_size - 4)) != 4)
		return 0;
	size = get_le32(isize);
	/* deflate cannot do better than 1032:1 */
	if (size / 1032 <= input->file_size)
		*ret = size;
	return 0;
}

int unpacked_size(const struct memplan_input *input, uint64_t *ret, struct error **err)
{
	*ret = 0;
	if (input->file_size == 0)
		return 0;
	if (input->codec == &codec_xz)
		return xz_size(input, ret, err);
	if (input->codec == &codec_zstd)
		return zstd_size(input, ret);
	if (input->codec == &codec_gzip)
		return gzip_size(input, ret);
	if (input->codec == &codec_none)
		*ret = input->file_size;
	return 0;
}
