// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/memory.h"

#include <errno.h>
#include <string.h>

struct memory_source {
	struct source source;
	uint8_t *data;
};

static int memory_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	memcpy(buf, ((struct memory_source *)source)->data + offset, n);
	return 0;
}

static int memory_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	memcpy(((struct memory_source *)source)->data + offset, buf, n);
	return 0;
}

static void memory_close(struct source *source)
{
	free((struct memory_source *)source);
}

static const struct source_ops memory_ops = {
	.pread = memory_pread,
	.pwrite = memory_pwrite,
	.close = memory_close,
};

int source_memory(void *data, size_t size, struct source **ret)
{
	struct memory_source *m = calloc(1, sizeof(*m));

	if (m)
		m->source.name = strdup("memory");
	if (!m || !m->source.name) {
		free(m);
		return -ENOMEM;
	}
	m->source.ops = &memory_ops;
	m->source.size = size;
	m->data = data;
	*ret = &m->source;
	return 0;
}

int open_format(struct source *source, const char *format, struct vd_image **ret,
		struct error **err)
{
	const struct vd_open_how how = { .format = format };

	return vd_image_open_how(source, &how, ret, err);
}
