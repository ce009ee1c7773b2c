/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon of an attached image: supervisor and worker, as server.h has them, and a monitor.
 * They watch each other: the supervisor starts a new worker or monitor when one is killed, each of
 * these a new supervisor. So any two may be killed at once.
 *
 *	attach --fork, exec--> supervisor --fork--> worker (opens the image, serves)
 *	                        ^      ^  |             |
 *	                        |      +--|-fork, exec--+  when the supervisor was killed
 *	            fork, exec--+         +---fork--> monitor
 *
 * The program is executed from memory, and the command line says what there is to do; what is
 * learnt later lies in struct daemon_state, a page of memory that all of them share.
 */
#ifndef APPLETS_VDATTACH_DAEMON_DAEMON_H
#define APPLETS_VDATTACH_DAEMON_DAEMON_H

#include <limits.h>
#include <sys/types.h>

#include "applets/vdattach/daemon/role.h"
#include "applets/vdattach/server/server.h"

/* Who is asked while the device is brought up. */
enum daemon_phase { DAEMON_STARTS, DAEMON_IN_IMAGE, DAEMON_IN_DRIVER };

struct daemon_state {
	/* by attach: what the device shall be */
	uint64_t size;
	uint32_t sector_size;
	bool read_only, discard, partscan;
	char exporter[16];
	char image[PATH_MAX]; /* for list */
	struct vd_remote remote;
	int driver_ms; /* how long the kernel may take to answer; 0 = as usual */
	/* by supervisor and worker, until the device is there: see daemon_phase() */
	int phase;
	/* by the supervisor: the device, from create() on */
	bool started;	  /* it is there for others */
	char devpath[64]; /* the transport's */
	unsigned int index;
	int kernel_fd;	 /* inherited by the (next) supervisor, or -1 */
	int recovery_fd; /* likewise: what a killed worker leaves to the next one, see recovery.h */
	int memory_fd;	 /* likewise: see server.h */
	/* who is who, for list; see role.h */
	pid_t supervisor, worker; /* 0: there was none yet */
	bool replacing;		  /* a worker: the device has none that serves it */
	bool stopping;		  /* the device is being taken down: nobody is replaced */
	/* by the worker, when it ends */
	int result;
	char message[512];
};

/* One daemon, as the program sees it that was executed. The functions run in the worker. */
struct daemon_job {
	struct daemon_state *state;
	const struct vd_server_ops *ops;
	char *const *argv;		/* to execute the program again */
	const char *const *directories; /* of the image's files */
	size_t n_directories;
	/* Opens the image, and initialises the backend. */
	int (*open)(struct daemon_job *, struct backend *ret, struct error **err);
	/* Makes all durable, with the marks of a clean end, and closes the image. */
	int (*close)(struct daemon_job *, struct backend *, struct error **err);
	void *arg;
	int exe; /* the program, open */
};

/*
 * Starts a daemon for wishes: argv (argv[0] begins with '@') is its command line. Returns when the
 * device is there, *ret_devpath is the caller's then, or when it failed: -errno and the daemon's
 * message. Tells every few seconds what is waited for; a kernel that does not answer in time is
 * given up with -ETIMEDOUT, and a process that cannot be killed is left behind. *ret_driver: it was
 * the kernel that failed, so that another exporter may do better. Whatever attach has open is
 * closed in the daemon, but wishes->kernel_fd, which must be DAEMON_FIRST_FREE_FD at least.
 */
int daemon_launch(const struct daemon_state *wishes, char *const *argv, bool *ret_driver,
		  char **ret_devpath, struct error **err) _must_check_ _nonnull_(1, 2, 3, 4);

/*
 * The second half of it, for a daemon that was forked as supervisor and writes its report to the
 * other end of the pipe report; state_fd holds its state.
 */
int daemon_await(int report, int state_fd, pid_t supervisor, bool *ret_driver, char **ret_devpath,
		 struct error **err) _must_check_ _nonnull_(4, 5);

/* Tells attach who is asked from now on. */
static inline void daemon_phase(struct daemon_state *state, enum daemon_phase phase)
{
	__atomic_store_n(&state->phase, (int)phase, __ATOMIC_RELEASE);
}

/* The state that daemon_launch, or an earlier supervisor, has left at DAEMON_STATE_FD. 0 or -errno.
 */
int daemon_state_map(struct daemon_state **ret, struct error **err) _must_check_ _nonnull_(1);

/*
 * The supervisor: brings the device up and reports to daemon_launch, or takes over one that is
 * there; returns when the device is gone. 0 or -errno.
 */
int supervisor_run(struct daemon_job *job, struct error **err) _must_check_ _nonnull_(1);

/*
 * The worker: serves until the device is gone, then ends the process. supervisor: its pidfd.
 * server->ready_fd is told when requests are answered.
 */
_noreturn_ void worker_run(struct daemon_job *job, struct vd_server *server, int supervisor);

/* Waits for the end of the supervisor and starts the next one, until the device is taken down. */
_noreturn_ void monitor_run(struct daemon_job *job);

/*
 * Waits for the end of the supervisor (a pidfd that becomes ours, or -1: there is none) and starts
 * the next one, which takes over, or ends at once when there is one. Again and again; returns when
 * the device is taken down.
 */
void daemon_keep_supervisor(const struct daemon_job *job, int supervisor);

/* Makes a process persist as long as its disk: signals, memory, out-of-memory killer. */
void daemon_harden(void);

/* A file in memory. A close-on-exec descriptor, or -1 and errno. */
int daemon_memory(const char *name);

/* Locks what the process has in memory, and what it will get. */
void daemon_lock_memory(void);

#endif
