// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define SIZE_LIMIT GIB

/* -errno of read(2), or 0 with *len cut to what the file had. */
static int readfile_read_all(int fd, char *text, size_t *len)
{
	size_t done = 0;

	while (done < *len) {
		ssize_t got = read(fd, text + done, *len - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	*len = done;
	return 0;
}

int read_file(const char *path, char **ret_text, size_t *ret_len, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len;
	int r;

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot examine '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_make(err, EINVAL, "'%s' is not a regular file", path);
	if ((uint64_t)st.st_size > SIZE_LIMIT)
		return error_make(err, EFBIG, "'%s' is too big: more than 1 GiB", path);
	len = (size_t)st.st_size;
	text = malloc(len + 1);
	if (!text)
		return error_no_memory(err);
	r = readfile_read_all(fd, text, &len);
	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	text[len] = '\0';
	*ret_text = steal_ptr(&text);
	if (ret_len)
		*ret_len = len;
	return 0;
}
