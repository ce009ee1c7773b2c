// SPDX-License-Identifier: GPL-2.0-or-later

#include "builder/write/compress-internal.h"

struct none_sink {
	struct sink sink;
	struct sink *below;
};

static int none_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	return sink_write(((struct none_sink *)sink)->below, data, len, err);
}

static int none_finish(struct sink *sink, struct error **err)
{
	return 0;
}

static void none_close(struct sink *sink)
{
	free(sink);
}

static int none_open(struct sink *below, int level, unsigned threads, struct sink **ret,
		     struct error **err)
{
	struct none_sink *none;
	int r = compressor_level(&compressor_none, level, err);

	if (r < 0)
		return r;
	none = calloc(1, sizeof(*none));
	if (!none)
		return error_no_memory(err);
	*none = (struct none_sink){ { none_write, none_finish, none_close }, below };
	*ret = &none->sink;
	return 0;
}

const struct compressor compressor_none = { .name = "none", .open = none_open };
