/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sparse file in memory whose copies share their pages: a power cut is tried on hundreds of
 * copies. */
#ifndef TESTS_UNIT_VDATTACH_FAKE_PAGED_H
#define TESTS_UNIT_VDATTACH_FAKE_PAGED_H

#include <stdbool.h>
#include <string.h>

#include "common/macro.h"

#define PAGED_SIZE 4096u

struct paged_page {
	unsigned int users;
	uint8_t bytes[PAGED_SIZE];
};

struct paged {
	struct paged_page **pages; /* NULL = zeros */
	size_t n;
	size_t room; /* pages that there is memory for */
	uint64_t size;
};

void paged_release(struct paged *file);

void paged_copy(struct paged *to, const struct paged *from);

void paged_read(const struct paged *file, void *buf, size_t n, uint64_t offset);

void paged_resize(struct paged *file, uint64_t size);

/* Grows the file when n bytes at offset end behind it, as pwrite(2) does. */
void paged_write(struct paged *file, const void *buf, size_t n, uint64_t offset);

/* The n bytes at offset, which are inside the file, become zeros. */
void paged_zero(struct paged *file, uint64_t n, uint64_t offset);

#endif
