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
	int r;
	struct none_sink *none = compressor_sink(&compressor_none, level, sizeof(*none), &r, err);

	if (!none)
		return r;
	*none = (struct none_sink){ { none_write, none_finish, none_close }, below };
	*ret = &none->sink;
	return 0;
}

const struct compressor compressor_none = { .name = "none", .open = none_open };
