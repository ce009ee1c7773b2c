/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing array of pointers. */
#ifndef BUILDER_UTIL_VEC_H
#define BUILDER_UTIL_VEC_H

#include "common/macro.h"

struct vec {
	void **items;
	size_t len, cap;
};

#define vec_foreach(i, it, v) for (size_t i = 0; i < (v)->len && (((it) = (v)->items[i]), 1); i++)

/* Appends item (not owned). -ENOMEM when memory is out. */
int vec_push(struct vec *v, void *item) _must_check_;

/* qsort with a comparison that gets the two items themselves. */
void vec_sort(struct vec *v, int (*compare)(const void *, const void *));

/* Calls release (may be NULL) on each item, frees the array; v is empty and usable again. */
void vec_clear(struct vec *v, void (*release)(void *));

#endif
