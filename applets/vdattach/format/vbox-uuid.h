/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtualBox tells the images of a chain by UUIDs, in VDI and VMDK alike, and may mix the two. */
#ifndef APPLETS_VDATTACH_FORMAT_VBOX_UUID_H
#define APPLETS_VDATTACH_FORMAT_VBOX_UUID_H

#include "applets/vdattach/format/format.h"

/*
 * Adds to ret the file beside image that has the UUID (as text), unless a name in ret leads to it.
 * -ENOENT with *err naming it when ret stays empty. For vd_format_ops.parent.
 */
int vbox_find_parent(struct vd_image *image, const char *uuid, struct vd_parent_ref *ret,
		     struct error **err) _must_check_ _nonnull_(1, 2, 3);

/*
 * Whether candidate has the UUID, and (if not NULL) the modification UUID that
 * image was made upon. For vd_format_ops.matches_parent.
 */
int vbox_matches_parent(struct vd_image *image, struct vd_image *candidate, const char *uuid,
			const char *modified, struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Changes the 16 bytes of a modification UUID into those of the next one. */
void vbox_next_uuid(uint8_t *uuid) _nonnull_(1);

#endif
