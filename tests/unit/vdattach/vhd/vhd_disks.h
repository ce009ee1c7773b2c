/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VHDs that test_vhd_dynamic.c and test_vhd_crash.c share. */
#ifndef TESTS_UNIT_VDATTACH_VHD_VHD_DISKS_H
#define TESTS_UNIT_VDATTACH_VHD_VHD_DISKS_H

#include "tests/unit/vdattach/vhd/vhd_make.h"

#define BLOCK 16384u
#define SIZE  (10 * BLOCK + 3 * 512)

static const struct vhd_spec dynamic = { .type = 3, .size = SIZE, .block_size = BLOCK, .id = 0x11 };

static const struct vhd_spec child = { .type = 4,
				       .size = SIZE,
				       .block_size = BLOCK,
				       .id = 0x22,
				       .parent_id = 0x11,
				       .relative = ".\\base.vhd",
				       .absolute = "C:\\vm\\base.vhd",
				       .parent_name = "base.vhd" };

#endif
