/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognises archives of container images and of their layers, which are no roots. */
#ifndef APPLETS_UNPACKROOT_TREE_CONTAINER_H
#define APPLETS_UNPACKROOT_TREE_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct container {
	bool manifest, layer; /* members that image archives have were seen */
	uint64_t whiteouts;   /* names of removed files, and the first of them */
	char first[128];
};

/*
 * Looks at the name of a member. An archive of 'docker save', 'podman save' or an OCI image layout
 * (image-spec, image-layout.md) has a manifest and archives of layers: -EBADMSG as soon as both
 * were seen, else 0. Whiteouts of a single layer (image-spec, layer.md) are counted.
 */
int container_look(struct container *container, const char *path, struct error **err) _must_check_;

#endif
