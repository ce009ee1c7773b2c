// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

static uint64_t q2_alloc(struct q2 *q, uint64_t n)
{
	uint64_t at = q->next;

	for (uint64_t i = 0; i < n; i++)
		q->refs[at + i]++;
	q->next += n;
	if (q->next >= Q2_MAX)
		abort();
	if (q->world->files[q->file].now.size < q->next << q->bits)
		paged_resize(&q->world->files[q->file].now, q->next << q->bits);
	return at << q->bits;
}

void q2_put64(struct q2 *q, uint64_t offset, uint64_t value)
{
	uint8_t b[8];

	put_be64(b, value);
	world_put(q->world, q->file, offset, b, 8);
}

uint64_t q2_get64(struct q2 *q, uint64_t offset)
{
	uint8_t b[8];

	paged_read(&q->world->files[q->file].now, b, 8, offset);
	return get_be64(b);
}

/* log2 of the bytes of an L2 entry. */
static uint32_t entry_bits(const struct q2 *q)
{
	return q->extended ? 4 : 3;
}

uint64_t q2_entry_at(const struct q2 *q, uint64_t l2, uint64_t cluster)
{
	uint64_t mask = (1ULL << (q->bits - entry_bits(q))) - 1;

	return l2 + ((cluster & mask) << entry_bits(q));
}

uint64_t q2_l1_at(const struct q2 *q, uint64_t cluster)
{
	return q->l1 + (cluster >> (q->bits - entry_bits(q))) * 8;
}

void q2_start(struct q2 *q, struct world *world, const char *name)
{
	uint64_t covered = 1ULL << (2 * q->bits - entry_bits(q)), cluster = 1ULL << q->bits;

	q->world = world;
	q->file = world_add(world, name, cluster);
	q2_alloc(q, 1);
	q->reftable_clusters = MAX(q->reftable_clusters, 1U);
	q->reftable = q2_alloc(q, q->reftable_clusters);
	q->l1_entries = (uint32_t)((q->size + covered - 1) / covered);
	q->l1 = q2_alloc(q, (q->l1_entries * 8 + cluster - 1) >> q->bits);
}

void q2_map(struct q2 *q, uint64_t cluster, uint64_t value)
{
	uint64_t l1 = q2_l1_at(q, cluster);
	uint64_t l2 = q2_get64(q, l1) & ~Q2_COPIED;

	if (!l2) {
		l2 = q2_alloc(q, 1);
		q2_put64(q, l1, l2 | Q2_COPIED);
	}
	q2_put64(q, q2_entry_at(q, l2, cluster), value);
	if (q->extended)
		q2_put64(q, q2_entry_at(q, l2, cluster) + 8, q->bitmap);
}

void q2_data(struct q2 *q, uint64_t cluster, uint8_t fill, uint64_t flags)
{
	uint64_t n = 1ULL << q->bits, at = q->data_name ? cluster * n : q2_alloc(q, 1);
	uint8_t *bytes = malloc(n);

	if (!bytes)
		abort();
	memset(bytes, fill, n);
	if (q->data_name)
		world_put(q->world, q->data_file, at, bytes, MIN(n, q->size - at));
	else
		world_put(q->world, q->file, at, bytes, n);
	free(bytes);
	q2_map(q, cluster, at | Q2_COPIED | flags);
}

void q2_compressed(struct q2 *q, uint64_t cluster, uint8_t fill, uint32_t skip)
{
	uint64_t at = q2_alloc(q, 1) + skip, n = 1ULL << q->bits, sectors;
	uint8_t *bytes = malloc(n), out[512];
	z_stream z = {
		.next_in = bytes, .avail_in = (uInt)n, .next_out = out, .avail_out = sizeof(out)
	};

	if (!bytes)
		abort();
	memset(bytes, fill, n);
	if (deflateInit2(&z, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	free(bytes);
	world_put(q->world, q->file, at, out, z.total_out);
	sectors = ((at & 511) + z.total_out + 511) / 512;
	q->bitmap = 0;
	q2_map(q, cluster, at | Q2_COMPRESSED | (sectors - 1) << (62 - (q->bits - 8)));
}

void q2_snapshot(struct q2 *q)
{
	uint64_t cluster = 1ULL << q->bits, n = (q->l1_entries * 8 + cluster - 1) >> q->bits;
	uint64_t l1 = q2_alloc(q, n);
	uint8_t b[64] = { 0 };

	for (uint32_t i = 0; i < q->l1_entries; i++) {
		uint64_t l2 = q2_get64(q, q->l1 + i * 8ULL) & ~Q2_COPIED;

		q2_put64(q, l1 + i * 8ULL, l2);
		q2_put64(q, q->l1 + i * 8ULL, l2);
		if (l2)
			q->refs[l2 >> q->bits]++;
		for (uint64_t at = l2; l2 && at < l2 + cluster; at += 1ULL << entry_bits(q)) {
			uint64_t entry = q2_get64(q, at) & ~Q2_COPIED;
			uint64_t mask = entry & Q2_COMPRESSED ? (1ULL << (62 - (q->bits - 8))) - 1
							      : 0x00fffffffffffe00ULL;

			q2_put64(q, at, entry);
			if (entry & mask)
				q->refs[(entry & mask) >> q->bits]++;
		}
	}
	q->snapshots = q2_alloc(q, 1);
	q->n_snapshots = 1;
	put_be64(b, l1);
	put_be32(b + 8, q->l1_entries);
	put_be16(b + 12, 1);
	put_be16(b + 14, 3);
	put_be32(b + 36, 16);
	put_be64(b + 48, q->size);
	memcpy(b + 56, "1one", 4);
	world_put(q->world, q->file, q->snapshots, b, sizeof(b));
}

void q2_bitmap(struct q2 *q)
{
	uint8_t b[32] = { 0 };

	q->bitmap_bits = q2_alloc(q, 1);
	q->bitmap_table = q2_alloc(q, 1);
	q->bitmap_directory = q2_alloc(q, 1);
	q2_put64(q, q->bitmap_table, q->bitmap_bits);
	put_be64(b, q->bitmap_table);
	put_be32(b + 8, 1);
	b[16] = 1;
	b[17] = 16;
	put_be16(b + 18, 4);
	memcpy(b + 24, "name", 4);
	world_put(q->world, q->file, q->bitmap_directory, b, sizeof(b));
}

/* Version 3 without other extensions. */
static void q2_bitmaps_extension(const struct q2 *q, uint8_t *b)
{
	put_be64(b + 88, 1);
	put_be32(b + 104, 0x23852875);
	put_be32(b + 108, 24);
	put_be32(b + 112, 1);
	put_be64(b + 120, 32);
	put_be64(b + Q2_BITMAPS_AT, q->bitmap_directory);
}

static void q2_header(struct q2 *q)
{
	uint8_t b[512] = { 0 };

	memcpy(b, "QFI\xfb", 4);
	put_be32(b + 4, q->version);
	put_be32(b + 20, q->bits);
	put_be64(b + 24, q->size);
	put_be32(b + 36, q->l1_entries);
	put_be64(b + 40, q->l1);
	put_be64(b + 48, q->reftable);
	put_be32(b + 56, q->reftable_clusters);
	put_be32(b + 60, q->n_snapshots);
	put_be64(b + 64, q->snapshots);
	if (q->version == 3) {
		put_be32(b + 96, q->order);
		put_be32(b + 100, 104);
	}
	put_be64(b + 72, (q->version == 3 && q->extended ? 1U << 4 : 0U) |
				 (q->version == 3 && q->data_name ? 1U << 2 : 0U));
	if (q->data_name) {
		put_be64(b + 88, q->raw ? 2 : 0);
		put_be32(b + 104, 0x44415441);
		put_be32(b + 108, (uint32_t)strlen(q->data_name));
		memcpy(b + 112, q->data_name, strlen(q->data_name));
	}
	if (q->bitmap_directory)
		q2_bitmaps_extension(q, b);
	if (q->backing) {
		uint32_t at = q->version == 3 ? 104 : 72;

		put_be32(b + at, 0xe2792aca);
		put_be32(b + at + 4, 3);
		memcpy(b + at + 8, "raw", 3);
		put_be64(b + 8, 256);
		put_be32(b + 16, (uint32_t)strlen(q->backing));
		memcpy(b + 256, q->backing, strlen(q->backing));
	}
	world_put(q->world, q->file, 0, b, sizeof(b));
}

static void q2_put_ref(struct q2 *q, uint64_t block, uint64_t i, uint8_t value)
{
	uint8_t b[8] = { 0 };
	uint64_t bytes = q->order < 3 ? 1 : 1ULL << (q->order - 3);
	uint64_t at = block + ((i << q->order) >> 3);

	if (q->order < 3) {
		paged_read(&q->world->files[q->file].now, b, 1, at);
		b[0] |= (uint8_t)(value << ((i << q->order) % 8));
	} else {
		b[bytes - 1] = value;
	}
	world_put(q->world, q->file, at, b, bytes);
}

void q2_finish(struct q2 *q)
{
	uint64_t per = 1ULL << (q->bits + 3 - q->order), blocks[Q2_MAX / 64] = { 0 };
	uint64_t end;

	for (uint64_t i = 0; i * per < q->next; i++)
		blocks[i] = q2_alloc(q, 1);
	for (uint64_t i = 0; i * per < q->next; i++) {
		q2_put64(q, q->reftable + i * 8, blocks[i]);
		for (uint64_t k = 0; k < per && i * per + k < Q2_MAX; k++)
			q2_put_ref(q, blocks[i], k, q->refs[i * per + k]);
	}
	q2_header(q);
	end = MAX(q->next, q->end_at) << q->bits;
	if (q->world->files[q->file].now.size < end)
		paged_resize(&q->world->files[q->file].now, end);
}
