/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another kernel in place of the running one, as kexec(8) does it. */
#ifndef APPLETS_EXITRD_KEXEC_H
#define APPLETS_EXITRD_KEXEC_H

#include "common/error.h"

/*
 * Loads kernel and initramfs (paths) with that command line into memory; they are started by the
 * end of a shutdown. The running kernel reads and, under Secure Boot, verifies them. Returns 0 or
 * -errno with *err.
 */
int kexec_load(const char *kernel, const char *initramfs, const char *cmdline,
	       struct error **err) _must_check_;

/* Starts the loaded kernel; returns only if that failed, with -errno and *err. */
int kexec_start(struct error **err) _must_check_;

#endif
