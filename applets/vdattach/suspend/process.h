/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of processes, to who wants to stop them. */
#ifndef APPLETS_VDATTACH_SUSPEND_PROCESS_H
#define APPLETS_VDATTACH_SUSPEND_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/macro.h"

/* A thread of the kernel, or a process that has ended. */
bool process_is_kernels(pid_t pid);

/* It is root's, and its command begins with '@': it serves a disk or a file system (systemd,
 * "Storage Daemons for the Root File System"). */
bool process_is_server(pid_t pid);

/* Calls each() for every process. */
void process_each(void (*each)(void *arg, pid_t pid), void *arg);

/* "NAME (PID)" of a process that waits in the kernel for a disk or a server, or "". */
void process_waiting(char *ret, size_t size);

#endif
