// SPDX-License-Identifier: GPL-2.0-or-later
/* An untrusted image: open, check, map, read its ends, parse its partition table. */
#include <errno.h>

#include "applets/vdattach/image/image.h"
#include "applets/vdattach/partition/partition.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

static void read_ends(struct source *source)
{
	uint8_t buf[600];
	size_t n = (size_t)MIN(source->size, (uint64_t)sizeof(buf));

	int first = source_pread(source, buf, n, 0, NULL);
	int last = source_pread(source, buf, n, source->size - n, NULL);

	/* what may be selected lies inside the disk; what the image has there may be damaged */
	if (first == -ERANGE || last == -ERANGE)
		abort();
}

static void use_partitions(struct source *disk)
{
	_cleanup_partition_table_ struct partition_table table = { .n = 0 };
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	char spec[16] = { 0 };

	if (partition_table_read(disk, 0, &table, &findings, NULL) < 0)
		return;
	partition_table_check(&table, disk, &findings);
	for (size_t i = 0; i < table.n; i++) {
		const struct partition *p = NULL;
		_cleanup_source_ struct source *window = NULL;
		unsigned int number = table.items[i].number;

		for (size_t digit = 3; digit-- > 0; number /= 10)
			spec[digit] = (char)('0' + number % 10);
		if (partition_select(&table, disk->size, spec, &p, NULL) < 0)
			continue;
		/* whatever may be selected lies inside the disk */
		if (source_window(disk, spec, p->start, p->length, &window, NULL) < 0)
			abort();
		read_ends(window);
	}
}

static void use_image(struct vd_image *image)
{
	_cleanup_source_ struct source *disk = NULL;
	struct vd_map_entry entry;

	for (uint64_t offset = 0; offset < image->size; offset += entry.length) {
		/* tables are read as they are needed, and may be damaged */
		if (vd_image_map(image, offset, &entry, NULL) < 0)
			return;
	}
	if (vd_image_check(image, NULL) < 0 || vd_image_view(image, &disk, NULL) < 0)
		return;
	read_ends(disk);
	use_partitions(disk);
}

static void open_and_use(uint8_t *data, size_t size, bool read_only)
{
	_cleanup_source_ struct source *source = NULL;
	_cleanup_image_ struct vd_image *image = NULL;

	if (source_memory(data, size, &source) < 0)
		return;
	source->read_only = read_only;
	if (open_format(source, NULL, &image, NULL) < 0)
		return;
	source = NULL;
	use_image(image);
}

static void sign_vhd(uint8_t *footer)
{
	uint32_t sum = 0;

	if (memcmp(footer, "conectix", 8) != 0)
		return;
	put_be32(footer + 64, 0);
	for (int i = 0; i < 512; i++)
		sum += footer[i];
	put_be32(footer + 64, ~sum);
}

static void sign_gpt(uint8_t *data, size_t size, size_t sector_size, size_t lba)
{
	size_t offset = lba * sector_size;
	uint64_t start, bytes;
	uint8_t *h = data + offset;

	if (offset > size || size - offset < sector_size || memcmp(h, "EFI PART", 8) != 0)
		return;
	start = get_le64(h + 72);
	bytes = (uint64_t)get_le32(h + 80) * get_le32(h + 84);
	if (start <= size / sector_size && bytes <= size - start * sector_size)
		put_le32(h + 88, crc32_of(data + start * sector_size, bytes));
	put_le32(h + 12, 92);
	put_le32(h + 16, 0);
	put_le32(h + 16, crc32_of(h, 92));
}

/* Right checksums let mutations through to what comes behind them. */
static void sign_all(uint8_t *data, size_t size)
{
	for (size_t sector_size = 512; sector_size <= 4096; sector_size *= 8) {
		sign_gpt(data, size, sector_size, 1);
		if (size >= sector_size)
			sign_gpt(data, size, sector_size, size / sector_size - 1);
	}
	if (size >= 512)
		sign_vhd(data + size - 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	open_and_use(bytes, size, true);
	open_and_use(bytes, size, false);
	sign_all(bytes, size);
	open_and_use(bytes, size, false);
	free(bytes);
	return 0;
}
