// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/file.h"

int read_file(const char *path, char **ret_text, size_t *ret_len, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot examine '%s'", path);
	if (!S_ISREG(st.st_mode))
		return error_make(err, EINVAL, "'%s' is not a regular file", path);
	if ((uint64_t)st.st_size > GIB)
		return error_make(err, EFBIG, "'%s' is too big: more than 1 GiB", path);
	r = read_all(fd, (size_t)st.st_size, ret_text, ret_len);
	return r < 0 ? error_sys(err, r, "cannot read '%s'", path) : 0;
}
