// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "applets/vdattach/format/format.h"

int vd_open_state(struct vd_image *image, size_t size,
		  int (*set_up)(struct vd_image *, struct error **),
		  void (*close)(struct vd_image *), struct error **err)
{
	int r;

	image->state = calloc(1, size);
	if (!image->state)
		return error_sys(err, ENOMEM, "%s", image->source->name);
	r = set_up(image, err);
	if (r < 0)
		close(image);
	return r;
}
