/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One disk of a world, open, for tests that look at single bytes. */
#ifndef TESTS_VDATTACH_FIXTURE_H
#define TESTS_VDATTACH_FIXTURE_H

#include "tests/unit/vdattach/world.h"

struct fixture {
	struct world world;
	struct vd_opener opener;
	struct vd_image *image;
	struct source *disk;
	struct error *err;
};

static int try_open(struct fixture *f, bool read_only)
{
	f->opener = world_opener(&f->world);
	return world_open(&f->world, &f->opener, read_only, &f->image, &f->err);
}

static void open_disk(struct fixture *f, bool read_only)
{
	if (try_open(f, read_only) < 0)
		fail_msg("%s", error_msg(f->err));
	assert_int_equal(vd_image_view(f->image, &f->disk, NULL), 0);
}

static void close_disk(struct fixture *f)
{
	source_close(&f->disk);
	vd_image_close(&f->image);
	error_release(&f->err);
}

static void end(struct fixture *f)
{
	close_disk(f);
	world_release(&f->world);
}

static uint8_t byte_at(struct fixture *f, uint64_t offset)
{
	uint8_t byte;

	assert_int_equal(source_pread(f->disk, &byte, 1, offset, NULL), 0);
	return byte;
}

#endif
