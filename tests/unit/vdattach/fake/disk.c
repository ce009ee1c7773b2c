// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/disk.h"

void mbr_entry(uint8_t *sector, unsigned int i, uint8_t type, uint32_t start, uint32_t count)
{
	uint8_t *p = sector + 0x1be + (size_t)i * 16;

	p[4] = type;
	put_le32(p + 8, start);
	put_le32(p + 12, count);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

/* Signs header and entries at lba; the 128 x 128 bytes of entries are at entries_lba. */
static void gpt_header(uint8_t *disk, size_t size, uint32_t sector_size, uint64_t lba,
		       uint64_t other, uint64_t entries_lba)
{
	uint8_t *h = disk + lba * sector_size;

	memset(h, 0, 92);
	memcpy(h, "EFI PART", 8);
	put_le32(h + 8, 0x10000);
	put_le32(h + 12, 92);
	put_le64(h + 24, lba);
	put_le64(h + 32, other);
	put_le64(h + 40, 34);
	put_le64(h + 48, size / sector_size - 34);
	put_le64(h + 72, entries_lba);
	put_le32(h + 80, 128);
	put_le32(h + 84, 128);
	put_le32(h + 88, crc32_of(disk + entries_lba * sector_size, 128UL * 128));
	put_le32(h + 16, crc32_of(h, 92));
}

void gpt_entry(uint8_t *disk, size_t size, uint32_t sector_size, unsigned int i, uint64_t first,
	       uint64_t last, const char *name)
{
	uint64_t count = 128UL * 128 / sector_size;
	uint8_t *e = disk + 2UL * sector_size + (size_t)i * 128;

	memset(e, 0x10, 16);
	memset(e + 16, (int)(0x20 + i), 16);
	put_le64(e + 32, first);
	put_le64(e + 40, last);
	for (size_t n = 0; n < strlen(name); n++)
		put_le16(e + 56 + 2 * n, (uint8_t)name[n]);
	memcpy(disk + size - (count + 1) * sector_size + (size_t)i * 128, e, 128);
}

void gpt_sign(uint8_t *disk, size_t size, uint32_t sector_size)
{
	uint64_t last = size / sector_size - 1, count = 128UL * 128 / sector_size;

	gpt_header(disk, size, sector_size, 1, last, 2);
	gpt_header(disk, size, sector_size, last, 1, last - count);
}

void vhd_footer(uint8_t *f, uint32_t type, uint64_t size, const char *creator)
{
	uint32_t sum = 0;

	memset(f, 0, 512);
	memcpy(f, "conectix", 8);
	put_be32(f + 8, 2);
	put_be32(f + 12, 0x10000);
	put_be64(f + 16, UINT64_MAX);
	memcpy(f + 28, creator, 4);
	put_be64(f + 40, size);
	put_be64(f + 48, size);
	put_be32(f + 60, type);
	for (int i = 0; i < 512; i++)
		sum += f[i];
	put_be32(f + 64, ~sum);
}

void vhd_geometry(uint8_t *f, uint16_t cylinders, uint8_t heads, uint8_t sectors)
{
	uint32_t sum = 0;

	put_be16(f + 56, cylinders);
	f[58] = heads;
	f[59] = sectors;
	put_be32(f + 64, 0);
	for (int i = 0; i < 512; i++)
		sum += f[i];
	put_be32(f + 64, ~sum);
}
