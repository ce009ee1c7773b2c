// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/host/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "builder/image/kernel-config.h"
#include "common/bytes.h"

#define HEADER_OFFSET  0x202 /* "HdrS" */
#define VERSION_OFFSET 0x20e /* of the version text, less 0x200 */
/* The version text lies in the setup code, which is at most 64 sectors long. */
#define HEAD_SIZE (64 * (size_t)512)

static int not_kernel(const char *path, struct error **err)
{
	return error_make(
		err, EINVAL,
		"'%s' is not a Linux kernel image (bzImage, vmlinux, Image, Image.gz, EFI zboot)",
		path);
}

int kernel_image_version(const char *path, char **ret, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t head[HEAD_SIZE + 1] = { 0 };
	size_t offset, len;
	const char *text;
	ssize_t got;

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	got = pread(fd, head, HEAD_SIZE, 0);
	if (got < 0)
		return error_sys(err, errno, "cannot read '%s'", path);
	if (got < VERSION_OFFSET + 2 || memcmp(head + HEADER_OFFSET, "HdrS", 4) != 0)
		return kernel_image_banner(path, ret, NULL) < 0 ? not_kernel(path, err) : 0;
	offset = get_le16(head + VERSION_OFFSET) + 0x200;
	if (offset == 0x200 || offset >= (size_t)got)
		return not_kernel(path, err);
	text = (const char *)head + offset;
	len = strcspn(text, " \t\n");
	if (!len || memchr(text, '/', len))
		return not_kernel(path, err);
	*ret = strndup(text, len);
	return *ret ? 0 : error_no_memory(err);
}
