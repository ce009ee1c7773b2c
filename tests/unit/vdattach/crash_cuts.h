/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power cuts of crash.h, which includes it. */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CUTS_H
#define TESTS_UNIT_VDATTACH_CRASH_CUTS_H

#include "tests/unit/vdattach/crash.h"

/* Cuts the power after each of the recorded operations. */
void crash_cuts(struct crash_run *run);

#endif
