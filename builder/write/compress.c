// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/compress-internal.h"

#include <errno.h>
#include <string.h>

static const struct compressor *const table[] = { &compressor_zstd, &compressor_xz,
						  &compressor_gzip, &compressor_lz4,
						  &compressor_none, NULL };

const struct compressor *const *compressor_list(void)
{
	return table;
}

const struct compressor *compressor_find(const char *name)
{
	for (const struct compressor *const *c = table; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

unsigned compressor_threads(unsigned threads)
{
	long online = threads ? (long)threads : sysconf(_SC_NPROCESSORS_ONLN);

	/* each thread costs tens of MiB, and no image has work for more */
	return (unsigned)MIN(MAX(online, 1), 16);
}

static int compressor_level(const struct compressor *compressor, int level, struct error **err)
{
	if (level >= compressor->level_min && level <= compressor->level_max)
		return 0;
	if (compressor->level_max == 0)
		return error_make(err, EINVAL, "compressor '%s' has no levels", compressor->name);
	return error_make(err, EINVAL, "compressor '%s' has levels %d to %d, not %d",
			  compressor->name, compressor->level_min, compressor->level_max, level);
}

void *compressor_sink(const struct compressor *compressor, int level, size_t size, int *ret_r,
		      struct error **err)
{
	int r = compressor_level(compressor, level, err);
	void *sink = r < 0 ? NULL : calloc(1, size);

	if (!sink)
		*ret_r = r < 0 ? r : error_no_memory(err);
	return sink;
}
