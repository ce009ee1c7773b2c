/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_vhdx.c and test_vhdx_log.c share. */
#ifndef TESTS_UNIT_VDATTACH_VHDX_VHDX_FIXTURE_H
#define TESTS_UNIT_VDATTACH_VHDX_VHDX_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/image/image.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

#define DISK (3 * MIB)

static const struct vx plain = { .size = DISK, .id = 1 };

/* One image under test, made anew for each. */
struct fixture {
	struct world world;
	struct vd_resolver resolver;
	struct vd_image *image;
	struct source *disk;
};

int vhdx_setup(void **state);

int vhdx_teardown(void **state);

void vhdx_open_disk(struct fixture *f, bool read_only);

void vhdx_assert_refused(struct fixture *f, bool read_only, int code, const char *part);

/* The sector of a disk that vx_fill() marked, at offset of its block; mark 0: zeros. */
void vhdx_assert_sector(struct fixture *f, uint64_t offset, char mark, uint64_t inside);

void vhdx_spoil(struct fixture *f, uint64_t offset);

#define vhdx_test(name) cmocka_unit_test_setup_teardown(name, vhdx_setup, vhdx_teardown)

#endif
