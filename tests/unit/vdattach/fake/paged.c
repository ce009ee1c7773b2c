// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/paged.h"

static void paged_drop(struct paged_page **page)
{
	if (*page && --(*page)->users == 0)
		free(*page);
	*page = NULL;
}

void paged_release(struct paged *file)
{
	for (size_t i = 0; i < file->n; i++)
		paged_drop(file->pages + i);
	free(file->pages);
	*file = (struct paged){ .n = 0 };
}

void paged_copy(struct paged *to, const struct paged *from)
{
	*to = *from;
	to->room = from->n;
	to->pages = calloc(from->n + 1, sizeof(*to->pages));
	if (!to->pages)
		abort();
	for (size_t i = 0; i < from->n; i++) {
		to->pages[i] = from->pages[i];
		if (to->pages[i])
			to->pages[i]->users++;
	}
}

void paged_read(const struct paged *file, void *buf, size_t n, uint64_t offset)
{
	uint8_t *p = buf;

	while (n > 0) {
		size_t at = offset % PAGED_SIZE, part = MIN(n, PAGED_SIZE - at);
		struct paged_page *page = file->pages[offset / PAGED_SIZE];

		if (page)
			memcpy(p, page->bytes + at, part);
		else
			memset(p, 0, part);
		p += part;
		n -= part;
		offset += part;
	}
}

/* The page at i, for this file alone. */
static struct paged_page *paged_own(struct paged *file, size_t i)
{
	struct paged_page *page = file->pages[i];

	if (page && page->users == 1)
		return page;
	page = calloc(1, sizeof(*page));
	if (!page)
		abort();
	page->users = 1;
	if (file->pages[i])
		memcpy(page->bytes, file->pages[i]->bytes, PAGED_SIZE);
	paged_drop(file->pages + i);
	file->pages[i] = page;
	return page;
}

void paged_resize(struct paged *file, uint64_t size)
{
	size_t n = (size_t)((size + PAGED_SIZE - 1) / PAGED_SIZE);
	struct paged_page **pages;

	for (size_t i = n; i < file->n; i++)
		paged_drop(file->pages + i);
	if (size < file->size && size % PAGED_SIZE && file->pages[n - 1])
		memset(paged_own(file, n - 1)->bytes + size % PAGED_SIZE, 0,
		       PAGED_SIZE - size % PAGED_SIZE);
	if (n > file->room) {
		/* files grow block by block */
		file->room = MAX(n, file->room / 2 * 3);
		pages = realloc(file->pages, (file->room + 1) * sizeof(*pages));
		if (!pages)
			abort();
		file->pages = pages;
	}
	for (size_t i = file->n; i < n; i++)
		file->pages[i] = NULL;
	file->n = n;
	file->size = size;
}

void paged_write(struct paged *file, const void *buf, size_t n, uint64_t offset)
{
	const uint8_t *p = buf;

	if (offset + n > file->size)
		paged_resize(file, offset + n);
	while (n > 0) {
		size_t at = offset % PAGED_SIZE, part = MIN(n, PAGED_SIZE - at);

		memcpy(paged_own(file, (size_t)(offset / PAGED_SIZE))->bytes + at, p, part);
		p += part;
		n -= part;
		offset += part;
	}
}

void paged_zero(struct paged *file, uint64_t n, uint64_t offset)
{
	while (n > 0) {
		size_t at = offset % PAGED_SIZE, i = (size_t)(offset / PAGED_SIZE);
		size_t part = (size_t)MIN(n, (uint64_t)(PAGED_SIZE - at));

		if (part == PAGED_SIZE)
			paged_drop(file->pages + i);
		else if (file->pages[i])
			memset(paged_own(file, i)->bytes + at, 0, part);
		n -= part;
		offset += part;
	}
}
