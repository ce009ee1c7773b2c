/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of crash.h, which includes it: model_format. */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CRASH_MODEL_H
#define TESTS_UNIT_VDATTACH_CRASH_CRASH_MODEL_H

#include <sys/stat.h>

#include "tests/unit/vdattach/crash/crash.h"

void model_format(const struct vd_case *c, uint64_t seed, unsigned int rounds);

#endif
