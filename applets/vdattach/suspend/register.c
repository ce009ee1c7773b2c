// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/register.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "common/macro.h"

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

enum register_call register_call(uint32_t arch, uint64_t nr)
{
	static const struct {
		uint32_t arch;
		uint16_t nr;
		enum register_call call;
	} calls[] = {
		{ AUDIT_ARCH_X86_64, 1, REGISTER_WRITE },
		{ AUDIT_ARCH_X86_64, 18, REGISTER_WRITE }, /* pwrite64 */
		{ AUDIT_ARCH_X86_64, 20, REGISTER_WRITEV },
		{ AUDIT_ARCH_AARCH64, 64, REGISTER_WRITE },
		{ AUDIT_ARCH_AARCH64, 66, REGISTER_WRITEV },
		{ AUDIT_ARCH_AARCH64, 68, REGISTER_WRITE },
		{ AUDIT_ARCH_I386, 4, REGISTER_WRITE },
		{ AUDIT_ARCH_ARM, 4, REGISTER_WRITE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].arch == arch && calls[i].nr == nr)
			return calls[i].call;
	}
	return REGISTER_OTHER;
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
