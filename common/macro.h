/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and small helpers that every part of mkvinitrd uses. */
#ifndef COMMON_MACRO_H
#define COMMON_MACRO_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _must_check_	__attribute__((warn_unused_result))
#define _nonnull_(...)	__attribute__((nonnull(__VA_ARGS__)))
#define _printf_(f, a)	__attribute__((format(printf, f, a)))
#define _noreturn_	__attribute__((noreturn))
#define _unused_	__attribute__((unused))
#define _cleanup_(fn)	__attribute__((cleanup(fn)))
#define _cleanup_free_	_cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#define KIB 1024ULL
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)

/* Hands the pointer in *pp to the caller and leaves NULL behind. */
#define steal_ptr(pp)                       \
	({                                  \
		__typeof__(pp) pp_ = (pp);  \
		__typeof__(*pp_) p_ = *pp_; \
		*pp_ = NULL;                \
		p_;                         \
	})

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* For a descriptor that others look at again. */
static inline void close_fd(int *fd)
{
	closep(fd);
	*fd = -1;
}

/* *ret = a + b; false, and *ret untouched, when it does not fit. */
static inline _must_check_ int add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return 0;
	*ret = sum;
	return 1;
}

/* *ret = a * b; false, and *ret untouched, when it does not fit. */
static inline _must_check_ int mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return 0;
	*ret = product;
	return 1;
}

#endif
