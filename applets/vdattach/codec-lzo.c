// SPDX-License-Identifier: GPL-2.0-or-later
/* LZO1X, by the kernel's Documentation/staging/lzo.rst. */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/codec.h"
#include "common/bytes.h"

#define FIRST_RUN   17u /* the first byte, if larger: so many literals more */
#define AFTER_RUN   4u	/* state behind four literals or more */
#define FAR	    16384u
#define END_OF_DATA 1

struct lzo {
	const uint8_t *in, *end;
	uint8_t *out;
	size_t at, size;
	unsigned int state; /* literals in front of the next instruction, AFTER_RUN at most */
};

static int copy_literals(struct lzo *s, size_t n)
{
	if (n > (size_t)(s->end - s->in))
		return -EINVAL;
	if (n > s->size - s->at)
		return -E2BIG;
	memcpy(s->out + s->at, s->in, n);
	s->in += n;
	s->at += n;
	s->state = (unsigned int)MIN(n, (size_t)AFTER_RUN);
	return 0;
}

static int copy_match(struct lzo *s, size_t back, size_t n)
{
	if (back > s->at)
		return -EINVAL;
	if (n > s->size - s->at)
		return -E2BIG;
	/* byte by byte: the two ranges may overlap, which repeats a pattern */
	for (; n > 0; n--, s->at++)
		s->out[s->at] = s->out[s->at - back];
	return 0;
}

/* A length of 0 means most, and what follows: 255 for each zero byte, then the rest. */
static int take_length(struct lzo *s, size_t most, size_t *n)
{
	if (*n)
		return 0;
	for (*n = most; s->in < s->end; *n += 255) {
		uint8_t byte = *s->in++;

		*n += byte;
		if (byte)
			return 0;
	}
	return -EINVAL;
}

static int take_run(struct lzo *s, uint8_t code)
{
	size_t n = code;
	int r = take_length(s, 15, &n);

	return r < 0 ? r : copy_literals(s, n + 3);
}

/* Codes below 16, and from 64 on: one byte of distance follows. */
static int take_near(struct lzo *s, uint8_t code)
{
	size_t high;

	if (s->in == s->end)
		return -EINVAL;
	high = *s->in++;
	if (code >= 64)
		return copy_match(s, high * 8 + (code >> 2 & 7) + 1, (code >> 5) + 1U);
	return s->state == AFTER_RUN ? copy_match(s, high * 4 + (code >> 2) + 2049, 3)
				     : copy_match(s, high * 4 + (code >> 2) + 1, 2);
}

/* Codes from 16 to 63: two bytes. A distance that cannot be ends the data. */
static int take_far(struct lzo *s, uint8_t code)
{
	size_t n = code & (code < 32 ? 7 : 31), back = 1;
	int r = take_length(s, code < 32 ? 7 : 31, &n);

	if (r == 0 && s->end - s->in < 2)
		r = -EINVAL;
	if (r < 0)
		return r;
	if (code < 32)
		back = FAR + (code & 8U) * 2048;
	back += get_le16(s->in) >> 2;
	s->in += 2;
	return code < 32 && back == FAR ? END_OF_DATA : copy_match(s, back, n + 2);
}

static int take_instruction(struct lzo *s)
{
	uint8_t code;
	int r;

	if (s->in == s->end)
		return -EINVAL;
	code = *s->in++;
	if (code < 16 && s->state == 0)
		return take_run(s, code);
	r = code < 16 || code >= 64 ? take_near(s, code) : take_far(s, code);
	/* all kinds have the number of literals behind them in the last byte but one */
	return r ? r : copy_literals(s, s->in[-2] & 3);
}

int vd_lzo_decode(const uint8_t *in, size_t n, uint8_t *out, size_t size, size_t *ret_size)
{
	struct lzo s = { .in = in, .end = in + n, .out = out, .size = size };
	int r = 0;

	if (n > 0 && in[0] > FIRST_RUN)
		r = copy_literals(&s, *s.in++ - FIRST_RUN);
	while (r == 0)
		r = take_instruction(&s);
	*ret_size = s.at;
	return MIN(r, 0);
}
