// SPDX-License-Identifier: GPL-2.0-or-later
/* Untrusted QCOW, QCOW2 and cloop images: open, map, check, read, write. */
#include <string.h>

#include "applets/vdattach/image/image.h"
#include "common/bytes.h"
#include "tests/unit/vdattach/fake/memory.h"

static const char *const formats[] = { "qcow2", "qcow", "cloop" };

static void walk(struct vd_image *image)
{
	struct vd_map_entry entry = { .length = 0 };
	uint64_t offset = 0;

	for (unsigned int i = 0; i < 1000 && offset < image->size; i++) {
		uint64_t length = 512;

		if (vd_image_map(image, offset, &entry, NULL) == 0)
			length = entry.length;
		offset += length;
	}
}

static void use(struct vd_image *image, bool write)
{
	_cleanup_source_ struct source *disk = NULL;
	static uint8_t buf[70000];

	walk(image);
	if (vd_image_check(image, NULL) < 0 || vd_image_view(image, &disk, NULL) < 0)
		return;
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t offset = disk->size / 8 * i;
		size_t n = (size_t)MIN(disk->size - offset, (uint64_t)sizeof(buf));

		/* a damaged image may fail; it may not crash, and not hang */
		if (source_pread(disk, buf, n, offset, NULL) < 0)
			continue;
		if (write && source_pwrite(disk, buf, n / 2, offset, NULL) == 0 && i % 3 == 0 &&
		    source_flush(disk, NULL) < 0)
			return;
	}
}

static void open_and_use(uint8_t *data, size_t size, const char *format, bool read_only)
{
	_cleanup_source_ struct source *source = NULL;
	_cleanup_image_ struct vd_image *image = NULL;

	if (source_memory(data, size, &source) < 0)
		return;
	source->read_only = read_only;
	if (open_format(source, format, &image, NULL) < 0)
		return;
	source = NULL;
	use(image, !read_only);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		open_and_use(bytes, size, formats[i], true);
	open_and_use(bytes, size, "qcow2", false);
	free(bytes);
	return 0;
}
