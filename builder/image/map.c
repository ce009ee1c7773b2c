// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "builder/image/image.h"

/* A pipe has no size: read into memory that can move while it grows. */
static int map_stream(int fd, const char *path, const uint8_t **ret, size_t *ret_len,
		      struct error **err)
{
	size_t cap = 4 * MIB, len = 0;
	uint8_t *p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (p != MAP_FAILED) {
		ssize_t n = read(fd, p + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int r = n < 0 ? error_sys(err, errno, "cannot read '%s'", path) : 0;

			if (r == 0 && len == 0)
				r = error_make(err, ENODATA, "'%s' is empty", path);
			if (r < 0) {
				munmap(p, cap);
				return r;
			}
			*ret = mremap(p, cap, len, 0);
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
		if (len == cap) {
			uint8_t *grown = mremap(p, cap, cap * 2, MREMAP_MAYMOVE);

			if (grown == MAP_FAILED)
				munmap(p, cap);
			p = grown;
			cap *= 2;
		}
	}
	return error_make(err, ENOMEM, "out of memory for '%s'", path);
}

int image_map(const char *path, const uint8_t **ret, size_t *ret_len, struct error **err)
{
	bool standard_input = strcmp(path, "-") == 0;
	_cleanup_close_ int fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
						: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode))
		return error_make(err, EISDIR, "'%s' is a directory, not an image", path);
	if (!S_ISREG(st.st_mode))
		return map_stream(fd, path, ret, ret_len, err);
	if (st.st_size == 0)
		return error_make(err, ENODATA, "'%s' is empty", path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return error_sys(err, errno, "cannot map '%s'", path);
	madvise(p, (size_t)st.st_size, MADV_SEQUENTIAL);
	*ret = p;
	*ret_len = (size_t)st.st_size;
	return 0;
}

void image_unmap(const uint8_t *image, size_t len)
{
	if (image && len)
		munmap((void *)(uintptr_t)image, len);
}
