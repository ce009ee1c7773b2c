// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/partition/scheme.h"
#include "common/bytes.h"

#define MBR_SIZE       512u
#define MBR_ENTRIES    0x1beu
#define MBR_SIGNATURE  0x1feu
#define MBR_DISK_ID    0x1b8u
#define TYPE_PROTECTED 0xeeu
#define EBR_HOPS_MAX   512 /* more than partitions: some EBRs only point onwards */

struct mbr_entry {
	uint8_t boot, type;
	uint64_t start, count; /* sectors */
};

static struct mbr_entry entry_at(const uint8_t *sector, unsigned int i)
{
	const uint8_t *p = sector + MBR_ENTRIES + (size_t)i * 16;

	return (struct mbr_entry){ p[0], p[4], get_le32(p + 8), get_le32(p + 12) };
}

static bool is_extended(const struct mbr_entry *entry)
{
	return entry->type == 0x05 || entry->type == 0x0f || entry->type == 0x85;
}

static bool has_signature(const uint8_t *sector)
{
	return sector[MBR_SIGNATURE] == 0x55 && sector[MBR_SIGNATURE + 1] == 0xaa;
}

enum mbr_kind mbr_classify(const uint8_t *sector)
{
	bool protective = false, used = false;

	if (!has_signature(sector))
		return MBR_NONE;
	for (unsigned int i = 0; i < 4; i++) {
		struct mbr_entry entry = entry_at(sector, i);

		if (entry.boot != 0 && entry.boot != 0x80)
			return MBR_NONE;
		/* UEFI 5.2.3: the protective entry covers the disk from LBA 1 on */
		if (entry.type == TYPE_PROTECTED && entry.start == 1)
			protective = true;
		else if (entry.type && entry.count)
			used = true;
	}
	if (protective)
		return used ? MBR_HYBRID : MBR_PROTECTIVE;
	return used ? MBR_PLAIN : MBR_NONE;
}

struct chain {
	struct partition_scan *scan;
	uint32_t disk_id;
	unsigned int next;    /* number of the next logical partition */
	uint64_t first, size; /* of the extended partition, sectors */
	uint64_t here, room;  /* of the EBR at hand */
	uint64_t seen[EBR_HOPS_MAX];
	unsigned int hops;
};

static int mbr_add_entry(struct partition_scan *scan, uint32_t disk_id, unsigned int number,
			 const struct mbr_entry *entry, uint64_t start)
{
	struct partition *p = NULL;
	uint64_t sector_size = scan->table->sector_size;
	int r = partition_add(scan, &p);

	if (r < 0)
		return r;
	p->number = number;
	/* both factors have at most 33 and 13 bits: no overflow */
	p->start = start * sector_size;
	p->length = entry->count * sector_size;
	p->extended = is_extended(entry);
	snprintf(p->type, sizeof(p->type), "%02x", entry->type);
	snprintf(p->uuid, sizeof(p->uuid), "%08x-%02x", disk_id, number);
	return 0;
}

/* The 3rd and 4th entries of an EBR sometimes hold garbage: then they lie outside. */
static bool is_garbage(const struct chain *chain, unsigned int i, const struct mbr_entry *entry)
{
	uint64_t start = chain->here + entry->start;

	if (i < 2)
		return false;
	return entry->start + entry->count > chain->room || start < chain->first ||
	       start + entry->count > chain->first + chain->size;
}

static int add_logicals(struct chain *chain, const uint8_t *sector)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct mbr_entry entry = entry_at(sector, i);
		int r;

		if (!entry.count || is_extended(&entry) || is_garbage(chain, i, &entry))
			continue;
		r = mbr_add_entry(chain->scan, chain->disk_id, chain->next, &entry,
				  chain->here + entry.start);
		if (r < 0)
			return r;
		chain->next++;
	}
	return 0;
}

/* Moves to the next EBR. False at the end of the chain. */
static bool next_ebr(struct chain *chain, const uint8_t *sector)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct mbr_entry entry = entry_at(sector, i);

		if (!entry.count || !is_extended(&entry))
			continue;
		/* links count from the start of the extended partition */
		chain->here = chain->first + entry.start;
		chain->room = entry.count;
		return true;
	}
	return false;
}

static int read_ebr(struct chain *chain, uint8_t *sector, struct error **err)
{
	struct source *disk = chain->scan->disk;
	uint64_t offset = chain->here * chain->scan->table->sector_size;

	if (offset > disk->size || disk->size - offset < MBR_SIZE) {
		findings_add(chain->scan->findings, FINDING_ERROR,
			     "%s: partition table: the chain of logical partitions continues at "
			     "offset %" PRIu64 ", beyond the disk",
			     disk->name, offset);
		return -ENODATA;
	}
	return source_pread(disk, sector, MBR_SIZE, offset, err);
}

/* Notes the EBR at hand. False when it was there before, or there are too many. */
static bool note_hop(struct chain *chain)
{
	if (chain->hops == EBR_HOPS_MAX)
		return false;
	for (unsigned int i = 0; i < chain->hops; i++) {
		if (chain->seen[i] == chain->here)
			return false;
	}
	chain->seen[chain->hops++] = chain->here;
	return true;
}

/* Walks the EBRs of one extended partition. Ends, since no EBR is visited twice. */
static int read_chain(struct chain *chain, struct error **err)
{
	uint8_t sector[MBR_SIZE];

	while (note_hop(chain)) {
		int r = read_ebr(chain, sector, err);

		if (r < 0)
			return r == -ENODATA ? 0 : r;
		if (!has_signature(sector))
			return 0;
		r = add_logicals(chain, sector);
		if (r < 0)
			return r;
		if (!next_ebr(chain, sector))
			return 0;
	}
	findings_add(chain->scan->findings, FINDING_ERROR,
		     "%s: partition table: the chain of logical partitions comes back to itself",
		     chain->scan->disk->name);
	return 0;
}

int mbr_read(struct partition_scan *scan, const uint8_t *sector, struct error **err)
{
	struct chain chain = { .scan = scan, .disk_id = get_le32(sector + MBR_DISK_ID), .next = 5 };
	int r = 0;

	scan->table->scheme = SCHEME_MBR;
	for (unsigned int i = 0; i < 4 && r == 0; i++) {
		struct mbr_entry entry = entry_at(sector, i);

		if (!entry.count)
			continue;
		r = mbr_add_entry(scan, chain.disk_id, i + 1, &entry, entry.start);
		if (r < 0 || !is_extended(&entry))
			continue;
		chain.first = chain.here = entry.start;
		chain.size = chain.room = entry.count;
		r = read_chain(&chain, err);
	}
	return r == -E2BIG ? 0 : r;
}
