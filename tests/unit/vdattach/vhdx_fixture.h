/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_vhdx.c and test_vhdx_log.c share. */
#ifndef TESTS_VDATTACH_VHDX_FIXTURE_H
#define TESTS_VDATTACH_VHDX_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/image/image.h"
#include "tests/unit/vdattach/vhdx_make.h"

#define DISK (3 * MIB)

static const struct vx plain = { .size = DISK, .id = 1 };

/* One image under test, made anew for each. */
struct fixture {
	struct world world;
	struct vd_opener opener;
	struct vd_image *image;
	struct source *disk;
};

static inline int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	source_close(&f->disk);
	vd_image_close(&f->image);
	world_release(&f->world);
	free(f);
	return 0;
}

static inline void open_it(struct fixture *f, bool read_only)
{
	_cleanup_error_ struct error *err = NULL;

	source_close(&f->disk);
	vd_image_close(&f->image);
	f->opener = world_opener(&f->world);
	if (world_open(&f->world, &f->opener, read_only, &f->image, &err) < 0)
		fail_msg("%s", error_msg(err));
	assert_string_equal(f->image->format->name, "vhdx");
	assert_int_equal(vd_image_view(f->image, &f->disk, NULL), 0);
}

static inline void assert_refused(struct fixture *f, bool read_only, int code, const char *part)
{
	_cleanup_error_ struct error *err = NULL;

	f->opener = world_opener(&f->world);
	assert_int_equal(world_open(&f->world, &f->opener, read_only, &f->image, &err), code);
	if (!strstr(error_msg(err), part))
		fail_msg("'%s' is not in '%s'", part, error_msg(err));
}

/* The sector of a disk that vx_fill() marked, at offset of its block; mark 0: zeros. */
static inline void assert_sector(struct fixture *f, uint64_t offset, char mark, uint64_t inside)
{
	char sector[512], want[512] = { 0 };

	if (mark) {
		memset(want, mark, sizeof(want));
		snprintf(want, sizeof(want), "%c: %llu", mark, (unsigned long long)inside);
	}
	assert_int_equal(source_pread(f->disk, sector, sizeof(sector), offset, NULL), 0);
	assert_memory_equal(sector, want, sizeof(sector));
}

static inline void spoil(struct fixture *f, uint64_t offset)
{
	uint8_t byte;

	paged_read(&f->world.files[0].now, &byte, 1, offset);
	byte ^= 0x80;
	world_put(&f->world, 0, offset, &byte, 1);
}

#define vhdx_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
