// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/stream/decode.h"

#include <errno.h>

struct decode {
	const struct codec *codec;
	void *state;
	struct blockq *in, *out;
	struct block *full; /* input block in use, or NULL */
	struct block *room; /* output block in use, or NULL */
	struct codec_io io;
	uint64_t consumed;    /* input bytes before io.in */
	uint64_t frame_start; /* in input bytes */
	unsigned int frames;  /* begun so far */
	bool in_frame;
};

static int next_input(struct decode *d)
{
	int r;

	if (d->full)
		blockq_pop(d->in);
	r = blockq_full(d->in, &d->full);
	d->io.in = d->full ? d->full->data : NULL;
	d->io.in_len = d->full ? d->full->len : 0;
	d->io.last = !d->full;
	return r;
}

static void skip_padding(struct decode *d)
{
	while (d->io.in_len > 0 && *d->io.in == 0) {
		d->io.in++;
		d->io.in_len--;
		d->consumed++;
	}
}

static void give_output(struct decode *d)
{
	d->room->len = blockq_block_size(d->out) - d->io.out_len;
	if (d->room->len > 0)
		blockq_push(d->out);
	d->room = NULL;
}

static int want_output(struct decode *d)
{
	if (d->room && d->io.out_len == 0)
		give_output(d);
	if (d->room)
		return 0;
	d->room = blockq_empty(d->out);
	if (!d->room)
		return -ECANCELED;
	d->io.out = d->room->data;
	d->io.out_len = blockq_block_size(d->out);
	return 0;
}

static int begin_frame(struct decode *d, struct error **err)
{
	d->frame_start = d->consumed;
	d->frames++;
	d->in_frame = true;
	return d->codec->begin(d->state, err);
}

/* The codec's own message, and where; what cannot even be begun after a good frame is garbage, not
 * damage. */
static int append_place(struct decode *d, struct error **err)
{
	if (d->frames > 1 && d->consumed - d->frame_start < 16)
		return error_make(err, EBADMSG,
				  "garbage follows the end of the %s data at byte %llu",
				  d->codec->name, (unsigned long long)d->frame_start);
	return error_wrap(err, "near byte %llu of the archive", (unsigned long long)d->consumed);
}

/* One call of the codec. Returns 1 on progress, 0 without, -errno. */
static int decode_step(struct decode *d, struct error **err)
{
	size_t in_len, out_len;
	int r = want_output(d);

	if (r < 0)
		return r;
	in_len = d->io.in_len;
	out_len = d->io.out_len;
	r = d->codec->decode(d->state, &d->io, err);
	d->consumed += in_len - d->io.in_len;
	if (r < 0)
		return append_place(d, err);
	d->in_frame = r == 0;
	return r > 0 || d->io.in_len < in_len || d->io.out_len < out_len;
}

/* All of the input block in hand. Terminates: each step takes input, gives output, or counts as
 * idle. */
static int decode_block(struct decode *d, struct error **err)
{
	unsigned int idle = 0;
	int r;

	for (;;) {
		if (!d->in_frame) {
			/* uncompressed data has one frame, and its zeros are data */
			if (d->frames > 0)
				skip_padding(d);
			if (d->io.in_len == 0)
				return 0;
			r = begin_frame(d, err);
			if (r < 0)
				return r;
		}
		if (d->io.in_len == 0)
			return 0;
		r = decode_step(d, err);
		if (r < 0)
			return r;
		idle = r ? 0 : idle + 1;
		if (idle > 100)
			return error_make(err, EBADMSG,
					  "the %s decoder makes no progress at byte %llu",
					  d->codec->name, (unsigned long long)d->consumed);
	}
}

/* The input is over: what the codec still holds. */
static int decode_rest(struct decode *d, struct error **err)
{
	unsigned int idle = 0;
	int r;

	/* liblzma's threads may need a second call before anything comes out */
	while (d->in_frame && idle < 2) {
		r = decode_step(d, err);
		if (r < 0)
			return r;
		idle = r ? 0 : idle + 1;
	}
	if (d->in_frame)
		return error_make(
			err, ENODATA,
			"the archive is truncated: its %s data is cut off after byte %llu",
			d->codec->name, (unsigned long long)d->consumed);
	return 0;
}

static int decode_all(struct decode *d, struct error **err)
{
	int r;

	while ((r = next_input(d)) == 0 && d->full) {
		r = decode_block(d, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return decode_rest(d, err);
}

int decode_stream(const struct codec *codec, const struct codec_limits *limits, struct blockq *in,
		  struct blockq *out, struct error **err)
{
	struct decode d = { .codec = codec, .in = in, .out = out };
	int r = codec->open(limits, &d.state, err);

	if (r == 0)
		r = decode_all(&d, err);
	if (d.room)
		give_output(&d);
	codec->close(d.state);
	blockq_abandon(in);
	blockq_finish(out, r);
	return r;
}
