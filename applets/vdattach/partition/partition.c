// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/partition/partition.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applets/vdattach/partition/scheme.h"

#define SECTOR_0_BYTES 512u

int partition_add(struct partition_scan *scan, struct partition **ret)
{
	struct partition_table *table = scan->table;
	struct partition *items;

	if (table->n >= PARTITIONS_MAX) {
		findings_add(scan->findings, FINDING_WARNING,
			     "%s: more than %d partitions: the rest is left out", scan->disk->name,
			     PARTITIONS_MAX);
		return -E2BIG;
	}
	items = realloc(table->items, (table->n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	table->items = items;
	*ret = items + table->n++;
	memset(*ret, 0, sizeof(**ret));
	return 0;
}

static int read_scheme(struct partition_scan *scan, const uint8_t *sector, uint32_t sector_size,
		       struct error **err)
{
	_cleanup_error_ struct error *gpt_error = NULL;
	enum mbr_kind kind = mbr_classify(sector);
	int r;

	switch (kind) {
	case MBR_NONE:
		return 0;
	case MBR_PLAIN:
		return mbr_read(scan, sector, err);
	case MBR_PROTECTIVE:
	case MBR_HYBRID:
		break;
	}
	scan->table->hybrid = kind == MBR_HYBRID;
	r = gpt_read(scan, sector_size, &gpt_error);
	if (r != -ENOENT) {
		if (gpt_error)
			error_move(err, steal_ptr(&gpt_error));
		return r;
	}
	/* the kernel does not fall back to the MBR's partitions either */
	findings_add(scan->findings, FINDING_ERROR, "%s", error_msg(gpt_error));
	return 0;
}

int partition_table_read(struct source *disk, uint32_t sector_size, struct partition_table *ret,
			 struct findings *findings, struct error **err)
{
	struct partition_table table = { .sector_size = sector_size ? sector_size : 512 };
	struct partition_scan scan = { disk, &table, findings };
	uint8_t sector[SECTOR_0_BYTES];
	int r;

	if (disk->size >= sizeof(sector)) {
		r = source_pread(disk, sector, sizeof(sector), 0, err);
		if (r == 0)
			r = read_scheme(&scan, sector, sector_size, err);
		if (r < 0) {
			partition_table_release(&table);
			return r == -ENOMEM ? error_sys(err, r, "%s", disk->name) : r;
		}
	}
	*ret = table;
	return 0;
}

void partition_table_release(struct partition_table *table)
{
	if (!table)
		return;
	free(table->items);
	memset(table, 0, sizeof(*table));
}

/* A decimal number and nothing else; 0 otherwise. */
static unsigned int parse_number(const char *spec)
{
	unsigned int number = 0;

	for (const char *p = spec; *p; p++) {
		if (*p < '0' || *p > '9' || number > 1000)
			return 0;
		number = number * 10 + (unsigned int)(*p - '0');
	}
	return number;
}

struct wanted {
	unsigned int number;
	const char *uuid, *label;
};

static bool parse_spec(const char *spec, struct wanted *ret)
{
	*ret = (struct wanted){ .number = parse_number(spec) };
	if (strncmp(spec, "PARTUUID=", 9) == 0)
		ret->uuid = spec + 9;
	else if (strncmp(spec, "PARTLABEL=", 10) == 0)
		ret->label = spec + 10;
	return ret->number || (ret->uuid && *ret->uuid) || (ret->label && *ret->label);
}

static bool is_wanted(const struct partition *p, const struct wanted *wanted)
{
	if (wanted->uuid)
		return strcasecmp(p->uuid, wanted->uuid) == 0;
	if (wanted->label)
		return strcmp(p->label, wanted->label) == 0;
	return p->number == wanted->number;
}

/* The numbers that there are, for the message that one is not. */
static void partition_describe(const struct partition_table *table, char *ret, size_t size)
{
	size_t used = 0;

	if (table->n == 0) {
		snprintf(ret, size, "the disk has no partitions");
		return;
	}
	used = (size_t)snprintf(ret, size, "the disk has");
	for (size_t i = 0; i < table->n && used + 8 < size; i++)
		used += (size_t)snprintf(ret + used, size - used, " %u", table->items[i].number);
}

int partition_select(const struct partition_table *table, uint64_t disk_size, const char *spec,
		     const struct partition **ret, struct error **err)
{
	const struct partition *found = NULL;
	struct wanted wanted;
	char there[160];

	if (!parse_spec(spec, &wanted))
		return error_make(err, EINVAL,
				  "partition '%s': expected whole, a number, PARTUUID=.. or "
				  "PARTLABEL=..",
				  spec);
	for (size_t i = 0; i < table->n; i++) {
		if (!is_wanted(table->items + i, &wanted))
			continue;
		if (found)
			return error_make(err, ENOTUNIQ,
					  "partition '%s': both %u and %u are called so", spec,
					  found->number, table->items[i].number);
		found = table->items + i;
	}
	if (!found) {
		partition_describe(table, there, sizeof(there));
		return error_make(err, ENOENT, "partition '%s' not found: %s", spec, there);
	}
	if (found->extended)
		return error_make(err, EINVAL,
				  "partition '%s' is an extended partition, it holds only others",
				  spec);
	if (found->length == 0 || found->start > disk_size ||
	    found->length > disk_size - found->start)
		return error_make(err, ERANGE,
				  "partition '%s': bytes %" PRIu64 " to %" PRIu64
				  " of a disk of %" PRIu64 ": is the image cut short?",
				  spec, found->start, found->start + found->length, disk_size);
	*ret = found;
	return 0;
}

static bool overlap(const struct partition *a, const struct partition *b)
{
	if (a->extended || b->extended)
		return false;
	return a->start < b->start + b->length && b->start < a->start + a->length;
}

void partition_table_check(const struct partition_table *table, const struct source *disk,
			   struct findings *findings)
{
	if (table->backup_early)
		findings_add(findings, FINDING_WARNING,
			     "%s: GPT: the backup is not at the end: has the disk grown?",
			     disk->name);
	for (size_t i = 0; i < table->n; i++) {
		const struct partition *p = table->items + i;

		if (p->start > disk->size || p->length > disk->size - p->start)
			findings_add(findings, FINDING_ERROR,
				     "%s: partition %u ends at %" PRIu64
				     ", beyond the end of the disk at %" PRIu64,
				     disk->name, p->number, p->start + p->length, disk->size);
		for (size_t j = i + 1; j < table->n; j++) {
			if (overlap(p, table->items + j))
				findings_add(findings, FINDING_ERROR,
					     "%s: partitions %u and %u overlap", disk->name,
					     p->number, table->items[j].number);
		}
	}
}

const char *partition_scheme_name(enum partition_scheme scheme)
{
	switch (scheme) {
	case SCHEME_MBR:
		return "mbr";
	case SCHEME_GPT:
		return "gpt";
	case SCHEME_NONE:
		break;
	}
	return "none";
}
