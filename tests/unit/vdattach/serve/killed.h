/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * killed_format: a process writes to an image without flushing and is killed in the middle. The
 * next one, which has its recovery memory, must find every write that was answered, and check no
 * error.
 */
#ifndef TESTS_UNIT_VDATTACH_SERVE_KILLED_H
#define TESTS_UNIT_VDATTACH_SERVE_KILLED_H

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "applets/vdattach/image/open.h"
#include "applets/vdattach/source/recovery.h"
#include "tests/unit/vdattach/crash/crash.h"

#define KILLED_SECTORS 65536u

/* What the processes share: the serial of the last write of each sector, begun and answered. */
struct killed_shared {
	uint32_t serial;
	uint32_t begun[KILLED_SECTORS], answered[KILLED_SECTORS];
};

struct killed_run {
	char directory[64], path[160];
	struct world world;
	struct recovery recovery;
	struct file_resolver resolver;
	struct vd_image *image;
	struct source *disk;
	struct killed_shared *shared;
	uint8_t *base;
	uint64_t sectors;
};

void killed_format(const struct vd_case *c, uint64_t seed, unsigned int kills);

#endif
