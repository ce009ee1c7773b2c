// SPDX-License-Identifier: GPL-2.0-or-later
/* GUID partition table: UEFI specification 2.10, section 5.3. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/format/common/utf8.h"
#include "applets/vdattach/partition/scheme.h"
#include "common/bytes.h"

#define GPT_SIGNATURE	  "EFI PART"
#define GPT_HEADER_MIN	  92u
#define GPT_ENTRY_MIN	  128u
#define GPT_ENTRY_MAX	  4096u
#define GPT_ENTRIES_BYTES (1u << 20) /* of the whole array; the usual one has 16 KiB */
#define NAME_UNITS	  36u

struct gpt_header {
	uint32_t sector_size;
	uint64_t my_lba, alternate_lba, first_usable, last_usable, entries_lba;
	uint32_t entry_count, entry_size, entries_crc;
};

/* CRC-32 of IEEE 802.3, reflected, as the UEFI specification asks for. Start with 0. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	while (n-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	return ~crc;
}

/* Decodes and verifies the header in one sector of sector_size bytes. False: not a valid header. */
static bool decode_header(uint8_t *sector, uint32_t sector_size, uint64_t lba,
			  struct gpt_header *ret)
{
	uint32_t size = get_le32(sector + 12), crc = get_le32(sector + 16);

	if (memcmp(sector, GPT_SIGNATURE, 8) != 0 || size < GPT_HEADER_MIN || size > sector_size)
		return false;
	put_le32(sector + 16, 0);
	if (crc32_update(0, sector, size) != crc)
		return false;
	*ret = (struct gpt_header){
		.sector_size = sector_size,
		.my_lba = get_le64(sector + 24),
		.alternate_lba = get_le64(sector + 32),
		.first_usable = get_le64(sector + 40),
		.last_usable = get_le64(sector + 48),
		.entries_lba = get_le64(sector + 72),
		.entry_count = get_le32(sector + 80),
		.entry_size = get_le32(sector + 84),
		.entries_crc = get_le32(sector + 88),
	};
	return ret->my_lba == lba && ret->first_usable <= ret->last_usable;
}

/* Where the array of entries is, in bytes, if it is of a sane size and inside the disk. */
static bool entries_range(const struct gpt_header *h, uint64_t disk_size, uint64_t *ret_offset,
			  uint32_t *ret_bytes)
{
	uint64_t bytes = (uint64_t)h->entry_count * h->entry_size;

	if (h->entry_size < GPT_ENTRY_MIN || h->entry_size > GPT_ENTRY_MAX ||
	    (h->entry_size & (h->entry_size - 1)) || bytes == 0 || bytes > GPT_ENTRIES_BYTES)
		return false;
	if (!mul_u64(h->entries_lba, h->sector_size, ret_offset) || *ret_offset > disk_size ||
	    bytes > disk_size - *ret_offset)
		return false;
	*ret_bytes = (uint32_t)bytes;
	return true;
}

static bool entries_intact(struct source *disk, const struct gpt_header *h)
{
	uint32_t bytes = 0, crc = 0;
	uint64_t offset = 0;
	uint8_t chunk[4096];

	if (!entries_range(h, disk->size, &offset, &bytes))
		return false;
	while (bytes > 0) {
		uint32_t n = MIN(bytes, (uint32_t)sizeof(chunk));

		if (source_pread(disk, chunk, n, offset, NULL) < 0)
			return false;
		crc = crc32_update(crc, chunk, n);
		offset += n;
		bytes -= n;
	}
	return crc == h->entries_crc;
}

/* A header at this LBA with valid checksums of itself and its entries. */
static bool gpt_load(struct source *disk, uint32_t sector_size, uint64_t lba,
		     struct gpt_header *ret)
{
	uint8_t sector[4096];
	uint64_t offset;

	if (!mul_u64(lba, sector_size, &offset) || offset >= disk->size ||
	    disk->size - offset < sector_size)
		return false;
	if (source_pread(disk, sector, sector_size, offset, NULL) < 0)
		return false;
	return decode_header(sector, sector_size, lba, ret) && entries_intact(disk, ret);
}

static uint64_t last_lba(const struct source *disk, uint32_t sector_size)
{
	return disk->size / sector_size - 1;
}

/* The arrays of entries overlap the other size's header, so at most one primary is valid. */
static bool find_primary(struct source *disk, const uint32_t *sizes, size_t n,
			 struct gpt_header *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (disk->size >= 3ULL * sizes[i] && gpt_load(disk, sizes[i], 1, ret))
			return true;
	}
	return false;
}

static bool find_backup(struct source *disk, const uint32_t *sizes, size_t n,
			struct gpt_header *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (disk->size >= 3ULL * sizes[i] &&
		    gpt_load(disk, sizes[i], last_lba(disk, sizes[i]), ret))
			return true;
	}
	return false;
}

/* The first three groups of a GUID are little-endian on disk. */
static void format_guid(const uint8_t *p, char *ret, size_t size)
{
	snprintf(ret, size, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", get_le32(p),
		 get_le16(p + 4), get_le16(p + 6), p[8], p[9], p[10], p[11], p[12], p[13], p[14],
		 p[15]);
}

/* UTF-16LE to UTF-8; a lone surrogate becomes U+FFFD. out holds 3 bytes a unit and the NUL. */
static void format_name(const uint8_t *p, char *out)
{
	for (unsigned int i = 0; i < NAME_UNITS; i++) {
		uint32_t c = get_le16(p + (size_t)2 * i);
		uint32_t low = i + 1 < NAME_UNITS ? get_le16(p + (size_t)2 * i + 2) : 0;

		if (c == 0)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		out += utf8_put(out, c);
	}
	*out = '\0';
}

static int gpt_add_entry(struct partition_scan *scan, const struct gpt_header *h,
			 const uint8_t *entry, uint32_t number)
{
	static const uint8_t unused[16];
	uint64_t first = get_le64(entry + 32), last = get_le64(entry + 40);
	uint64_t end_lba = last_lba(scan->disk, h->sector_size);
	struct partition *p = NULL;
	int r;

	if (memcmp(entry, unused, sizeof(unused)) == 0)
		return 0;
	if (first > last || last > end_lba) {
		findings_add(scan->findings, FINDING_ERROR,
			     "%s: GPT: partition %u covers sectors %" PRIu64 " to %" PRIu64
			     " of a disk that ends at %" PRIu64 ": left out",
			     scan->disk->name, number, first, last, end_lba);
		return 0;
	}
	r = partition_add(scan, &p);
	if (r < 0)
		return r;
	p->number = number;
	p->start = first * h->sector_size;
	p->length = (last - first + 1) * h->sector_size;
	format_guid(entry, p->type, sizeof(p->type));
	format_guid(entry + 16, p->uuid, sizeof(p->uuid));
	format_name(entry + 56, p->label);
	return 0;
}

static int read_entries(struct partition_scan *scan, const struct gpt_header *h, struct error **err)
{
	uint64_t offset = h->entries_lba * h->sector_size;
	uint8_t entry[GPT_ENTRY_MIN];

	for (uint32_t i = 0; i < h->entry_count; i++) {
		int r = source_pread(scan->disk, entry, sizeof(entry),
				     offset + (uint64_t)i * h->entry_size, err);

		if (r == 0)
			r = gpt_add_entry(scan, h, entry, i + 1);
		if (r < 0)
			return r == -E2BIG ? 0 : r;
	}
	return 0;
}

static void check_backup(struct partition_scan *scan, const struct gpt_header *primary)
{
	uint32_t sector_size = primary->sector_size;
	struct gpt_header backup;

	if (gpt_load(scan->disk, sector_size, primary->alternate_lba, &backup)) {
		scan->table->backup_early =
			primary->alternate_lba != last_lba(scan->disk, sector_size);
		return;
	}
	findings_add(scan->findings, FINDING_ERROR,
		     "%s: GPT: the backup table at sector %" PRIu64 " is damaged or missing",
		     scan->disk->name, primary->alternate_lba);
}

int gpt_read(struct partition_scan *scan, uint32_t sector_size, struct error **err)
{
	static const uint32_t both[] = { 512, 4096 };
	const uint32_t *sizes = sector_size ? &sector_size : both;
	size_t n = sector_size ? 1 : ARRAY_SIZE(both);
	struct gpt_header h;

	if (find_primary(scan->disk, sizes, n, &h)) {
		check_backup(scan, &h);
	} else if (find_backup(scan->disk, sizes, n, &h)) {
		findings_add(scan->findings, FINDING_ERROR,
			     "%s: GPT: the primary table is damaged: the backup is used",
			     scan->disk->name);
		scan->table->from_backup = true;
	} else {
		return error_make(err, ENOENT, "%s: GPT: neither table is intact",
				  scan->disk->name);
	}
	scan->table->scheme = SCHEME_GPT;
	scan->table->sector_size = h.sector_size;
	return read_entries(scan, &h, err);
}
