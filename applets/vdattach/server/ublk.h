/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ublk, Linux 6.0: commands to the driver and the queue of requests. Facts: linux/ublk_cmd.h,
 * Documentation/block/ublk.rst, drivers/block/ublk_drv.c of Linux 6.12.
 */
#ifndef APPLETS_VDATTACH_SERVER_UBLK_H
#define APPLETS_VDATTACH_SERVER_UBLK_H

#include <linux/ioctl.h>
#include <linux/ublk_cmd.h>

#include "applets/vdattach/server/server.h"

/* What linux/ublk_cmd.h of 6.1 lacks. Kernels before 6.4 know the bare numbers only. */
#define UBLK_CONTROL(nr)       _IOWR('u', nr, struct ublksrv_ctrl_cmd)
#define UBLK_CONTROL_GET(nr)   _IOR('u', nr, struct ublksrv_ctrl_cmd)
#define UBLK_REQUEST(nr)       _IOWR('u', nr, struct ublksrv_io_cmd)
#define UBLK_GET_FEATURES      UBLK_CONTROL_GET(0x13) /* 6.5 */
#define UBLK_DEL_DEV_ASYNC     UBLK_CONTROL_GET(0x14) /* 6.7 */
#define UBLK_FLAG_IOCTL_ENCODE (1ULL << 6)	      /* UBLK_F_CMD_IOCTL_ENCODE */
/* UBLK_F_SUPPORT_ZERO_COPY and UBLK_F_QUIESCE: features of Linux 6.15 and 6.16 */
#define UBLK_FLAGS_EXACT	    (1ULL << 0 | 1ULL << 12)
#define UBLK_FLAG_NO_PARTITION_SCAN (1ULL << 18) /* UBLK_F_NO_AUTO_PART_SCAN */

/*
 * Each tag has a buffer, so these two are the worker's memory: 4 MiB. Deeper queues gain nothing,
 * since one thread answers; larger requests do, by what each costs beside copying. Registered
 * buffers (Linux 6.16), which save a copy, and batches (7.0): docs/speed.md.
 */
#define UBLK_DEPTH  16u
#define UBLK_BUFFER (256u * 1024u)

/*
 * Says what srv is to the driver. Pure: for ublk_create and its tests. max_io: bytes that one
 * request may have.
 */
void ublk_fill_params(const struct vd_server *srv, uint32_t max_io, struct ublk_params *ret)
	_nonnull_(1, 3);

/*
 * The worker's part of server.h: answers the requests of /dev/ublkcN. info: what the driver says of
 * the device.
 */
int ublk_serve(struct vd_server *srv, const struct ublksrv_ctrl_dev_info *info,
	       struct backend *backend, struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Whose answer to a command is waited for, and how long. */
struct ublk_patience {
	int limit;     /* milliseconds */
	int worker;    /* pidfd, without whom there will be no answer; or -1 */
	pid_t guarded; /* it, when ublk_guard() has it; or 0 */
};

int64_t ublk_now_ms(void);

/*
 * Gives a command to the driver for the device srv->index and waits for its answer, in a ring of
 * its own. op: encoded as an ioctl; the driver gets the bare number when it knows that alone.
 * Returns the answer, -ETIMEDOUT, or -ECHILD: the worker was killed and the driver does not answer
 * any more.
 */
int ublk_command(const struct vd_server *srv, uint32_t op, void *buf, size_t n, uint64_t data,
		 const struct ublk_patience *patience) _must_check_ _nonnull_(1, 6);

/*
 * A worker that is killed is kept from ending before its disk is there.
 *
 * START_DEV makes the disk after the worker has fetched. A worker that ends in between has its
 * commands called off and freed. Linux before 7 marks that only on a device that has a disk, so the
 * first request of the new disk goes to freed memory. A thread that is traced with
 * PTRACE_O_TRACEEXIT stops at the beginning of its exit, whatever kills it (ptrace(2)), and
 * io_uring calls off a thread's commands after that (do_exit() in linux/kernel/exit.c). The tracer
 * is the thread that issues START_DEV: killed itself, it waits for the end of that command
 * (io_uring_files_cancel()) before it lets go of the worker (exit_notify()).
 *
 * From now on pid does not end before the calling thread does or calls ublk_guard_release(). 0;
 * -ECHILD: it ends already; -ETIMEDOUT: it does not get to run; -EPERM and others: this kernel
 * forbids it.
 */
int ublk_guard(pid_t pid) _must_check_;

/* Lets the guarded process continue with what it was stopped for. True: that is its end. */
bool ublk_guard_look(pid_t pid);

/* Lets one end of which ublk_guard_look() has said that it is about to. */
void ublk_guard_release(pid_t pid);

/* What a thread of the kernel's workqueues does, as far as ublk_settle() wants to know. */
enum ublk_thread {
	UBLK_THREAD_OTHER,  /* not of a pool that concerns ublk, or no such thread */
	UBLK_THREAD_IDLE,   /* or does what cannot be ublk's, asleep */
	UBLK_THREAD_BUSY,   /* runs, or is about to */
	UBLK_THREAD_SLEEPS, /* in the middle of what may be ublk's */
};

/* Reads the text of /proc/PID/stat. Pure: for ublk_settle() and its tests. */
enum ublk_thread ublk_thread_of(const char *stat, unsigned int *ret_cpu) _nonnull_(1, 2);

/* Whether ublk_settle() can see the threads of the kernel. */
bool ublk_can_settle(void);

/*
 * Waits until all is done that was queued on the kernel's workqueue "events" before. -EBUSY: it was
 * not after 10 s; -ESRCH: the threads cannot be seen.
 */
int ublk_settle(void) _must_check_;

#endif
