/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices that are there, and the modules for them. */
#ifndef APPLETS_COLDPLUG_HARDWARE_H
#define APPLETS_COLDPLUG_HARDWARE_H

#include "applets/coldplug/later.h"
#include "applets/coldplug/loader.h"

/* The aliases that were dealt with; each is looked up once, however many devices have it. */
struct seen {
	char **slots; /* open hash */
	size_t size, count;
};

struct hardware {
	struct loader *loader;
	struct seen seen;
	struct later later; /* aliases that lead neither to a disk nor to a network */
	size_t fresh;	    /* aliases that the current pass saw for the first time */
};

void hardware_free(struct hardware *h);

/*
 * Loads what the index modules.first names, a module or alias a line, before all others; without
 * one nothing. 0 or -ENOMEM.
 */
int hardware_load_first(struct hardware *h);

/*
 * Loads the modules for one device, or puts it on the list `later` when none of them leads to a
 * disk or a network. Failures are messages: the other devices matter all the same. 0 or -ENOMEM.
 */
int hardware_add(struct hardware *h, const char *modalias);

/*
 * Walks SYSFS/devices and deals with each device's modalias, then with the new devices that drivers
 * bring until there are none: as the socket uevents, opened before, tells them, or without one (-1)
 * by walking again. 0 or -errno.
 */
int hardware_settle(struct hardware *h, int uevents, struct error **err) _must_check_;

/* Loads the modules on the list `later` that are not less urgent than `least`. 0 or -ENOMEM. */
int hardware_load_later(struct hardware *h, enum module_urgency least);

/*
 * Continues with the list `later` and with the devices that appear: reads uevents from the socket
 * until SIGTERM or SIGINT (signals is a signalfd of these). 0 or -errno.
 */
int hardware_follow(struct hardware *h, int uevents, int signals, struct error **err) _must_check_;

#endif
