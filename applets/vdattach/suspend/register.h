/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a traced process, which are those of the machine. 0 or -errno. */
#ifndef APPLETS_VDATTACH_SUSPEND_REGISTER_H
#define APPLETS_VDATTACH_SUSPEND_REGISTER_H

#include <stdint.h>
#include <sys/types.h>

#include "common/macro.h"

/* Of system calls: REGISTER_WRITE has the arguments of write(2), perhaps others behind them. */
enum register_call { REGISTER_OTHER, REGISTER_WRITE, REGISTER_WRITEV };

/* What nr is for programs of this architecture (AUDIT_ARCH_*); writev(2) only where pointers are
 * those of this program. */
enum register_call register_call(uint32_t arch, uint64_t nr);

/* At the entry of a system call: it is not done. */
int register_skip(pid_t pid) _must_check_;

/* At its exit: what it returns. */
void register_return(pid_t pid, int64_t value);

#endif
