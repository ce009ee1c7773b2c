/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PID namespace that ends but never comes to its end: the kernel waits for each of its processes,
 * and one that sleeps uninterruptibly (a disk or a server that does not answer) cannot be killed.
 * Nothing tells that to the parent, which has to look.
 */
#ifndef APPLETS_EXITRD_STUCK_H
#define APPLETS_EXITRD_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How often to look; so many looks in a row that find nothing better: stuck. 20 seconds. */
#define STUCK_LOOK_SECONDS 4
#define STUCK_LOOKS	   5

struct stuck {
	unsigned int looks;
	unsigned long unwritten; /* KiB at the last look */
};

/*
 * To be asked every STUCK_LOOK_SECONDS. proc: a descriptor of /proc, which the root may have
 * unmounted. True when init has ended, STUCK_LOOKS looks ago or more, waits for others of its
 * namespace, and the kernel has not had ever less to write out since then.
 */
bool stuck_look(struct stuck *stuck, int proc, pid_t init);

/*
 * Who is left beside init in PID namespaces below that of proc, "NAME (PID), ...", as many as fit;
 * "" for none.
 */
void stuck_names(int proc, pid_t init, char *buf, size_t size);

#endif
