/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every untrusted disk image must stand: open, map, check, read, write, check again. */
#ifndef TESTS_FUZZ_VDATTACH_WORLD_DISK_H
#define TESTS_FUZZ_VDATTACH_WORLD_DISK_H

#include "tests/unit/vdattach/fake/world.h"

#define WORLD_DISK_STEPS 64u

void world_disk_use(struct world *world, bool read_only);

#endif
