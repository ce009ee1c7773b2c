// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#define SIZE_LIMIT GIB
/* A buffer whose size is not known grows by this. */
#define STEP 16384

/* Fills data up to size bytes: the number of bytes read, which is less at the end; or -errno. */
static ssize_t read_up_to(int fd, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, data + done, size - done);

		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

int read_all(int fd, size_t expected, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *text = NULL;
	/* a byte for the NUL and one that proves the end */
	size_t len = 0, room = expected + 2;

	for (;; room += STEP) {
		char *bigger = len <= SIZE_LIMIT ? realloc(text, room) : NULL;
		ssize_t n;

		if (!bigger)
			return len <= SIZE_LIMIT ? -ENOMEM : -EFBIG;
		text = bigger;
		n = read_up_to(fd, text + len, room - len - 1);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len + 1 < room)
			break;
	}
	text[len] = '\0';
	*ret = steal_ptr(&text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int read_text(const char *path, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size > SIZE_LIMIT)
		return -EFBIG;
	return read_all(fd, (size_t)st.st_size, ret, ret_len);
}

ssize_t read_start(int dir, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[MAX(n, 0)] = '\0';
	return n < 0 ? -errno : n;
}

int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
