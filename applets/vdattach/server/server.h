/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports: how a process of ours answers the kernel's requests for a block device (ublk, nbd,
 * fuse). Two processes work together: the supervisor owns the device, workers answer requests. When
 * a worker is killed the supervisor starts the next one, and nobody who uses the device sees an
 *error:
 *
 *	supervisor: create()                    reserves the device
 *	worker:     serve()                     answers, tells ready_fd when it is about to
 *	supervisor: start()                     the device appears
 *	    worker is killed: recover(), next worker serve(), start()
 *	supervisor: stop()                      the device goes; serve() returns 0
 *	supervisor: destroy()
 *
 * daemon.c drives this; a transport knows nothing of images, only of backend_request().
 */
#ifndef APPLETS_VDATTACH_SERVER_SERVER_H
#define APPLETS_VDATTACH_SERVER_SERVER_H

#include "applets/vdattach/image/backend.h"
#include "applets/vdattach/nbd/uri.h"

/* A disk that another machine serves: what there is to know of it beside size and sector size. */
struct vd_remote {
	char uri[NBD_URI_MAX]; /* with numbers for names */
	uint32_t flags;	       /* of the export */
	uint32_t max_kib;      /* of the largest request */
	uint32_t patience;     /* seconds without server after which requests fail; 0 = never */
};

struct vd_server {
	const struct vd_server_ops *ops;
	/* what the device shall be: set by the caller before create() */
	uint64_t size;	      /* bytes */
	uint32_t sector_size; /* logical: 512 or 4096 */
	bool read_only;
	bool discard;  /* announces discard and write-zeroes */
	bool partscan; /* the kernel is to make partition nodes */
	const struct vd_remote *remote;
	/* results */
	char *devpath;	    /* "/dev/ublkb0": set by create() or start(); owned */
	unsigned int index; /* number of the device, where it has one */
	/* between the two processes; inherited through fork() */
	int ready_fd;  /* worker: one byte written here = requests are answered from now on */
	int worker_fd; /* worker: its end of what start() gives to the kernel (nbd), or -1 */
	int kernel_fd; /* supervisor: the other end (nbd), /dev/fuse, /dev/ublk-control; or -1 */
	int memory_fd; /* all processes: a file in memory, empty at first, the transport's own */
	void *state;   /* likewise, of one process */
};

struct vd_server_ops {
	const char *name;
	/* Loads the module if need be. 0, or -EOPNOTSUPP with the reason in *err. Makes nothing. */
	int (*probe)(struct error **err);
	/* Supervisor, once. Reserves the device and what both processes share. */
	int (*create)(struct vd_server *, struct error **err);
	/*
	 * Worker: answers requests until the device is taken down; returns 0 then. Everything that
	 * it needs is allocated before it tells ready_fd. Flushes nothing at the end: daemon.c
	 * does.
	 */
	int (*serve)(struct vd_server *, struct backend *, struct error **err);
	/* Supervisor: the worker (pid) is ready. again: it takes over from one that was killed. */
	int (*start)(struct vd_server *, int pid, bool again, struct error **err);
	/*
	 * Supervisor, in another thread: the worker was killed while the first start() runs, which
	 * is to return now. Called again and again until it does. NULL: start() sees to it.
	 */
	void (*abort)(struct vd_server *);
	/*
	 * A new supervisor, after the first one was killed before it could record a device: takes
	 * away what start() may have made. Has what adopt() has. NULL: that goes by itself.
	 */
	void (*clear)(struct vd_server *);
	/*
	 * Supervisor: a worker was killed; the kernel is to keep what is unanswered for the next
	 * one. NULL: cannot be done, the device fails from now on.
	 */
	int (*recover)(struct vd_server *, struct error **err);
	/*
	 * A new supervisor, after the first one was killed: has ops, the caller's wishes, devpath,
	 * index, kernel_fd and memory_fd; makes state anew if there is any. The worker continues
	 * serving. NULL: nothing to do.
	 */
	int (*adopt)(struct vd_server *, struct error **err);
	/* Supervisor: takes the device down. -EBUSY, and nothing changed, while it is in use. */
	int (*stop)(struct vd_server *, struct error **err);
	/*
	 * Supervisor: after the worker has ended. Frees state. Also of a device that was never
	 * started, by a new supervisor as adopt() finds it.
	 */
	void (*destroy)(struct vd_server *);
};

/*
 * Takes the I/O scheduler off the disk devpath, which was just made: one server answers all, in the
 * order of coming, and to sort requests before is a third of what a small one costs. By another
 * process, since the kernel lets all requests come to their end first, for which a worker may have
 * to be replaced. A kernel that refuses leaves the disk slower.
 */
void vd_server_unschedule(const char *devpath) _nonnull_(1);

extern const struct vd_server_ops vd_server_ublk, vd_server_nbd, vd_server_fuse, vd_server_dm,
	vd_server_remote;

#endif
