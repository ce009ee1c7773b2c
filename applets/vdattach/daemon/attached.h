/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device of ours an image file is attached as. */
#ifndef APPLETS_VDATTACH_DAEMON_ATTACHED_H
#define APPLETS_VDATTACH_DAEMON_ATTACHED_H

#include "applets/vdattach/source/source.h"

/* -EBUSY, naming the device, when the file is attached for writing; 0 when none is known. */
int attached_refuse(const struct source *source, struct error **err) _must_check_ _nonnull_(1);

#endif
