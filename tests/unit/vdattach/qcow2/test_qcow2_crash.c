// SPDX-License-Identifier: GPL-2.0-or-later
/* A QCOW2 image survives a power cut at any write, whatever the order in which writes reach the
 * disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/qcow2/qcow2_disks.h"

#define MAKE(name, what)                                            \
	static void make_##name(struct world *world, uint64_t *rng) \
	{                                                           \
		struct q2 q;                                        \
                                                                    \
		q2_make_##name(&q, world, rng);                     \
	}
#define CASE(name, what) { what, make_##name },

QCOW2_DISKS(MAKE)

static const struct vd_case cases[] = { QCOW2_DISKS(CASE) };

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 15, 20, 20 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
