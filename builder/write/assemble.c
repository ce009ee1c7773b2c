// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/assemble.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "builder/write/base.h"
#include "builder/write/compress.h"
#include "builder/write/cpio.h"

struct assembly {
	const struct assemble_options *options;
	const struct compressor *compressor;
	int level;
	struct fileset set;
	struct fileset sentinel;
	struct output *out;
	struct cpio_stats total; /* without the sentinel */
	struct assemble_stats *stats;
};

/* Stands before a compressor and counts what goes in. */
struct meter {
	struct sink sink;
	struct sink *below;
	struct assembly *assembly;
	uint64_t done;
};

static int meter_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct meter *meter = (struct meter *)sink;
	const struct assemble_options *options = meter->assembly->options;

	meter->done += len;
	if (options->progress)
		options->progress(options->context, meter->assembly->total.bytes + meter->done);
	return sink_write(meter->below, data, len, err);
}

static int copy_strings(const struct fs_entry *from, struct fs_entry *to, struct error **err)
{
	to->path = strdup(from->path);
	to->source = from->source ? strdup(from->source) : NULL;
	to->target = from->target ? strdup(from->target) : NULL;
	if (to->path && (to->source || !from->source) && (to->target || !from->target))
		return 0;
	free(to->path);
	free(to->source);
	free(to->target);
	return error_no_memory(err);
}

/* Nothing may follow the one lz4 segment, so what is stored goes before it. */
static enum segment_kind place(const struct assembly *a, enum segment_kind planned)
{
	if (planned == SEGMENT_STORED && strcmp(a->compressor->name, "lz4") == 0)
		return SEGMENT_EARLY;
	return planned;
}

static int assemble_add_entry(struct assembly *a, struct fs_entry *planned, struct error **err)
{
	bool last = strcmp(planned->path, SENTINEL_PATH) == 0;
	struct fs_entry entry = *planned;
	int r = copy_strings(planned, &entry, err);

	if (r < 0)
		return r;
	entry.segment = place(a, planned->segment);
	/* contents in memory may be big */
	planned->data = NULL;
	return fileset_add(last ? &a->sentinel : &a->set, &entry, err);
}

static int make_fileset(struct assembly *a, struct plan *plan, struct error **err)
{
	struct plan_item *item;

	vec_foreach(i, item, &plan->items) {
		int r = assemble_add_entry(a, &item->entry, err);

		if (r < 0)
			return r;
	}
	return fileset_finish(&a->set, err);
}

static bool has_segment(const struct assembly *a, enum segment_kind segment)
{
	const struct fs_entry *entry;

	vec_foreach(i, entry, &a->set.entries)
		if (entry->segment == segment)
			return true;
	return false;
}

/* The kernel accepts NULs between segments, and an uncompressed one only at a multiple of 4. */
static int align(struct assembly *a, struct error **err)
{
	static const char zeros[4];

	return sink_write(output_sink(a->out), zeros, -output_offset(a->out) & 3, err);
}

static struct segment_stats *begin_stats(struct assembly *a, const char *name,
					 const struct compressor *compressor)
{
	struct segment_stats *stats = &a->stats->segments[a->stats->count++];

	*stats = (struct segment_stats){ .name = name,
					 .compressor = compressor->name,
					 .members = a->total.members,
					 .bytes = a->total.bytes,
					 .packed = output_offset(a->out) };
	return stats;
}

static void end_stats(struct assembly *a, struct segment_stats *stats)
{
	stats->members = a->total.members - stats->members;
	stats->bytes = a->total.bytes - stats->bytes;
	stats->packed = output_offset(a->out) - stats->packed;
}

/* The last member: number and hash of all others, so that init sees when the kernel ran out of
 * memory while unpacking. */
static int write_sentinel(struct assembly *a, struct sink *sink, struct error **err)
{
	struct fs_entry *entry = a->sentinel.entries.items[0];
	char *text = cpio_sentinel(&a->total);

	if (!text)
		return error_no_memory(err);
	free(entry->data);
	entry->data = text;
	if (entry->size != strlen(text))
		return error_make(err, EINVAL,
				  "internal error: %" PRIu64 " members written, but others planned",
				  a->total.members);
	entry->ino = UINT32_MAX;
	entry->nlink = 1;
	return cpio_write(&a->sentinel, entry->segment, a->options->mtime, 1, sink, NULL, err);
}

struct part {
	const char *name;
	enum segment_kind kinds[SEGMENT_COUNT]; /* one after the other in one stream */
	size_t count;
	const struct compressor *compressor;
	bool last; /* the sentinel goes in here */
};

static int write_members(struct assembly *a, const struct part *part, struct sink *sink,
			 struct error **err)
{
	/* tools other than the kernel want an end in each stream */
	bool end = !part->last && part->compressor->config;
	struct meter meter = { { meter_write, NULL, NULL }, sink, a, 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < part->count; i++) {
		meter.done = 0;
		r = cpio_write(&a->set, part->kinds[i], a->options->mtime,
			       end && i + 1 == part->count, &meter.sink, &a->total, err);
	}
	return r == 0 && part->last ? write_sentinel(a, sink, err) : r;
}

static int write_stream(struct assembly *a, const struct part *part, struct error **err)
{
	struct sink *sink = NULL;
	int r = part->compressor->open(
		output_sink(a->out),
		part->compressor == a->compressor ? a->level : part->compressor->level_default,
		a->options->jobs, &sink, err);

	if (r < 0)
		return r;
	r = write_members(a, part, sink, err);
	if (r == 0)
		r = sink_finish(sink, err);
	sink_close(sink);
	return r;
}

static int write_part(struct assembly *a, const struct part *part, struct error **err)
{
	struct segment_stats *stats;
	int r = align(a, err);

	if (r < 0)
		return r;
	stats = begin_stats(a, part->name, part->compressor);
	r = write_stream(a, part, err);
	end_stats(a, stats);
	return r;
}

static int write_base(struct assembly *a, struct error **err)
{
	const struct base_request request = { &a->set,	a->options->mtime, a->compressor,
					      a->level, a->options->jobs,  a->options->cache_dir };
	struct segment_stats *stats;
	int r = align(a, err);

	if (r < 0)
		return r;
	stats = begin_stats(a, "base", a->compressor);
	r = base_write(&request, output_sink(a->out), &a->total, &stats->cached, err);
	end_stats(a, stats);
	return r;
}

/* Base, modules and profile files, and what is stored: each its own segment. */
static int write_separate(struct assembly *a, struct error **err)
{
	bool stored = has_segment(a, SEGMENT_STORED);
	const struct part modules = { "modules", { SEGMENT_MODULES }, 1, a->compressor, !stored };
	const struct part payload = {
		"stored", { SEGMENT_STORED }, 1, compressor_find("none"), true
	};
	int r = write_base(a, err);

	if (r == 0)
		r = write_part(a, &modules, err);
	return r == 0 && stored ? write_part(a, &payload, err) : r;
}

static int write_segments(struct assembly *a, struct error **err)
{
	static const struct part together = {
		"base and modules", { SEGMENT_BASE, SEGMENT_MODULES }, 2, NULL, true
	};
	const struct part early = { "early", { SEGMENT_EARLY }, 1, compressor_find("none"), false };
	struct part one = together;
	int r = has_segment(a, SEGMENT_EARLY) ? write_part(a, &early, err) : 0;

	if (r < 0)
		return r;
	if (strcmp(a->compressor->name, "lz4") != 0)
		return write_separate(a, err);
	one.compressor = a->compressor;
	return write_part(a, &one, err);
}

/* What the image will have at least: who can tell how far the rest compresses? */
static uint64_t least_bytes(const struct assembly *a)
{
	const struct fs_entry *entry;
	uint64_t bytes = 0;

	vec_foreach(i, entry, &a->set.entries) {
		bool compressed = a->compressor->config && (entry->segment == SEGMENT_BASE ||
							    entry->segment == SEGMENT_MODULES);

		if (!compressed && entry->kind == ENTRY_FILE)
			bytes += entry->size;
	}
	return bytes;
}

int assemble(struct plan *plan, const struct assemble_options *options, struct output *out,
	     struct assemble_stats *ret_stats, struct error **err)
{
	struct assembly a = { .options = options,
			      .compressor = compressor_find(plan->compressor),
			      .out = out,
			      .stats = ret_stats };
	int r;

	if (!a.compressor)
		return error_make(err, EINVAL, "unknown compressor '%s'", plan->compressor);
	a.level = plan->level < 0 ? a.compressor->level_default : plan->level;
	*ret_stats = (struct assemble_stats){ 0 };
	r = make_fileset(&a, plan, err);
	if (r == 0)
		r = output_expect(out, least_bytes(&a), err);
	if (r == 0)
		r = write_segments(&a, err);
	fileset_release(&a.set);
	fileset_release(&a.sentinel);
	return r;
}
