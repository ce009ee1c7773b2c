// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/vec.h"

#include <errno.h>

int vec_push(struct vec *v, void *item)
{
	if (v->len == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 16;
		void **items = reallocarray(v->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		v->items = items;
		v->cap = cap;
	}
	v->items[v->len++] = item;
	return 0;
}

static int vec_compare_items(const void *a, const void *b, void *compare)
{
	int (*const *fn)(const void *, const void *) = compare;

	return (*fn)(*(void *const *)a, *(void *const *)b);
}

void vec_sort(struct vec *v, int (*compare)(const void *, const void *))
{
	if (v->len > 1)
		qsort_r(v->items, v->len, sizeof(*v->items), vec_compare_items, &compare);
}

void vec_clear(struct vec *v, void (*release)(void *))
{
	if (release)
		for (size_t i = 0; i < v->len; i++)
			release(v->items[i]);
	free(v->items);
	*v = (struct vec){ 0 };
}
