// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

void vx_sign(uint8_t *b, size_t n)
{
	put_le32(b + 4, 0);
	put_le32(b + 4, crc32c(0, b, n));
}

void vx_header(struct world *w, unsigned int f, unsigned int slot, uint64_t sequence, uint8_t id,
	       uint8_t log_id)
{
	uint8_t b[4096] = { 'h', 'e', 'a', 'd' };

	put_le64(b + 8, sequence);
	memset(b + 16, 0x11, 16);
	memset(b + 32, id, 16);
	memset(b + 48, log_id, 16);
	put_le16(b + 66, 1);
	put_le32(b + 68, (uint32_t)MIB);
	put_le64(b + 72, VX_LOG);
	vx_sign(b, sizeof(b));
	world_put(w, f, slot ? 128 * KIB : 64 * KIB, b, sizeof(b));
}

static void vx_region(uint8_t *e, const char *guid, uint64_t offset, uint32_t required)
{
	memcpy(e, guid, 16);
	put_le64(e + 16, offset);
	put_le32(e + 24, (uint32_t)MIB);
	put_le32(e + 28, required);
}

void vx_regions(struct world *w, unsigned int f, unsigned int slot, int extra)
{
	uint8_t *b = calloc(1, 65536);

	if (!b)
		abort();
	memcpy(b, "regi", 4);
	put_le32(b + 8, extra ? 3 : 2);
	vx_region(b + 16, VX_GUID_BAT, VX_BAT, 1);
	vx_region(b + 48, VX_GUID_METADATA, VX_METADATA, 1);
	if (extra)
		vx_region(b + 80, "some other thing", VX_BLOCKS, extra == 2);
	vx_sign(b, 65536);
	world_put(w, f, slot ? 256 * KIB : 192 * KIB, b, 65536);
	free(b);
}

static void vx_item(uint8_t *table, unsigned int i, const char *guid, uint32_t offset,
		    uint32_t length, uint32_t flags)
{
	uint8_t *e = table + 32 + (size_t)i * 32;

	memcpy(e, guid, 16);
	put_le32(e + 16, offset);
	put_le32(e + 20, length);
	put_le32(e + 24, flags);
}

static uint32_t vx_utf16(uint8_t *p, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		put_le16(p + 2 * i, (uint8_t)text[i]);
	return (uint32_t)strlen(text) * 2;
}

static void vx_pair(uint8_t *locator, unsigned int i, uint32_t *at, const char *key,
		    const char *value)
{
	uint8_t *e = locator + 20 + (size_t)i * 12;
	uint32_t n;

	put_le32(e, *at);
	n = vx_utf16(locator + *at, key);
	put_le16(e + 8, (uint16_t)n);
	*at += n;
	put_le32(e + 4, *at);
	n = vx_utf16(locator + *at, value);
	put_le16(e + 10, (uint16_t)n);
	*at += n;
}

static uint32_t vx_locator(const struct vx *vx, uint8_t *b)
{
	uint32_t at = 128;
	char id[40];
	uint8_t x = vx->parent_id;

	memcpy(b, "\xb7\xef\x4a\xb0\x9e\xd1\x81\x4a\xb7\x89\x25\xb8\xe9\x44\x59\x13", 16);
	put_le16(b + 18, 4);
	snprintf(id, sizeof(id),
		 "{%02X%02X%02X%02X-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x}", x, x, x,
		 x, x, x, x, x, x, x, x, x, x, x, x, x);
	vx_pair(b, 0, &at, "parent_linkage",
		vx->linkage2 ? "{00000000-0000-0000-0000-000000000001}" : id);
	vx_pair(b, 1, &at, "parent_linkage2",
		vx->linkage2 ? id : "{00000000-0000-0000-0000-000000000000}");
	vx_pair(b, 2, &at, "absolute_win32_path", "C:\\vm\\nowhere.vhdx");
	vx_pair(b, 3, &at, "relative_path", vx->parent);
	return at;
}

static void vx_metadata(struct world *w, unsigned int f, const struct vx *vx)
{
	uint8_t *b = calloc(1, 131072), *items;

	if (!b)
		abort();
	items = b + 65536;
	memcpy(b, "metadata", 8);
	put_le16(b + 10, vx->parent ? 6 : 5);
	vx_item(b, 0, "\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b", 65536, 8,
		4);
	vx_item(b, 1, "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8", 65544, 8,
		6);
	vx_item(b, 2, "\xab\x12\xca\xbe\xe6\xb2\x23\x45\x93\xef\xc3\x09\xe0\x00\xc7\x46", 65552, 16,
		6);
	vx_item(b, 3, "\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f", 65568, 4,
		6);
	vx_item(b, 4, "\xc7\x48\xa3\xcd\x5d\x44\x71\x44\x9c\xc9\xe9\x88\x52\x51\xc5\x56", 65572, 4,
		6);
	put_le32(items, vx->block_size ? vx->block_size : (uint32_t)MIB);
	put_le32(items + 4, (vx->fixed ? 1u : 0) | (vx->parent ? 2u : 0));
	put_le64(items + 8, vx->size);
	memset(items + 16, 0x44, 16);
	put_le32(items + 32, vx->sector_size ? vx->sector_size : 512);
	put_le32(items + 36, 4096);
	if (vx->parent)
		vx_item(b, 5, "\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c",
			66560, vx_locator(vx, b + 66560), 4);
	world_put(w, f, VX_METADATA, b, 131072);
	free(b);
}

unsigned int vx_make(struct world *w, const char *name, const struct vx *vx)
{
	unsigned int f = world_add(w, name, VX_BLOCKS);

	world_put(w, f, 0, "vhdxfile", 8);
	vx_header(w, f, 0, 1, vx->id, 0);
	vx_header(w, f, 1, 2, vx->id, 0);
	vx_regions(w, f, 0, 0);
	vx_regions(w, f, 1, 0);
	vx_metadata(w, f, vx);
	return f;
}

void vx_bat(struct world *w, unsigned int f, uint64_t index, uint64_t offset, int state)
{
	uint8_t b[8];

	put_le64(b, offset | (unsigned int)state);
	world_put(w, f, VX_BAT + index * 8, b, sizeof(b));
}

/* Text that says whose it is and where. */
static void vx_fill(struct world *w, unsigned int f, uint64_t offset, uint64_t n, char mark)
{
	for (uint64_t at = 0; at < n; at += 512) {
		char sector[512];

		memset(sector, mark, sizeof(sector));
		snprintf(sector, sizeof(sector), "%c: %llu", mark, (unsigned long long)at);
		world_put(w, f, offset + at, sector, sizeof(sector));
	}
}

uint64_t vx_block(struct world *w, unsigned int f, uint64_t index, uint64_t n, int state, char mark)
{
	uint64_t offset = (w->files[f].now.size + MIB - 1) / MIB * MIB;

	paged_resize(&w->files[f].now, offset + n);
	vx_bat(w, f, index, offset, state);
	if (mark)
		vx_fill(w, f, offset, n, mark);
	return offset;
}

uint32_t vx_log_page(struct world *w, unsigned int f, uint32_t sector, uint32_t tail,
		     uint64_t sequence, uint8_t log_id, uint64_t target, const uint8_t *page,
		     uint64_t flushed)
{
	uint8_t b[8192] = { 'l', 'o', 'g', 'e' }, *d = b + 64, *data = b + 4096;

	put_le32(b + 8, sizeof(b));
	put_le32(b + 12, tail * 4096);
	put_le64(b + 16, sequence);
	put_le32(b + 24, 1);
	memset(b + 32, log_id, 16);
	put_le64(b + 48, flushed);
	put_le64(b + 56, flushed);
	memcpy(d, "desc", 4);
	memcpy(d + 4, page + 4092, 4);
	memcpy(d + 8, page, 8);
	put_le64(d + 16, target);
	put_le64(d + 24, sequence);
	memcpy(data, page, 4096);
	memcpy(data, "data", 4);
	put_le32(data + 4, (uint32_t)(sequence >> 32));
	put_le32(data + 4092, (uint32_t)sequence);
	vx_sign(b, sizeof(b));
	for (uint32_t i = 0; i < 2; i++)
		world_put(w, f, VX_LOG + (sector + i) % 256 * 4096, b + (size_t)i * 4096, 4096);
	return (sector + 2) % 256;
}

uint32_t vx_log_zero(struct world *w, unsigned int f, uint32_t sector, uint32_t tail,
		     uint64_t sequence, uint8_t log_id, uint64_t target, uint64_t n,
		     uint64_t flushed)
{
	uint8_t b[4096] = { 'l', 'o', 'g', 'e' }, *d = b + 64;

	put_le32(b + 8, sizeof(b));
	put_le32(b + 12, tail * 4096);
	put_le64(b + 16, sequence);
	put_le32(b + 24, 1);
	memset(b + 32, log_id, 16);
	put_le64(b + 48, flushed);
	put_le64(b + 56, flushed);
	memcpy(d, "zero", 4);
	put_le64(d + 8, n);
	put_le64(d + 16, target);
	put_le64(d + 24, sequence);
	vx_sign(b, sizeof(b));
	world_put(w, f, VX_LOG + sector % 256 * 4096, b, sizeof(b));
	return (sector + 1) % 256;
}
