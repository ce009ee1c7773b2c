/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where bytes go: memory, a file, a compressor in front of another sink. */
#ifndef BUILDER_WRITE_SINK_H
#define BUILDER_WRITE_SINK_H

#include "common/error.h"

struct sink {
	/* Takes all of data or fails with -errno. */
	int (*write)(struct sink *sink, const void *data, size_t len, struct error **err);
	/* Ends the stream (a compressor writes its trailer). Does not finish the sink below. */
	int (*finish)(struct sink *sink, struct error **err);
	/* Releases the sink, finished or not. NULL-safe through sink_close. Never closes the sink
	 * below. */
	void (*close)(struct sink *sink);
};

static inline _must_check_ int sink_write(struct sink *sink, const void *data, size_t len,
					  struct error **err)
{
	return sink->write(sink, data, len, err);
}

static inline _must_check_ int sink_finish(struct sink *sink, struct error **err)
{
	return sink->finish(sink, err);
}

static inline void sink_close(struct sink *sink)
{
	if (sink)
		sink->close(sink);
}

/* A sink that keeps all bytes in memory. NULL when memory is out. */
struct sink *sink_memory_new(void);
/* Its bytes so far; valid until the next write or close. */
const void *sink_memory_data(const struct sink *sink, size_t *ret_len);

#endif
