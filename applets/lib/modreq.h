/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules on demand: what an applet does before it says that the kernel lacks something. */
#ifndef APPLETS_LIB_MODREQ_H
#define APPLETS_LIB_MODREQ_H

#include "common/macro.h"

/*
 * Runs `/sbin/modprobe -q NAME` (in an initramfs: coldplug) and waits for it.
 * name: module name or alias. Returns 0 when modprobe succeeded (loaded now,
 * loaded before, or built in), -ENOENT when modprobe could not do it, another
 * -errno when it could not be run, -ETIMEDOUT when it has not ended after 30 s (told of every 5 s);
 * it is left behind then. Callers try the feature itself afterwards
 * and report that failure, so the result is mostly for debug messages.
 */
int module_request(const char *name) _nonnull_(1);

#endif
