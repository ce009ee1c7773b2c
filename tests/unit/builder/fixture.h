/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small images in memory for the tests of the archive writer and reader. */
#ifndef TESTS_UNIT_BUILDER_FIXTURE_H
#define TESTS_UNIT_BUILDER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/image/image.h"
#include "builder/write/compress.h"
#include "builder/write/cpio.h"

void fixture_add(struct fileset *set, struct fs_entry entry);

/* Text in memory, so sizes are known. */
#define FILE_OF(where, text)                                                            \
	(struct fs_entry)                                                               \
	{                                                                               \
		.kind = ENTRY_FILE, .segment = SEGMENT_BASE, .path = (char[]){ where }, \
		.data = (char[]){ text }, .size = sizeof(text) - 1                      \
	}

#define LINK_OF(where, to)                                                                 \
	(struct fs_entry)                                                                  \
	{                                                                                  \
		.kind = ENTRY_SYMLINK, .segment = SEGMENT_BASE, .path = (char[]){ where }, \
		.target = (char[])                                                         \
		{                                                                          \
			to                                                                 \
		}                                                                          \
	}

void fixture_finish(struct fileset *set);

/* Appends one segment, compressed or not ("none"), to the sink. */
void fixture_write_segment(struct sink *to, const struct fileset *set, enum segment_kind segment,
			   const char *compressor, int level, unsigned threads,
			   struct cpio_stats *stats);

void fixture_pad(struct sink *sink);

#endif
