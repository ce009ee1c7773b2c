// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

#define TABLE_SIZE    65536u
#define ENTRIES_MAX   2047u
#define ITEM_MAX      MIB
#define ITEM_USER     1u
#define ITEM_REQUIRED 4u

enum item {
	FILE_PARAMETERS,
	DISK_SIZE,
	DISK_ID,
	LOGICAL_SECTOR,
	PHYSICAL_SECTOR,
	LOCATOR,
	N_ITEMS
};

/* 2.6.2; length 0 = any */
static const struct known {
	const char *name, *guid;
	uint32_t length;
} known[N_ITEMS] = {
	{ "file parameters", "caa16737-fa36-4d43-b3b6-33f0aa44e76b", 8 },
	{ "virtual disk size", "2fa54224-cd1b-4876-b211-5dbed83bf4b8", 8 },
	{ "virtual disk id", "beca12ab-b2e6-4523-93ef-c309e000c746", 16 },
	{ "logical sector size", "8141bf1d-a96f-4709-ba47-f233a8faab5f", 4 },
	{ "physical sector size", "cda348c7-445d-4471-9cc9-e9885251c556", 4 },
	{ "parent locator", "a8d35f2d-b30b-454d-abf7-d3d84834ab0c", 0 },
};

struct items {
	struct {
		uint64_t offset; /* in the file; 0 = not there */
		uint32_t length;
	} at[N_ITEMS];
};

/* guid: as vhdx_guid_text() writes it */
static enum item find_item(const char *guid, uint32_t flags)
{
	unsigned int i;

	for (i = 0; i < N_ITEMS; i++) {
		if (strcmp(guid, known[i].guid) == 0 && !(flags & ITEM_USER))
			break;
	}
	return (enum item)i;
}

static int add_item(const struct vhdx *vhdx, struct items *items, const uint8_t *entry,
		    struct error **err)
{
	uint32_t offset = get_le32(entry + 16), length = get_le32(entry + 20);
	uint32_t flags = get_le32(entry + 24);
	const char *name = vhdx->file->name;
	char text[VHDX_GUID_TEXT];
	enum item item;

	vhdx_guid_text(entry, text);
	item = find_item(text, flags);
	if (item == N_ITEMS) {
		if (flags & ITEM_REQUIRED)
			return error_make(err, EOPNOTSUPP,
					  "%s: VHDX metadata item %s is required, but not known to "
					  "this version",
					  name, text);
		return 0;
	}
	if (offset < TABLE_SIZE || length > ITEM_MAX || length < known[item].length || !length ||
	    offset > vhdx->metadata.length || length > vhdx->metadata.length - offset)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata item '%s': %u bytes at %u of the metadata "
				  "region at offset %" PRIu64,
				  name, known[item].name, length, offset, vhdx->metadata.offset);
	if (items->at[item].offset)
		return error_make(err, EINVAL, "%s: VHDX metadata item '%s' is there twice", name,
				  known[item].name);
	items->at[item].offset = vhdx->metadata.offset + offset;
	items->at[item].length = length;
	return 0;
}

static int vhdx_read_table(const struct vhdx *vhdx, struct items *ret, struct error **err)
{
	_cleanup_free_ uint8_t *table = malloc(TABLE_SIZE);
	unsigned int n;
	int r;

	if (!table)
		return error_sys(err, ENOMEM, "%s", vhdx->file->name);
	r = source_pread(vhdx->meta, table, TABLE_SIZE, vhdx->metadata.offset, err);
	if (r < 0)
		return r;
	n = get_le16(table + 10);
	if (memcmp(table, "metadata", 8) != 0 || n > ENTRIES_MAX)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata table at offset %" PRIu64 " is damaged",
				  vhdx->file->name, vhdx->metadata.offset);
	for (unsigned int i = 0; i < n && r == 0; i++)
		r = add_item(vhdx, ret, table + 32 + (size_t)i * 32, err);
	return r;
}

static int read_item(const struct vhdx *vhdx, const struct items *items, enum item item,
		     uint64_t *ret, struct error **err)
{
	uint8_t bytes[8] = { 0 };
	int r;

	if (!items->at[item].offset)
		return error_make(err, EINVAL, "%s: VHDX metadata: no item '%s'", vhdx->file->name,
				  known[item].name);
	r = source_pread(vhdx->meta, bytes, known[item].length, items->at[item].offset, err);
	*ret = get_le64(bytes);
	return r;
}

static bool is_power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

/* Ranges of 2.6.2, before anything is multiplied. */
static int check_values(const struct vhdx *vhdx, struct error **err)
{
	const char *name = vhdx->file->name;

	if (!is_power_of_two(vhdx->block_size) || vhdx->block_size < MIB ||
	    vhdx->block_size > 256 * MIB)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata: block size %u, expected a power of two from "
				  "1 to 256 MiB",
				  name, vhdx->block_size);
	if (vhdx->sector_size != 512 && vhdx->sector_size != 4096)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata: logical sector size %u, expected 512 or 4096",
				  name, vhdx->sector_size);
	if (!vhdx->size || vhdx->size > VHDX_DISK_MAX || vhdx->size % vhdx->sector_size)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata: disk size %" PRIu64
				  ", expected a multiple of %u up to 64 TiB",
				  name, vhdx->size, vhdx->sector_size);
	if (vhdx->has_parent && !vhdx->locator_offset)
		return error_make(err, EINVAL,
				  "%s: VHDX metadata: differencing, but without a parent locator",
				  name);
	return 0;
}

/* 2.5: how many entries the BAT must have. Both sizes are powers of two; no product exceeds 2^47.
 */
static int check_bat(struct vhdx *vhdx, struct error **err)
{
	unsigned int shift = (unsigned int)__builtin_ctz(vhdx->block_size);
	unsigned int ratio_shift = 23 + (unsigned int)__builtin_ctz(vhdx->sector_size) - shift;
	uint64_t entries;

	vhdx->chunk_ratio = (uint64_t)1 << ratio_shift;
	vhdx->n_blocks = (vhdx->size + vhdx->block_size - 1) >> shift;
	vhdx->n_chunks = (vhdx->n_blocks + vhdx->chunk_ratio - 1) >> ratio_shift;
	entries = vhdx->has_parent ? vhdx->n_chunks * (vhdx->chunk_ratio + 1)
				   : vhdx->n_blocks + vhdx->n_chunks - 1;
	if (entries > vhdx->bat.length / 8)
		return error_make(err, EINVAL,
				  "%s: VHDX BAT at offset %" PRIu64 " has room for %" PRIu64
				  " entries, the disk needs %" PRIu64,
				  vhdx->file->name, vhdx->bat.offset, vhdx->bat.length / 8,
				  entries);
	return 0;
}

int vhdx_metadata_read(struct vhdx *vhdx, struct error **err)
{
	uint64_t parameters = 0, logical = 0, physical = 0;
	struct items items;
	int r;

	memset(&items, 0, sizeof(items));
	r = vhdx_read_table(vhdx, &items, err);
	if (r == 0)
		r = read_item(vhdx, &items, FILE_PARAMETERS, &parameters, err);
	if (r == 0)
		r = read_item(vhdx, &items, DISK_SIZE, &vhdx->size, err);
	if (r == 0)
		r = read_item(vhdx, &items, LOGICAL_SECTOR, &logical, err);
	if (r == 0)
		r = read_item(vhdx, &items, PHYSICAL_SECTOR, &physical, err);
	if (r < 0)
		return r;
	vhdx->block_size = (uint32_t)parameters;
	vhdx->has_parent = parameters >> 33 & 1;
	vhdx->fixed = (parameters >> 32 & 1) && !vhdx->has_parent;
	vhdx->sector_size = (uint32_t)logical;
	vhdx->locator_offset = items.at[LOCATOR].offset;
	vhdx->locator_length = items.at[LOCATOR].length;
	r = check_values(vhdx, err);
	return r < 0 ? r : check_bat(vhdx, err);
}
