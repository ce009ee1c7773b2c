/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel uevents by netlink (NETLINK_KOBJECT_UEVENT), so that waiting for hardware needs no
 * polling.
 *
 * Order of use: uevent_open(), then the first scan of /sys, then uevent_read() whenever poll() says
 * so. What appears between open and scan is then seen twice, never missed.
 */
#ifndef APPLETS_LIB_UEVENT_H
#define APPLETS_LIB_UEVENT_H

#include <stdbool.h>

#include "common/error.h"

/* The kernel's limit is UEVENT_BUFFER_SIZE, 2048 bytes, plus the header line. */
#define UEVENT_SIZE 8192

/* One event. The strings point into text; a field that the event does not have is "". */
struct uevent {
	const char *action;    /* add remove change move online offline bind unbind */
	const char *devpath;   /* below /sys: /devices/... */
	const char *subsystem; /* block, usb, ... */
	const char *devname;   /* below /dev: sda1 */
	const char *devtype;   /* disk partition usb_device ... */
	const char *modalias;
	bool media_change; /* DISK_MEDIA_CHANGE=1 */
	char text[UEVENT_SIZE];
};

/* A non-blocking socket that receives every event of the kernel from now on. Returns the descriptor
 * or -errno. */
int uevent_open(struct error **err) _must_check_;

/*
 * The next event. Messages that do not come from the kernel are passed over.
 * 0, -EAGAIN: none now, -ENOBUFS: events were lost, so scan /sys again; other -errno.
 */
int uevent_read(int fd, struct uevent *ret);

/*
 * Splits the message in ev->text (length bytes, "action@devpath\0KEY=VALUE\0...",
 * Documentation/core-api/kobject.rst and lib/kobject_uevent.c) into the fields. 0, or -EBADMSG when
 * it is not a kernel's message.
 */
int uevent_parse(struct uevent *ev, size_t length);

#endif
