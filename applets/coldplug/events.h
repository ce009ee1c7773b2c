/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For boot scripts, which cannot listen to netlink: when to look again for a disk, link or address.
 */
#ifndef APPLETS_COLDPLUG_EVENTS_H
#define APPLETS_COLDPLUG_EVENTS_H

#include "common/error.h"

/*
 * Prints an empty line at once, as the sockets are open, and one after each change of a block
 * device, network link (also its carrier) or address of one, those of a twentieth of a second
 * together. Ends after so many seconds, or as soon as nobody reads stdout any more. pidfile (may be
 * NULL) tells whom to end. 0 or -errno.
 */
int events_print(unsigned int seconds, const char *pidfile, struct error **err) _must_check_;

#endif
