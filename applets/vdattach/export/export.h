/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What turns an image into a block device. */
#ifndef APPLETS_VDATTACH_EXPORT_EXPORT_H
#define APPLETS_VDATTACH_EXPORT_EXPORT_H

#include "applets/vdattach/image/image.h"

struct vd_server_ops;

struct vd_export {
	const struct vd_export_ops *ops; /* set by vd_export_choose */
	struct vd_image *image;		 /* open for those exporters that have no daemon */
	uint64_t offset, size; /* which of the guest's bytes; size 0 = to the end of the disk */
	uint32_t sector_size;  /* logical sector size of the device */
	bool partscan;	       /* the kernel is to make partition nodes */
	/* Starts a daemon that serves the image with that exporter; *ret_devpath: its device. */
	int (*launch)(struct vd_export *ex, char **ret_devpath, struct error **err);
	void *arg;	 /* for launch */
	char *devpath;	 /* result, owned */
	bool others_may; /* after a failure: it was this exporter's, not the image's */
	int limit_ms;	 /* how long the kernel may take without a daemon; 0 = as usual */
};

struct vd_export_ops {
	const char *name;
	bool by_name; /* never chosen unless it is asked for */
	/*
	 * 0, or -EOPNOTSUPP with the reason in *err, when it cannot serve this image here. NULL:
	 * any image; the server's probe decides.
	 */
	int (*probe)(struct vd_image *, struct error **err);
	/* The transport of its daemon. NULL: the kernel does the I/O itself, attach and detach do
	 * all. */
	const struct vd_server_ops *server;
	/* On success ex->devpath is a block device. */
	int (*attach)(struct vd_export *ex, struct error **err);
	int (*detach)(struct vd_export *ex, struct error **err);
};

extern const struct vd_export_ops vd_export_loop, vd_export_dm, vd_export_dm_daemon,
	vd_export_direct;

/*
 * Sets ex->ops to the exporter called name, or (NULL) to the first that can serve ex->image; when
 * it is set already, to the next one after it. Tells (MSG_INFO) why others cannot. Returns 0,
 * -EINVAL (no such exporter), -EOPNOTSUPP.
 */
int vd_export_choose(struct vd_export *ex, const char *name, struct error **err) _must_check_
	_nonnull_(1);

/* The transport of the daemon of the exporter called name, or NULL. */
const struct vd_server_ops *vd_export_server(const char *name) _nonnull_(1);

/*
 * Attaches with the exporter that was chosen. ex->image, offset, size, sector_size, partscan are
 * the caller's wishes. Returns 0 or the exporter's own error; the caller releases ex in any case.
 */
int vd_export_attach(struct vd_export *ex, struct error **err) _must_check_ _nonnull_(1);

/*
 * The same, for an exporter without a daemon: in another process. Tells what is waited for. A
 * kernel that does not answer in time is given up with -ETIMEDOUT, and a process that cannot be
 * killed is left behind. What the exporter does to ex->image stays unseen, but for devpath.
 */
int vd_export_attempt(struct vd_export *ex, struct error **err) _must_check_ _nonnull_(1);

/* Undoes vd_export_attach. */
int vd_export_detach(struct vd_export *ex, struct error **err) _must_check_ _nonnull_(1);

/* Frees what ex owns; detaches nothing. */
void vd_export_release(struct vd_export *ex);

#define _cleanup_export_ _cleanup_(vd_export_release)

#endif
