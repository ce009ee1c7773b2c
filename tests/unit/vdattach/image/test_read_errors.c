// SPDX-License-Identifier: GPL-2.0-or-later
/* Each read fails once while an image is opened and read: that is an error, or nothing depended on
 * it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"
#include "tests/unit/vdattach/vdi/vdi_make.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"

enum { LOOK = 192 * 1024, MANY = 2000 };

static void make_qcow2(struct world *world)
{
	static struct q2 q;

	q = (struct q2){ .version = 3, .bits = 12, .order = 4, .size = MIB };
	q2_start(&q, world, "image.qcow2");
	q2_data(&q, 0, 0x11, 0);
	q2_compressed(&q, 1, 0x22, 100);
	q2_snapshot(&q);
	q2_data(&q, 2, 0x33, 0);
	q2_bitmap(&q);
	q2_finish(&q);
}

static void make_qcow2_child(struct world *world)
{
	static struct q2 q;

	q = (struct q2){ .version = 3, .bits = 12, .order = 4, .size = MIB, .backing = "base" };
	q2_start(&q, world, "image.qcow2");
	q2_data(&q, 1, 0x11, 0);
	q2_finish(&q);
	world_add(world, "base", MIB);
	world_put(world, 1, 100, "base", 4);
}

static void make_vdi(struct world *world)
{
	static const struct vdi_spec spec = {
		.type = 1, .size = MIB, .block_size = 128 * KIB, .id = 1, .modified = 2
	};

	world_add(world, "image.vdi", 0);
	vdi_put(world, 0, &spec);
	vdi_put_block(world, 0, &spec, 1, 0x11);
}

static void make_vhd(struct world *world)
{
	static const struct vhd_spec parent = {
		.type = 3, .size = MIB, .block_size = 16384, .id = 1
	};
	static const struct vhd_spec differing = { .type = 4,
						   .size = MIB,
						   .block_size = 16384,
						   .id = 2,
						   .parent_id = 1,
						   .relative = "base.vhd" };

	vhd_add(world, "image.vhd", &differing);
	vhd_put_block(world, 0, &differing, 1, 0xaa, 0x11);
	vhd_add(world, "base.vhd", &parent);
	vhd_put_block(world, 1, &parent, 1, 0xff, 0x22);
}

static void make_vhdx(struct world *world)
{
	const struct vx parent = { .size = 3 * MIB, .id = 7 };
	const struct vx vx = { .size = 3 * MIB, .id = 8, .parent = "base.vhdx", .parent_id = 7 };

	vx_make(world, "image.vhdx", &vx);
	vx_block(world, 0, 512 * 8, MIB, VX_FULL, 0);
	vx_block(world, 0, 0, MIB, VX_PARTIAL, 'c');
	vx_make(world, "base.vhdx", &parent);
	vx_block(world, 1, 0, MIB, VX_FULL, 'p');
}

static void make_vmdk(struct world *world)
{
	world_add(world, "child.vmdk", 0);
	vmdk_put(world, 0, &child);
	vmdk_put_grain(world, 0, &child, 1, 0x11);
	world_add(world, "base.vmdk", 0);
	vmdk_put(world, 1, &base);
	vmdk_put_grain(world, 1, &base, 2, 0x22);
}

static const struct {
	const char *name;
	void (*make)(struct world *world);
	unsigned int spare; /* so many reads are of copies, or of parents that are another's */
} disks[] = {
	{ "qcow2", make_qcow2, 0 }, { "qcow2 child", make_qcow2_child, 0 },
	{ "vdi", make_vdi, 0 },	    { "vhd", make_vhd, 3 },
	{ "vhdx", make_vhdx, 3 },   { "vmdk", make_vmdk, 8 },
};

/* Opens and reads. 0 or -errno; what was read in buf. */
static int look(struct fixture *f, uint8_t *buf)
{
	int r = fixture_try_open(f, true);

	if (r == 0)
		r = vd_image_pread(f->image, buf, LOOK, 0, NULL);
	fixture_close(f);
	return r;
}

static void test_each_read_fails(void **state)
{
	static uint8_t wanted[LOOK], got[LOOK];

	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		struct fixture f = { .image = NULL };
		unsigned int errors = 0, at;

		disks[i].make(&f.world);
		assert_int_equal(look(&f, wanted), 0);
		for (at = 1; at < MANY; at++) {
			int r;

			f.world.failed = false;
			f.world.fail_read_in = at;
			memset(got, 0xee, sizeof(got));
			r = look(&f, got);
			f.world.fail_read_in = 0;
			if (!f.world.failed)
				break;
			if (r == 0 && memcmp(got, wanted, LOOK) != 0)
				fail_msg("%s: read %u fails, and the disk is another one",
					 disks[i].name, at);
			errors += r < 0;
		}
		assert_in_range(at, 5, MANY - 1);
		assert_true(errors + disks[i].spare >= at - 1);
		world_release(&f.world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_read_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
