// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/stream/stream-in.h"

static void stream_in_watch(struct stream_in *in, const struct block *block)
{
	size_t len = block->len;

	while (len > 0 && block->data[len - 1] == 0)
		len--;
	if (len > 0)
		in->nonzero_end = in->total + len;
	in->total += block->len;
}

static int next_block(struct stream_in *in)
{
	if (in->block)
		blockq_pop(in->queue);
	in->block = NULL;
	if (in->code < 0)
		return in->code;
	in->code = blockq_full(in->queue, &in->block);
	if (in->block)
		stream_in_watch(in, in->block);
	return in->code;
}

la_ssize_t stream_in_read(struct archive *a, void *data, const void **ret_buf)
{
	struct stream_in *in = data;

	if (next_block(in) < 0) {
		archive_set_error(a, -in->code, "the archive cannot be read");
		return ARCHIVE_FATAL;
	}
	if (!in->block)
		return 0;
	*ret_buf = in->block->data;
	return (la_ssize_t)in->block->len;
}

int stream_in_drain(struct stream_in *in)
{
	int r;

	do
		r = next_block(in);
	while (in->block);
	return r;
}
