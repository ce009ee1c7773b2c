/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One disk of a world, open, for tests that look at single bytes. */
#ifndef TESTS_UNIT_VDATTACH_FAKE_FIXTURE_H
#define TESTS_UNIT_VDATTACH_FAKE_FIXTURE_H

#include "tests/unit/vdattach/fake/world.h"

struct fixture {
	struct world world;
	struct vd_resolver resolver;
	struct vd_image *image;
	struct source *disk;
	struct error *err;
};

int fixture_try_open(struct fixture *f, bool read_only);

void fixture_open(struct fixture *f, bool read_only);

void fixture_close(struct fixture *f);

void fixture_end(struct fixture *f);

uint8_t fixture_byte(struct fixture *f, uint64_t offset);

/* Opened for reading: this error, which says that; f is released. */
void fixture_refused(struct fixture *f, int code, const char *part);

/* Opens for reading; the byte at offset cannot be read, with an error that says part, and check
 * finds the damage. f is released. */
void fixture_unreadable(struct fixture *f, uint64_t offset, const char *part);

#endif
