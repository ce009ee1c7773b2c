// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

void fixture_add(struct fileset *set, struct fs_entry entry)
{
	struct error *err = NULL;

	entry.path = strdup(entry.path);
	entry.data = entry.data ? memcpy(calloc(1, entry.size + 1), entry.data, entry.size) : NULL;
	entry.source = entry.source ? strdup(entry.source) : NULL;
	entry.target = entry.target ? strdup(entry.target) : NULL;
	if (!entry.mode)
		entry.mode = entry.kind == ENTRY_DIR ? 0755 : 0644;
	assert_int_equal(fileset_add(set, &entry, &err), 0);
}

void fixture_finish(struct fileset *set)
{
	struct error *err = NULL;

	if (fileset_finish(set, &err) < 0)
		fail_msg("%s", error_msg(err));
}

void fixture_write_segment(struct sink *to, const struct fileset *set, enum segment_kind segment,
			   const char *compressor, int level, unsigned threads,
			   struct cpio_stats *stats)
{
	const struct compressor *c = compressor_find(compressor);
	struct error *err = NULL;
	struct sink *sink;

	assert_non_null(c);
	if (c->open(to, level < 0 ? c->level_default : level, threads, &sink, &err) < 0 ||
	    cpio_write(set, segment, 0, 0, sink, stats, &err) < 0 || sink_finish(sink, &err) < 0)
		fail_msg("%s", error_msg(err));
	sink_close(sink);
}

void fixture_pad(struct sink *sink)
{
	size_t len;

	sink_memory_data(sink, &len);
	assert_int_equal(sink_write(sink, "\0\0\0", -len & 3, NULL), 0);
}
