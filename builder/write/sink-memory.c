// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "builder/write/sink.h"

struct memory_sink {
	struct sink sink;
	char *data;
	size_t len, cap;
};

static int memory_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct memory_sink *memory = (struct memory_sink *)sink;

	if (len > memory->cap - memory->len) {
		size_t cap = MAX(memory->cap * 2, memory->len + len);
		char *grown = cap >= len ? realloc(memory->data, cap) : NULL;

		if (!grown)
			return error_make(err, ENOMEM, "out of memory: %zu MiB of output in memory",
					  (size_t)(memory->len / MIB));
		memory->data = grown;
		memory->cap = cap;
	}
	if (len)
		memcpy(memory->data + memory->len, data, len);
	memory->len += len;
	return 0;
}

static int memory_finish(struct sink *sink, struct error **err)
{
	return 0;
}

static void memory_close(struct sink *sink)
{
	struct memory_sink *memory = (struct memory_sink *)sink;

	free(memory->data);
	free(memory);
}

struct sink *sink_memory_new(void)
{
	struct memory_sink *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->sink = (struct sink){ memory_write, memory_finish, memory_close };
	return &memory->sink;
}

const void *sink_memory_data(const struct sink *sink, size_t *ret_len)
{
	const struct memory_sink *memory = (const struct memory_sink *)sink;

	*ret_len = memory->len;
	return memory->data ? memory->data : "";
}
