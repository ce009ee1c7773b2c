/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that another machine serves, for the verbs: part of main. */
#ifndef APPLETS_VDATTACH_CMD_REMOTE_H
#define APPLETS_VDATTACH_CMD_REMOTE_H

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/export/export.h"

/* What is attached that way; has no way to attach. */
extern const struct vd_export_ops vd_export_remote;

/*
 * Connects to the server of options->operand and makes a disk of the export: *ret_devpath is the
 * caller's. 0 or -errno.
 */
int remote_attach(const struct options *options, char **ret_devpath,
		  struct error **err) _must_check_ _nonnull_(1, 2);

/* Prints what the server tells of the export. */
int remote_info(const struct options *options, struct error **err) _must_check_ _nonnull_(1);

/* For struct daemon_job: there is no file to open or close. */
int remote_open(struct daemon_job *job, struct backend *ret, struct error **err) _must_check_;
int remote_close(struct daemon_job *job, struct backend *backend, struct error **err) _must_check_;

#endif
