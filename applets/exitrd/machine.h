/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the end of a root's init means for the machine. */
#ifndef APPLETS_EXITRD_MACHINE_H
#define APPLETS_EXITRD_MACHINE_H

#include <stdbool.h>

enum machine_end { MACHINE_POWEROFF, MACHINE_REBOOT, MACHINE_KEXEC };

/* What the machine is set up for. */
struct machine {
	bool kexec_loaded;    /* /sys/kernel/kexec_loaded: a kernel waits to be started */
	bool reboot_on_panic; /* /proc/sys/kernel/panic is not 0 */
};

/*
 * status: of waitpid(2), of the first process of a PID namespace. There reboot(2) ends the process
 * instead of the machine: SIGHUP stands for a restart, SIGINT for power-off and halt (kernel/
 * pid_namespace.c: reboot_pid_ns), which cannot be told apart. An init that just ends would be a
 * panic of the kernel; here the machine goes down in order, and restarts when panic= asks for that.
 */
enum machine_end machine_end(int status, const struct machine *machine);

/* When the kernel never tells the status, because the namespace does not come to its end. */
enum machine_end machine_end_unknown(const struct machine *machine);

/* True when init ended by itself, without reboot(2). */
bool machine_unasked(int status);

/* The argument for /shutdown; static text. */
const char *machine_word(enum machine_end end);

#endif
