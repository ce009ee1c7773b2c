// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/faulty.h"

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

static struct faulty armed;
static unsigned int calls;

void faulty_begin(const struct faulty *faulty)
{
	calls = 0;
	armed = faulty ? *faulty : (struct faulty){ FAULTY_NONE };
}

bool faulty_end(void)
{
	bool failed = armed.call != FAULTY_NONE && calls >= armed.at;

	armed = (struct faulty){ FAULTY_NONE };
	return failed;
}

/* Whether this call is to fail; sets errno. */
static bool is_faulty(enum faulty_call call)
{
	if (armed.call != call)
		return false;
	calls++;
	if (calls < armed.at || (calls > armed.at && !armed.lasting))
		return false;
	if (armed.error != FAULTY_SHORT)
		errno = armed.error;
	return true;
}

static bool is_short(size_t *n)
{
	if (armed.error != FAULTY_SHORT)
		return false;
	*n = *n / 2 + *n % 2;
	return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *text);
ssize_t __real_pread64(int fd, void *buf, size_t n, off_t offset);
ssize_t __real_pwrite64(int fd, const void *buf, size_t n, off_t offset);
int __real_ftruncate64(int fd, off_t size);
int __real_fallocate64(int fd, int mode, off_t offset, off_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *text);
ssize_t __wrap_pread64(int fd, void *buf, size_t n, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t offset);
int __wrap_fdatasync(int fd);
int __wrap_ftruncate64(int fd, off_t size);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t n);

void *__wrap_malloc(size_t n)
{
	return is_faulty(FAULTY_ALLOC) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_faulty(FAULTY_ALLOC) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return is_faulty(FAULTY_ALLOC) ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return is_faulty(FAULTY_ALLOC) ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *text)
{
	return is_faulty(FAULTY_ALLOC) ? NULL : __real_strdup(text);
}

ssize_t __wrap_pread64(int fd, void *buf, size_t n, off_t offset)
{
	return is_faulty(FAULTY_READ) && !is_short(&n) ? -1 : __real_pread64(fd, buf, n, offset);
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t n, off_t offset)
{
	return is_faulty(FAULTY_WRITE) && !is_short(&n) ? -1 : __real_pwrite64(fd, buf, n, offset);
}

/* No power is cut here. */
int __wrap_fdatasync(int fd)
{
	(void)fd;
	return is_faulty(FAULTY_SYNC) ? -1 : 0;
}

int __wrap_ftruncate64(int fd, off_t size)
{
	return is_faulty(FAULTY_SIZE) ? -1 : __real_ftruncate64(fd, size);
}

int __wrap_fallocate64(int fd, int mode, off_t offset, off_t n)
{
	return is_faulty(FAULTY_SPACE) ? -1 : __real_fallocate64(fd, mode, offset, n);
}
