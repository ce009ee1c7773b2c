// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lzop files. Sources: lib/decompress_unlzo.c for the container, Documentation/staging/lzo.rst for
 * the LZO1X instructions.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "builder/image/decode.h"
#include "common/bytes.h"

#define BLOCK_SIZE	  (256 * KIB)
#define HEADER_HAS_FILTER 0x00000800U
#define STATE_LITERAL_RUN 4 /* after a run of 4 or more literals */

struct lzo {
	const uint8_t *in, *in_end;
	uint8_t *start, *out, *out_end;
};

/* Value of an instruction's length field: 0 means that zero bytes of 255 each and a last byte
 * follow. */
static bool get_length(struct lzo *z, size_t field, size_t base, size_t *ret)
{
	size_t length = field;

	if (!field) {
		length = base;
		while (z->in < z->in_end && *z->in == 0) {
			length += 255;
			z->in++;
		}
		if (z->in == z->in_end || length > BLOCK_SIZE)
			return false;
		length += *z->in++;
	}
	*ret = length;
	return true;
}

static bool copy_literals(struct lzo *z, size_t length)
{
	if (length > (size_t)(z->in_end - z->in) || length > (size_t)(z->out_end - z->out))
		return false;
	memcpy(z->out, z->in, length);
	z->in += length;
	z->out += length;
	return true;
}

/* Byte by byte, because source and destination may overlap: that is how runs are written. */
static bool copy_match(struct lzo *z, size_t distance, size_t length)
{
	const uint8_t *from;

	if (distance > (size_t)(z->out - z->start) || length > (size_t)(z->out_end - z->out))
		return false;
	from = z->out - distance;
	while (length--)
		*z->out++ = *from++;
	return true;
}

/* Instructions 0..15 mean different things by what came before. */
static bool run_short(struct lzo *z, unsigned op, unsigned *state)
{
	size_t length, distance;

	if (*state == 0) {
		*state = STATE_LITERAL_RUN;
		return get_length(z, op, 15, &length) && copy_literals(z, length + 3);
	}
	if (z->in == z->in_end)
		return false;
	distance = ((size_t)*z->in++ << 2) + (op >> 2) + 1;
	length = 2;
	if (*state == STATE_LITERAL_RUN) {
		distance += 2048;
		length = 3;
	}
	*state = op & 3;
	return copy_match(z, distance, length) && copy_literals(z, *state);
}

/* Instructions 16..63 carry a 14-bit distance. *ret_end: the end mark was met. */
static bool run_far(struct lzo *z, unsigned op, unsigned *state, bool *ret_end)
{
	bool near = op >= 32;
	unsigned mask = near ? 31 : 7, word;
	size_t length, distance;

	if (!get_length(z, op & mask, mask, &length) || z->in_end - z->in < 2)
		return false;
	word = get_le16(z->in);
	z->in += 2;
	distance = word >> 2;
	if (near)
		distance += 1;
	else
		distance += 16384 + ((op & 8U) << 11);
	*ret_end = distance == 16384 && !near;
	if (*ret_end)
		return true;
	*state = word & 3;
	return copy_match(z, distance, length + 2) && copy_literals(z, *state);
}

static bool run_near(struct lzo *z, unsigned op, unsigned *state)
{
	size_t length = op >= 128 ? 5 + ((op >> 5) & 3) : 3 + ((op >> 5) & 1), distance;

	if (z->in == z->in_end)
		return false;
	distance = ((size_t)*z->in++ << 3) + ((op >> 2) & 7) + 1;
	*state = op & 3;
	return copy_match(z, distance, length) && copy_literals(z, *state);
}

/* Each turn consumes input. True when the end mark came exactly at the end of both buffers. */
static bool decompress_block(struct lzo *z)
{
	unsigned state = 0;
	bool end = false, ok = true;

	if (z->in<z->in_end && * z->in> 17) {
		unsigned length = *z->in++ - 17U;

		state = MIN(length, STATE_LITERAL_RUN);
		ok = copy_literals(z, length);
	}
	while (ok && !end && z->in < z->in_end) {
		unsigned op = *z->in++;

		if (op < 16)
			ok = run_short(z, op, &state);
		else if (op < 64)
			ok = run_far(z, op, &state, &end);
		else
			ok = run_near(z, op, &state);
	}
	return ok && end && z->in == z->in_end && z->out == z->out_end;
}

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
	struct lzo z = { in, in + in_size, out, out, out + out_size };

	if (in_size == out_size)
		memcpy(out, in, in_size);
	else if (!decompress_block(&z))
		return error_make(err, EBADMSG, "lzo data is damaged");
	return output->write(output->context, out, out_size, err);
}

/* As the kernel does, this takes each block to have one checksum, which lzop writes by default. */
static int run(const uint8_t *in, size_t len, uint8_t *out, const struct decode_output *output,
	       size_t *pos, struct error **err)
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

static int decode(const uint8_t *in, size_t len, const struct decode_output *output,
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
	r = run(in, len, out, output, ret_used, err);
	free(out);
	return r;
}

const struct decoder decoder_lzo = {
	.name = "lzo",
	.config = "RD_LZO",
	.magic = { 0x89, 0x4c },
	.decode = decode,
};
