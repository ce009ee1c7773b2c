// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vhdx/vhdx_fixture.h"

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

int vhdx_setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

int vhdx_teardown(void **state)
{
	struct fixture *f = *state;

	source_close(&f->disk);
	vd_image_close(&f->image);
	world_release(&f->world);
	free(f);
	return 0;
}

void vhdx_open_disk(struct fixture *f, bool read_only)
{
	_cleanup_error_ struct error *err = NULL;

	source_close(&f->disk);
	vd_image_close(&f->image);
	f->resolver = world_resolver(&f->world);
	if (world_open(&f->world, &f->resolver, read_only, &f->image, &err) < 0)
		fail_msg("%s", error_msg(err));
	assert_string_equal(f->image->format->name, "vhdx");
	assert_int_equal(vd_image_view(f->image, &f->disk, NULL), 0);
}

void vhdx_assert_refused(struct fixture *f, bool read_only, int code, const char *part)
{
	_cleanup_error_ struct error *err = NULL;

	f->resolver = world_resolver(&f->world);
	assert_int_equal(world_open(&f->world, &f->resolver, read_only, &f->image, &err), code);
	if (!strstr(error_msg(err), part))
		fail_msg("'%s' is not in '%s'", part, error_msg(err));
}

void vhdx_assert_sector(struct fixture *f, uint64_t offset, char mark, uint64_t inside)
{
	char sector[512], want[512] = { 0 };

	if (mark) {
		memset(want, mark, sizeof(want));
		snprintf(want, sizeof(want), "%c: %llu", mark, (unsigned long long)inside);
	}
	assert_int_equal(source_pread(f->disk, sector, sizeof(sector), offset, NULL), 0);
	assert_memory_equal(sector, want, sizeof(sector));
}

void vhdx_spoil(struct fixture *f, uint64_t offset)
{
	uint8_t byte;

	paged_read(&f->world.files[0].now, &byte, 1, offset);
	byte ^= 0x80;
	world_put(&f->world, 0, offset, &byte, 1);
}
