// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/register.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

bool register_is_write(uint32_t arch, uint64_t nr)
{
	switch (arch) {
	case AUDIT_ARCH_X86_64:
		return nr == 1;
	case AUDIT_ARCH_AARCH64:
		return nr == 64;
	case AUDIT_ARCH_I386:
	case AUDIT_ARCH_ARM:
		return nr == 4;
	default:
		return false;
	}
}

#ifdef __x86_64__
static int change(pid_t pid, bool skip, int64_t value)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return -errno;
	if (skip)
		registers.orig_rax = ~0ULL;
	else
		registers.rax = (uint64_t)value;
	return ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 ? -errno : 0;
}
#else
/* arm64: the number of the system call is a register of its own */
static int change(pid_t pid, bool skip, int64_t value)
{
	struct user_regs_struct registers;
	int none = -1;
	struct iovec data = { skip ? (void *)&none : &registers,
			      skip ? sizeof(none) : sizeof(registers) };
	uintptr_t set = skip ? NT_ARM_SYSTEM_CALL : NT_PRSTATUS;

	if (!skip) {
		if (ptrace(PTRACE_GETREGSET, pid, set, &data) < 0)
			return -errno;
		registers.regs[0] = (uint64_t)value;
	}
	return ptrace(PTRACE_SETREGSET, pid, set, &data) < 0 ? -errno : 0;
}
#endif

int register_skip(pid_t pid)
{
	return change(pid, true, 0);
}

void register_return(pid_t pid, int64_t value)
{
	(void)!change(pid, false, value);
}
