// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/kexec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

#include "common/macro.h"

static const char *kexec_reason(int code)
{
	switch (code) {
	case ENOSYS:
		return ": this kernel has no kexec_file_load (CONFIG_KEXEC_FILE)";
	case EPERM:
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
		return ": Secure Boot allows only kernels with a signature that the running one "
		       "trusts";
	default:
		return "";
	}
}

int kexec_load(const char *kernel, const char *initramfs, const char *cmdline, struct error **err)
{
	_cleanup_close_ int kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int initramfs_fd = open(initramfs, O_RDONLY | O_CLOEXEC);
	int code;

	if (kernel_fd < 0)
		return error_sys(err, errno, "cannot open kernel '%s'", kernel);
	if (initramfs_fd < 0)
		return error_sys(err, errno, "cannot open initramfs '%s'", initramfs);
	if (syscall(SYS_kexec_file_load, kernel_fd, initramfs_fd, strlen(cmdline) + 1, cmdline,
		    0UL) == 0)
		return 0;
	code = errno;
	return error_sys(err, code, "cannot load kernel '%s'%s", kernel, kexec_reason(code));
}

int kexec_start(struct error **err)
{
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return error_sys(err, errno, "no kernel is loaded that could be started");
}
