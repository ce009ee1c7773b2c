// SPDX-License-Identifier: GPL-2.0-or-later
/* lzop files. Source for the container: lib/decompress_unlzo.c. */
#include <errno.h>
#include <lzo/lzo1x.h>
#include <stdbool.h>
#include <string.h>

#include "builder/image/decode/decode.h"
#include "common/bytes.h"

#define BLOCK_SIZE	  (256 * KIB)
#define HEADER_HAS_FILTER 0x00000800U

/* Length of the file header, or 0 when it is not whole. */
static size_t header_length(const uint8_t *in, size_t len)
{
	static const uint8_t magic[] = { 0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a };
	size_t pos = sizeof(magic) + 7; /* version, library version, version needed, method */
	bool level;

	if (len < pos + 1 + 12 + 12 + 1 || memcmp(in, magic, sizeof(magic)) != 0)
		return 0;
	level = get_be16(in + sizeof(magic)) >= 0x0940;
	pos += level;
	pos += get_be32(in + pos) & HEADER_HAS_FILTER ? 8 : 4;
	pos += level ? 12 : 8;	/* mode and modification time */
	pos += 1 + in[pos] + 4; /* name and checksum */
	return pos <= len ? pos : 0;
}

static int run_block(const uint8_t *in, uint32_t in_size, uint8_t *out, uint32_t out_size,
		     const struct decode_output *output, struct error **err)
{
	lzo_uint n = out_size;

	if (in_size == out_size)
		memcpy(out, in, in_size);
	else if (lzo1x_decompress_safe(in, in_size, out, &n, NULL) != LZO_E_OK || n != out_size)
		return error_make(err, EBADMSG, "lzo data is damaged");
	return output->write(output->context, out, out_size, err);
}

/* As the kernel does, this takes each block to have one checksum, which lzop writes by default. */
static int decode_lzo_run(const uint8_t *in, size_t len, uint8_t *out,
			  const struct decode_output *output, size_t *pos, struct error **err)
{
	for (;;) {
		uint32_t in_size, out_size;
		int r;

		if (len - *pos < 4)
			return error_make(err, ENODATA, "lzo data ends early");
		out_size = get_be32(in + *pos);
		if (out_size == 0) {
			*pos += 4;
			return 0;
		}
		if (len - *pos < 12)
			return error_make(err, ENODATA, "lzo data ends early");
		in_size = get_be32(in + *pos + 4);
		if (out_size > BLOCK_SIZE || in_size > out_size || !in_size)
			return error_make(err, EBADMSG, "lzo data is damaged");
		if (in_size > len - *pos - 12)
			return error_make(err, ENODATA, "lzo data ends early");
		r = run_block(in + *pos + 12, in_size, out, out_size, output, err);
		if (r)
			return r;
		*pos += 12 + (size_t)in_size;
	}
}

static int decode_lzo_stream(const uint8_t *in, size_t len, const struct decode_output *output,
			     size_t *ret_used, struct error **err)
{
	uint8_t *out;
	int r;

	*ret_used = header_length(in, len);
	if (!*ret_used)
		return error_make(err, EBADMSG, "lzo data is damaged (header)");
	out = malloc(BLOCK_SIZE);
	if (!out)
		return error_make(err, ENOMEM, "lzo: out of memory");
	r = decode_lzo_run(in, len, out, output, ret_used, err);
	free(out);
	return r;
}

const struct decoder decoder_lzo = {
	.name = "lzo",
	.config = "RD_LZO",
	.magic = { 0x89, 0x4c },
	.decode = decode_lzo_stream,
};
