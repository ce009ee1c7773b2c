/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains: an image that continues another one, which may continue a third. */
#ifndef APPLETS_VDATTACH_IMAGE_CHAIN_H
#define APPLETS_VDATTACH_IMAGE_CHAIN_H

#include "applets/vdattach/image/image.h"

#define VD_CHAIN_MAX 64u /* images in one chain */

/*
 * Gives child its parent: asks its format for the candidates, opens the first that is there and
 * matches, read-only, with its own parents. child->parent set: only that one is checked. Called by
 * vd_image_open_how after the format's open. Returns 0 or as that function does.
 */
int vd_chain_open(struct vd_image *child, struct error **err) _must_check_ _nonnull_(1);

#endif
