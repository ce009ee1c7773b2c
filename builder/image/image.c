// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/image/cpio.h"
#include "builder/image/decode/decode.h"

#define UNPACKED_MAX (16 * GIB)
#define MEMORY_MAX   (4 * GIB)

struct walk {
	const uint8_t *image;
	size_t len, pos;
	const struct image_visitor *visitor;
	struct cpio_reader reader;
	uint64_t unpacked, unpacked_max, memory_max;
	size_t previous_end; /* of the last segment */
	bool started, stopped, callback_failed;
};

static int image_report(struct walk *w, const char *rule, uint64_t offset, const char *text,
			struct error **err)
{
	if (w->visitor->violation)
		return w->visitor->violation(w->visitor->context, rule, offset, text, err);
	return error_make(err, EBADMSG, "%s at offset 0x%" PRIx64 ": %s", rule, offset, text);
}

/* Reports a violation after which nothing can be read. */
static int report_last(struct walk *w, const char *rule, uint64_t offset, const char *text,
		       struct error **err)
{
	w->stopped = true;
	return image_report(w, rule, offset, text, err);
}

static int reader_violation(void *context, const char *rule, uint64_t offset, const char *text,
			    struct error **err)
{
	struct walk *w = context;
	char longer[320];

	if (w->reader.raw)
		return image_report(w, rule, offset, text, err);
	snprintf(longer, sizeof(longer), "%s (0x%" PRIx64 " bytes into the unpacked segment)", text,
		 offset);
	return image_report(w, rule, w->reader.segment.offset, longer, err);
}

static int begin_segment(struct walk *w, const char *compressor, const char *config,
			 const char *filter_config, struct error **err)
{
	struct image_segment *segment = &w->reader.segment;
	bool same = w->started && w->pos == w->previous_end && config &&
		    strcmp(segment->compressor, compressor) == 0 &&
		    segment->filter_config == filter_config;

	if (same)
		return 0;
	*segment = (struct image_segment){ .index = w->started ? segment->index + 1 : 0,
					   .offset = w->pos,
					   .compressor = compressor,
					   .config = config,
					   .filter_config = filter_config };
	w->started = true;
	if (!w->visitor->segment)
		return 0;
	return w->visitor->segment(w->visitor->context, segment, err);
}

/* What the kernel calls "broken padding", or does not take for a cpio archive. */
static int check_alignment(struct walk *w, bool raw_before, bool raw, struct error **err)
{
	if (!((w->pos - w->reader.phase) & 3) || !(raw || raw_before))
		return 0;
	/* told once: what follows is measured from here */
	w->reader.phase = w->pos & 3;
	return image_report(
		w, "segment-alignment", w->pos,
		raw ? "an uncompressed cpio archive must start at an offset divisible by 4;"
		      " pad what is before it with NULs"
		    : "what follows an uncompressed cpio archive must start at an offset"
		      " divisible by 4; pad with NULs",
		err);
}

static int walk_raw(struct walk *w, struct error **err)
{
	struct cpio_reader *reader = &w->reader;
	size_t used = 0;
	int r = begin_segment(w, "none", NULL, NULL, err);

	if (r)
		return r;
	reader->raw = true;
	reader->state = CPIO_START;
	reader->pending_len = 0;
	reader->offset = w->pos;
	r = cpio_read(reader, w->image + w->pos, w->len - w->pos, &used, err);
	w->pos += used;
	w->previous_end = w->pos;
	if (reader->stopped && r == -EBADMSG) {
		w->stopped = true;
		return 0;
	}
	if (r || reader->state != CPIO_MEMBER)
		return r;
	return report_last(w, "truncated", w->len,
			   "the image ends within a member; copy or build it again", err);
}

static int frame_write(void *context, const uint8_t *data, size_t len, struct error **err)
{
	struct walk *w = context;
	size_t used = 0;
	int r;

	w->unpacked += len;
	if (w->unpacked > w->unpacked_max)
		r = error_make(err, EFBIG, "the image unpacks to more than %llu MiB",
			       w->unpacked_max / MIB);
	else
		r = cpio_read(&w->reader, data, len, &used, err);
	if (r == 0 && used < len) {
		r = reader_violation(w, "junk", w->reader.offset,
				     "neither a cpio header nor padding follows a member; the"
				     " image is damaged, build it again",
				     err);
		w->reader.stopped = true;
		r = r ? r : -EBADMSG;
	}
	w->callback_failed = r != 0;
	return r;
}

/* What is left to say when a frame was decoded to its end. */
static int end_frame(struct walk *w, struct error **err)
{
	size_t next = w->pos;

	while (next < w->len && w->image[next] == 0)
		next++;
	switch (w->reader.state) {
	case CPIO_RESET:
		return 0;
	case CPIO_START:
		return image_report(w, "junk", w->reader.segment.offset,
				    "a compressed segment that holds no cpio archive; leave it out",
				    err);
	case CPIO_MEMBER:
	case CPIO_SKIP:
		break;
	}
	if (next == w->len)
		return report_last(w, "truncated", w->len,
				   "the last segment ends within a member; build the image again",
				   err);
	return image_report(
		w, "entry-cut", w->pos,
		"a member is cut across two compressed frames, the kernel unpacks each frame"
		" as an archive of its own; compress into one frame, or cut between members",
		err);
}

/* The decoder gave up at w->pos: because of what the image holds (then 0 or a violation), or for
 * lack of something. */
static int frame_failed(struct walk *w, const struct decoder *decoder, int r, size_t used,
			struct error **why, struct error **err)
{
	if (w->reader.stopped && r == -EBADMSG) {
		w->stopped = true;
		return 0;
	}
	if (w->callback_failed || (r != -EBADMSG && r != -ENODATA))
		return error_move(err, steal_ptr(why));
	if (decoder == &decoder_lz4 && used > 4 && w->reader.state == CPIO_RESET)
		return image_report(
			w, "lz4-not-last", w->pos,
			"data follows an lz4 segment, whose decoder reads on to the end of the"
			" image; make the lz4 segment the last one",
			err);
	return report_last(w, r == -ENODATA ? "truncated" : "corrupt", w->pos, error_msg(*why),
			   err);
}

static int walk_frame(struct walk *w, const struct decoder *decoder, struct error **err)
{
	const struct decode_output output = { frame_write, w, w->memory_max };
	const uint8_t *in = w->image + w->pos;
	_cleanup_error_ struct error *why = NULL;
	struct decode_facts facts = { 0 };
	size_t used = 0, start = w->pos;
	int r;

	if (decoder->inspect)
		decoder->inspect(in, w->len - w->pos, &facts);
	r = begin_segment(w, decoder->name, decoder->config, facts.filter_config, err);
	if (r == 0 && facts.rule)
		r = image_report(w, facts.rule, w->pos, facts.text, err);
	if (r)
		return r;
	w->reader.raw = false;
	if (w->reader.state == CPIO_RESET)
		w->reader.offset = w->reader.phase = 0;
	r = decoder->decode(in, w->len - w->pos, &output, &used, &why);
	w->pos += used;
	w->previous_end = w->pos;
	if (w->callback_failed && !why && !w->reader.stopped)
		return r;
	if (r)
		return frame_failed(w, decoder, r, used, &why, err);
	if (w->pos == start)
		return report_last(w, "corrupt", start, "an empty compressed segment", err);
	return end_frame(w, err);
}

static int junk(struct walk *w, struct error **err)
{
	const uint8_t *p = w->image + w->pos;
	char text[160];

	snprintf(text, sizeof(text),
		 "neither a cpio archive nor a compression the kernel knows (starts with"
		 " 0x%02x%02x); remove it, or build the image again",
		 p[0], w->len - w->pos > 1 ? p[1] : 0);
	return report_last(w, "junk", w->pos, text, err);
}

static int walk_segment(struct walk *w, struct error **err)
{
	const uint8_t *p = w->image + w->pos;
	size_t left = w->len - w->pos;
	bool raw_before = w->started && w->reader.raw;
	bool raw = *p == '0' && (!(w->pos & 3) || (left >= 4 && memcmp(p, "0707", 4) == 0));
	const struct decoder *decoder = raw ? NULL : decoder_detect(p, left);
	int r = check_alignment(w, raw_before, raw, err);

	if (r)
		return r;
	if (raw)
		return walk_raw(w, err);
	return decoder ? walk_frame(w, decoder, err) : junk(w, err);
}

int image_walk(const uint8_t *image, size_t len, const char *name,
	       const struct image_visitor *visitor, struct error **err)
{
	struct walk w = { .image = image, .len = len, .visitor = visitor };
	_cleanup_error_ struct error *why = NULL;
	int r = 0;

	w.unpacked_max = visitor->limits.unpacked ? visitor->limits.unpacked : UNPACKED_MAX;
	w.memory_max = visitor->limits.memory ? visitor->limits.memory : MEMORY_MAX;
	w.reader = (struct cpio_reader){ .visitor = visitor,
					 .violation = reader_violation,
					 .context = &w,
					 .memory = w.memory_max };
	while (r == 0 && !w.stopped && w.pos < len) {
		if (image[w.pos] == 0)
			w.pos++;
		else
			r = walk_segment(&w, &why);
	}
	if (r == 0 && !w.started && !w.stopped)
		r = image_report(&w, "junk", 0, "the image is empty", &why);
	cpio_reader_release(&w.reader);
	if (why) {
		error_move(err, steal_ptr(&why));
		error_wrap(err, "%s", name);
	}
	return r;
}
