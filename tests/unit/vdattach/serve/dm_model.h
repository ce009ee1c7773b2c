/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dm map of a disk under writes: what it says is in a file is there, byte for byte, after
 * whatever is written later; and the table made of it covers the disk.
 */
#ifndef TESTS_UNIT_VDATTACH_SERVE_DM_MODEL_H
#define TESTS_UNIT_VDATTACH_SERVE_DM_MODEL_H

#include <inttypes.h>

#include <linux/dm-ioctl.h>

#include "applets/vdattach/dm/map.h"
#include "tests/unit/vdattach/crash/crash.h"

#define DM_MODEL_SERVER 0x700u /* as the kernel writes it: 7:0 */

void dm_model_format(const struct vd_case *c, uint64_t seed, unsigned int rounds);

#endif
