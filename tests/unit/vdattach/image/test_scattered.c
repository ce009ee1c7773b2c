// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that writes all over a large disk and does not flush changes more pages of tables than
 * there is memory for: each write succeeds nevertheless, and so does each zeroing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"
#include "tests/unit/vdattach/vdi/vdi_make.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

enum { SECTOR = 512, PER_PAGE = 128 /* entries of four bytes in a page */ };

/* Each write, one a step, changes another page. */
struct scattered {
	void (*make)(struct world *world, uint64_t size);
	uint64_t step;
	uint32_t n; /* writes, and zeroings behind them */
	bool zeroes;
};

static void put_ones(struct world *world, uint64_t offset, uint64_t n)
{
	uint8_t ones[4096];

	memset(ones, 0xff, sizeof(ones));
	for (uint64_t end = offset + n; offset < end; offset += sizeof(ones))
		world_put(world, 0, offset, ones, (size_t)MIN(end - offset, sizeof(ones)));
}

static void make_vdi(struct world *world, uint64_t size)
{
	const struct vdi_spec spec = {
		.type = 1, .size = size, .block_size = 128 * KIB, .id = 1, .modified = 2
	};
	uint64_t map = size / spec.block_size * 4;

	world_add(world, "image.vdi", 0);
	vdi_put(world, 0, &spec);
	vdi_put32(world, 0, 0x158, (uint32_t)(VDI_MAP + map));
	put_ones(world, VDI_MAP, map);
}

static void make_vhd(struct world *world, uint64_t size)
{
	const struct vhd_spec spec = { .type = 3, .size = size, .block_size = 4096, .id = 1 };
	uint64_t entries = size / spec.block_size;
	uint8_t footer[512], header[1024];

	world_add(world, "image.vhd", 0);
	vhd_put(world, 0, &spec);
	paged_read(&world->files[0].now, footer, sizeof(footer), 0);
	paged_read(&world->files[0].now, header, sizeof(header), 512);
	put_be32(header + 28, (uint32_t)entries);
	vhd_sign(header, sizeof(header), 36);
	world_put(world, 0, 512, header, sizeof(header));
	put_ones(world, VHD_TABLE, entries * 4);
	world_put(world, 0, VHD_TABLE + entries * 4, footer, sizeof(footer));
}

static void make_vhdx(struct world *world, uint64_t size)
{
	const struct vx vx = { .size = size, .id = 1 };

	vx_make(world, "image.vhdx", &vx);
}

static void make_vmdk(struct world *world, uint64_t size)
{
	char text[256];
	const struct vmdk_spec spec = { 2, 2 | 4, size / SECTOR, 8, text };

	snprintf(text, sizeof(text),
		 "# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\n"
		 "createType=\"monolithicSparse\"\nRW %llu SPARSE \"image.vmdk\"\n",
		 (unsigned long long)spec.sectors);
	world_add(world, "image.vmdk", 0);
	vmdk_put(world, 0, &spec);
}

/* New L2 tables. */
static void make_qcow2(struct world *world, uint64_t size)
{
	static struct q2 q;

	q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = size };
	q2_start(&q, world, "image.qcow2");
	q2_finish(&q);
}

/* Tables that are there. */
static void make_qcow2_full(struct world *world, uint64_t size)
{
	static struct q2 q;

	q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = size };
	q2_start(&q, world, "image.qcow2");
	for (uint64_t cluster = 1; cluster < size >> q.bits; cluster += 64)
		q2_map(&q, cluster, 1);
	q2_finish(&q);
}

static uint64_t place(const struct scattered *s, uint32_t i)
{
	/* not in order, and each once: the number is odd */
	return (i * 7919ULL % s->n) * s->step;
}

static void write_all(struct fixture *f, const struct scattered *s)
{
	uint8_t sector[SECTOR];

	for (uint32_t i = 0; i < s->n; i++) {
		memset(sector, (int)(i % 251) + 1, sizeof(sector));
		if (source_pwrite(f->disk, sector, sizeof(sector), place(s, i), &f->err) < 0)
			fail_msg("write %u of %u: %s", i, s->n, error_msg(f->err));
	}
}

static void zero_all(struct fixture *f, const struct scattered *s)
{
	uint64_t block = f->image->block_size;

	for (uint32_t i = 0; s->zeroes && i < s->n; i++) {
		uint64_t at = s->n * s->step + place(s, i) + block;

		/* as for a block that a parent has */
		if (f->image->format->write->zero_block(f->image, at, &f->err) < 0)
			fail_msg("zeroing %u of %u: %s", i, s->n, error_msg(f->err));
	}
}

/* Also while changes wait in memory. */
static void assert_sound(struct fixture *f)
{
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	for (size_t i = 0; i < f->image->findings.n; i++)
		if (f->image->findings.items[i].level != FINDING_WARNING)
			fail_msg("%s", f->image->findings.items[i].text);
}

static void assert_all(struct fixture *f, const struct scattered *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		assert_int_equal(fixture_byte(f, place(s, i)), i % 251 + 1);
		assert_int_equal(fixture_byte(f, place(s, i) + SECTOR), 0);
	}
	assert_sound(f);
}

static void scatter(const struct scattered *s)
{
	struct fixture f = { .image = NULL };

	s->make(&f.world, s->step * s->n * 2);
	fixture_open(&f, false);
	write_all(&f, s);
	assert_sound(&f);
	zero_all(&f, s);
	assert_all(&f, s);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	fixture_open(&f, true);
	assert_all(&f, s);
	fixture_end(&f);
}

static void test_vdi(void **state)
{
	scatter(&(struct scattered){ make_vdi, PER_PAGE * 128 * KIB, 16500, true });
}

static void test_vhd(void **state)
{
	scatter(&(struct scattered){ make_vhd, PER_PAGE * 4 * KIB, 4200, false });
}

static void test_vhdx(void **state)
{
	scatter(&(struct scattered){ make_vhdx, 512 * MIB, 120, true });
}

/* Both sets of tables are changed. */
static void test_vmdk(void **state)
{
	scatter(&(struct scattered){ make_vmdk, PER_PAGE * 4 * KIB, 8300, true });
}

static void test_qcow2(void **state)
{
	scatter(&(struct scattered){ make_qcow2, 64 * 512, 400, true });
}

static void test_qcow2_with_tables(void **state)
{
	scatter(&(struct scattered){ make_qcow2_full, 64 * 512, 900, true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vdi),   cmocka_unit_test(test_vhd),
		cmocka_unit_test(test_vhdx),  cmocka_unit_test(test_vmdk),
		cmocka_unit_test(test_qcow2), cmocka_unit_test(test_qcow2_with_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
