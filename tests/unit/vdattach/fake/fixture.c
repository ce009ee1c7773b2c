// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"

#include <string.h>

#include "tests/unit/vdattach/fake/world.h"

int fixture_try_open(struct fixture *f, bool read_only)
{
	f->resolver = world_resolver(&f->world);
	return world_open(&f->world, &f->resolver, read_only, &f->image, &f->err);
}

void fixture_open(struct fixture *f, bool read_only)
{
	if (fixture_try_open(f, read_only) < 0)
		fail_msg("%s", error_msg(f->err));
	assert_int_equal(vd_image_view(f->image, &f->disk, NULL), 0);
}

void fixture_close(struct fixture *f)
{
	source_close(&f->disk);
	vd_image_close(&f->image);
	error_release(&f->err);
}

void fixture_end(struct fixture *f)
{
	fixture_close(f);
	world_release(&f->world);
}

uint8_t fixture_byte(struct fixture *f, uint64_t offset)
{
	uint8_t byte;

	assert_int_equal(source_pread(f->disk, &byte, 1, offset, NULL), 0);
	return byte;
}

void fixture_refused(struct fixture *f, int code, const char *part)
{
	assert_int_equal(fixture_try_open(f, true), code);
	if (!strstr(error_msg(f->err), part))
		fail_msg("'%s' does not say '%s'", error_msg(f->err), part);
	fixture_end(f);
}

void fixture_unreadable(struct fixture *f, uint64_t offset, const char *part)
{
	uint8_t byte;

	fixture_open(f, true);
	assert_true(vd_image_pread(f->image, &byte, 1, offset, &f->err) < 0);
	if (!strstr(error_msg(f->err), part))
		fail_msg("'%s' does not say '%s'", error_msg(f->err), part);
	error_release(&f->err);
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_int_not_equal(f->image->findings.count[FINDING_ERROR], 0);
	fixture_end(f);
}
